// What an author writes: an object with the steps of a rotation.

import { Failure } from './failure.js';
import { results } from './results.js';

const DEFAULTS = {
  verify: () => ({ unproven: 'this plugin has no way to try the new credential' }),
  commit: (_request, plan) => plan.removes.map((id) => ({ id, state: 'present' })),
  rollback: () => {
    throw new Failure('other', 'no-rollback', 'this plugin has no way to undo what it did');
  },
};

/** Makes a plugin of its steps, and checks what they return. */
export function plugin(steps) {
  const whole = { ...DEFAULTS, ...steps };
  const made = {};
  for (const [step, check] of Object.entries(results)) {
    if (typeof whole[step] !== 'function') {
      throw new TypeError(`the plugin has no step ${step}`);
    }
    made[step] = (...given) => check(whole[step](...given), `the result of ${step}`);
  }
  return made;
}
