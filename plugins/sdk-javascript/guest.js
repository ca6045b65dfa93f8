// The component side: exports the five steps of a plugin. In a component only.

import { Failure } from './failure.js';
import { setHost } from './host.js';
import { mistake } from './mistake.js';
import { Request } from './request.js';
import { failureOf, Trouble } from './trouble.js';
import { named, values, wire } from './wire.js';

/** Makes the exported face of a plugin. */
export function rotation(plugin) {
  setHost(wire);
  const step =
    (run, wrap = (result) => result) =>
    (request, plan, id) => {
      try {
        return wrap(run(requestOf(request), planOf(plan), id ?? undefined));
      } catch (error) {
        throw failureOut(error);
      }
    };
  return {
    preflight: step(plugin.preflight),
    rotate: step(plugin.rotate, ({ id, returns, expires }) => ({ id, returns: named(returns), expires })),
    verify: step(plugin.verify, ({ unproven }) =>
      unproven === undefined ? { tag: 'verified' } : { tag: 'unproven', val: unproven },
    ),
    commit: step(plugin.commit),
    rollback: step(plugin.rollback),
  };
}

function failureOut(error) {
  const failure = error instanceof Failure ? error : error instanceof Trouble ? failureOf(error) : mistake(error);
  const { kind, code, message, fix } = failure;
  return { kind, code: String(code), message: String(message), fix: fix === undefined ? undefined : String(fix) };
}

/** What was found is told already, and does not come back. */
function planOf(plan) {
  return plan && { ...plan, slots: plan.slots ?? undefined, findings: [] };
}

function requestOf({ inputs, settings, target, ...rest }) {
  return new Request({ ...rest, target: target ?? undefined, inputs: values(inputs), settings: values(settings) });
}
