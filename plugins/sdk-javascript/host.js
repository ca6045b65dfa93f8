// The world outside, as a plugin sees it: WASI in a component, `FakeHost` in a unit test. A host has
// `send(call)`, which returns a whole answer or throws a `SendError`, and `now`, `sleep` and `log`.

/** Why there is no whole answer to a request. */
export class SendError extends Error {
  /** `kind` is `refused` by the host's policy, `not-sent`, or `lost` after some of it was sent. */
  constructor(kind, reason) {
    super(reason);
    this.name = 'SendError';
    this.kind = kind;
  }
}

let host;

/** The host that the running step talks to. */
export function currentHost() {
  if (!host) {
    throw new Error('there is no host here: run the step within `await new FakeHost(…).run(…)`');
  }
  return host;
}

/** Makes `next` the current host, and returns the one before. */
export function setHost(next) {
  const before = host;
  host = next;
  return before;
}

export const clock = {
  now: () => new Date(currentHost().now()),
  sleep: async (milliseconds) => currentHost().sleep(milliseconds),
};

export const log = {
  debug: (message) => currentHost().log('debug', String(message)),
  info: (message) => currentHost().log('info', String(message)),
  warn: (message) => currentHost().log('warn', String(message)),
};
