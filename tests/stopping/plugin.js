// @ts-check
// The template's plugin, which breaks down at the end of the step that a setting names.

import { plugin } from './sdk/index.js';
import tokens from './tokens.js';

export default plugin({
  preflight: (request) => stopping(request, 'preflight', tokens.preflight(request)),
  rotate: (request, plan) => stopping(request, 'rotate', tokens.rotate(request, plan)),
  verify: (request, plan, id) => stopping(request, 'verify', tokens.verify(request, plan, id)),
  commit: (request, plan, id) => stopping(request, 'commit', tokens.commit(request, plan, id)),
  rollback: (request, plan, id) => stopping(request, 'rollback', tokens.rollback(request, plan, id)),
});

/**
 * @template T
 * @param {import('./sdk/index.js').Request} request
 * @param {string} step
 * @param {T} result
 */
function stopping(request, step, result) {
  if (request.setting('stops_in') !== step) {
    return result;
  }
  if (request.setting('by') === 'mistake') {
    throw new Error('a mistake');
  }
  const hoard = [];
  for (;;) {
    hoard.push(new Uint8Array(1 << 20));
  }
}
