// What becomes of an error that no step was meant to throw.

import { Failure } from './failure.js';
import { log } from './host.js';

/** Names the error and its place. What else it says may hold anything, and goes to the log only. */
export function mistake(error) {
  if (!(error instanceof Error)) {
    return new Failure('other', 'plugin-error', 'the plugin threw something that is no Error');
  }
  log.debug(`${error}\n${error.stack}`);
  // Each engine writes a frame in its own way; the SDK's own are not the author's.
  const frames = error.stack.split('\n').filter((line) => !/(^|[/(@ ])sdk\/|initializer\.js/.test(line));
  const place = /([^/\s(@]+\.m?js):(\d+)/.exec(frames.find((line) => /\.m?js:\d+/.test(line)) ?? '');
  const at = place ? ` at ${place[1]}:${place[2]}` : '';
  // These two tell of names and types, not of values.
  const ofNames = error instanceof TypeError || error instanceof ReferenceError;
  return new Failure('other', 'plugin-error', `the plugin threw ${error.name}${at}${ofNames ? `: ${error.message}` : ''}`);
}
