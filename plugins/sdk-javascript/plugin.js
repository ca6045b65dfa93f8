// What an author writes: one object with a manifest and the steps of a rotation.

import { Failure } from './failure.js';
import { results } from './shape.js';

const defaults = {
  verify: () => ({ unproven: 'this plugin has no way to try the new credential' }),
  commit: (_request, plan) => plan.removes.map(({ id }) => ({ id, gone: false })),
  rollback: () => {
    throw Failure.other('no-rollback', 'this plugin has no way to undo what it did');
  },
};

/** Makes a plugin of its manifest and steps. */
export function plugin(definition) {
  const steps = { ...defaults, ...definition };
  const whole = { manifest: definition.manifest };
  if (typeof whole.manifest !== 'object') {
    throw new TypeError('the plugin has no manifest');
  }
  for (const [name, check] of Object.entries(results)) {
    if (typeof steps[name] !== 'function') {
      throw new TypeError(`the plugin has no step ${name}`);
    }
    whole[name] = async (...given) => check(await steps[name](...given), `the result of ${name}`);
  }
  return whole;
}

/** New values for fields of the target record. */
export const Update = {
  text: (label, value) => ({ label, place: 'custom', kind: 'text', values: [value] }),
  secret: (label, value) => ({ label, place: 'custom', kind: 'secret', values: [value] }),
  password: (value) => ({ label: 'password', place: 'standard', kind: 'password', values: [value] }),
};
