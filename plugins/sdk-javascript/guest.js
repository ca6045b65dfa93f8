// The component side: exports the five steps of a plugin. In a component only.

import { Failure } from './failure.js';
import { log, setHost } from './host.js';
import { toJson } from './manifest.js';
import { Record, Request } from './request.js';
import { wasi } from './wasi.js';

/** Makes the exported face of a plugin. */
export function rotation(plugin) {
  setHost(wasi);
  const step =
    (run, wrap = (result) => result) =>
    async (request, ...rest) => {
      try {
        return wrap(await run(requestOf(request), ...rest));
      } catch (error) {
        throw wireFailure(error instanceof Failure ? error : mistake(error));
      }
    };
  return {
    describe: () => toJson(plugin.manifest),
    preflight: step(plugin.preflight),
    rotate: step(plugin.rotate),
    verify: step(plugin.verify, ({ unproven }) =>
      unproven === undefined ? { tag: 'verified' } : { tag: 'unproven', val: unproven },
    ),
    commit: step(plugin.commit),
    rollback: step(plugin.rollback),
  };
}

/** Names the error and its place. What else it says may hold anything, and goes to the log only. */
function mistake(error) {
  if (!(error instanceof Error)) {
    return Failure.other('plugin-error', 'the plugin threw something that is no Error');
  }
  log.debug(`${error}\n${error.stack}`);
  const frame = /@(?!.*sdk\/)(?:.*\/)?([^/\s]+):(\d+):\d+$/m.exec(error.stack);
  const place = frame ? ` at ${frame[1]}:${frame[2]}` : '';
  // These two tell of names and types, not of values.
  const ofNames = error instanceof TypeError || error instanceof ReferenceError;
  return Failure.other('plugin-error', `the plugin threw ${error.name}${place}${ofNames ? `: ${error.message}` : ''}`);
}

function wireFailure({ kind, code, message, retryAfter }) {
  const problem = { code: String(code), message: String(message) };
  if (kind === 'unavailable' && retryAfter !== undefined) {
    problem.retryAfter = Math.min(Math.max(0, Math.ceil(retryAfter)), 0xffff_ffff);
  }
  return { tag: kind, val: problem };
}

function requestOf({ records, settings, ...rest }) {
  const [target, ...others] = records.map((record) => new Record(record));
  if (target?.role !== 'target') {
    throw Failure.invalid('no-target', 'the target record is not among the records');
  }
  const values = Object.fromEntries(settings.map(({ key, value }) => [key, settingOf(key, value.val)]));
  return new Request({ ...rest, target, others, settings: values });
}

/** Whole numbers and durations arrive as BigInt, which nothing else takes. */
function settingOf(key, value) {
  if (typeof value !== 'bigint') {
    return value;
  }
  if (!Number.isSafeInteger(Number(value))) {
    throw Failure.invalid('setting-out-of-range', `the setting ${key} is too large for this plugin`);
  }
  return Number(value);
}
