// The world outside, as a plugin sees it: pamrun in a component, `FakeHost` in a unit test. A host has
// `call(request, params)`, which returns an answer or throws a `Trouble`, and `now`, `sleep` and `log`.

let host;

/** The host that the running step talks to. */
export function currentHost() {
  if (!host) {
    throw new Error('there is no host here: run the step within `new FakeHost({…}).run(…)`');
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
  sleep: (milliseconds) => currentHost().sleep(milliseconds),
};

export const log = {
  debug: (message) => currentHost().log('debug', String(message)),
  info: (message) => currentHost().log('info', String(message)),
  warn: (message) => currentHost().log('warn', String(message)),
};
