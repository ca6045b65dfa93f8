// Write pamrun plugins in JavaScript. `index.d.ts` says what everything is.

export { call } from './call.js';
export { fail, Failure } from './failure.js';
export { finding } from './finding.js';
export { clock, log } from './host.js';
export { plugin } from './plugin.js';
export { SECRET } from './request.js';
export { retry, until } from './trying.js';
export { Refused, Rejected, Trouble, Unavailable, Uncertain } from './trouble.js';
