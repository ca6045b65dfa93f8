// Calling the requests that the manifest declares.

import { currentHost } from './host.js';

/** Has the host send a request of the manifest, and waits until it is over. */
export function call(request, params = {}) {
  const given = Object.entries(params).map(([name, value]) => [name, param(name, value)]);
  return currentHost().call(request, Object.fromEntries(given));
}

function param(name, value) {
  if (value instanceof Date) {
    // To the second, as the host writes times.
    return value.toISOString().replace(/\.\d+Z$/, 'Z');
  }
  if (typeof value !== 'string' && !Number.isSafeInteger(value)) {
    throw new TypeError(`the parameter ${name} must be a string, a whole number or a Date, and is ${typeof value}`);
  }
  return value;
}
