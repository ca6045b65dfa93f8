// Write pamrun plugins in JavaScript: a module whose default export is `plugin({…})` is a plugin, and
// `node build.mjs` makes a component of it. What it does to the outside goes through `http`, `clock` and
// `log`, so that its steps run in ordinary unit tests too: see `testing.js`.
//
// index.d.ts says what everything is.

export { Failure } from './failure.js';
export { finding } from './finding.js';
export { clock, log } from './host.js';
export { http } from './http.js';
export { plugin, Update } from './plugin.js';
export { untilAccepted } from './proving.js';
