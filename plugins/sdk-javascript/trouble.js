// Why a call has no success. What a step lets pass becomes a failure by itself: `failureOf`.

import { Failure } from './failure.js';

/** Why there is no success: one of the four below. */
export class Trouble extends Error {
  constructor(message) {
    super(message);
    this.name = new.target.name;
  }
}

class Answered extends Trouble {
  constructor(told, request, { status = 0, errors = {}, retryAfter } = {}) {
    super(`${told(request)} (${inOneLine(status, errors)})`);
    Object.assign(this, { request, status, errors, retryAfter });
  }
}

/** The service did nothing, and says so. */
export class Rejected extends Answered {
  constructor(request, said) {
    super((name) => `the service refuses \`${name}\``, request, said);
  }
}

/** The service cannot answer now, and did nothing; or its answer to a read is none. */
export class Unavailable extends Answered {
  constructor(request, said) {
    super((name) => `the service does not answer \`${name}\` now`, request, said);
  }
}

class Told extends Trouble {
  constructor(message, reason) {
    super(`${message}: ${reason}`);
    this.reason = reason;
  }
}

/** It is unknown whether the service did what it was asked. */
export class Uncertain extends Told {
  constructor(reason) {
    super('it is unknown whether the service did it', reason);
  }
}

/** The host did not send it. */
export class Refused extends Told {
  constructor(reason) {
    super('the host did not send it', reason);
  }
}

/** The status, and what the service says in texts. */
function inOneLine(status, errors) {
  const texts = Object.values(errors).filter((text) => typeof text === 'string');
  const lines = texts.map((text) => text.trim().split(/\s+/).join(' ')).filter((text) => text !== '');
  return `${status === 0 ? 'no answer' : `HTTP ${status}`} ${lines.join(': ')}`.trimEnd();
}

const MISSING = ['not-found', 'not-found', 'see whether the service still has what the record names'];
const REJECTED = {
  401: ['wrong-credential', 'not-authorized', 'see whether the credential that it is sent with is still the right one'],
  403: ['denied', 'forbidden', 'give the credential that it is sent with the right to do this'],
  404: MISSING,
  409: ['conflict', 'conflict', 'see who else changes it at the same time, and rotate again'],
  410: MISSING,
  429: ['unavailable', 'throttled', 'rotate again later'],
};
const SILENT = ['unavailable', 'service-unavailable', 'see whether the service can be reached and is up, and rotate again'];

/** What becomes of trouble that a plugin knows nothing better about. */
export function failureOf(trouble) {
  const [kind, code, fix] = judged(trouble);
  return new Failure(kind, code, trouble.message, fix);
}

function judged(trouble) {
  if (trouble instanceof Rejected) {
    return REJECTED[trouble.status] ?? ['denied', 'rejected'];
  }
  if (trouble instanceof Unavailable) {
    return SILENT;
  }
  return trouble instanceof Uncertain ? ['uncertain', 'answer-unclear'] : ['other', 'host-refused'];
}
