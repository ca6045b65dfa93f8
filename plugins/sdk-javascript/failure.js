// How a step fails. The host decides by the kind what happens next.

const KINDS = [
  'invalid',
  'denied',
  'not-found',
  'conflict',
  'wrong-credential',
  'unavailable',
  'uncertain',
  'other',
];

/** Why a step failed. */
export class Failure extends Error {
  constructor(kind, code, message, fix) {
    if (!KINDS.includes(kind)) {
      throw new TypeError(`the kind of a failure is one of ${KINDS.join(', ')}, and not ${JSON.stringify(kind)}`);
    }
    super(message);
    this.name = 'Failure';
    Object.assign(this, { kind, code, fix });
  }
}

/** Ends the step. */
export function fail(kind, code, message, fix) {
  throw new Failure(kind, code, message, fix);
}
