// What a plugin's unit tests need: a host that answers by the names of requests, and what a step is given. Both
// hold to the manifest, so that a test cannot promise what pamrun will not do.

import { setHost } from './host.js';
import { read } from './manifest.js';
import { Request, SECRET } from './request.js';
import { Refused, Rejected, Trouble, Unavailable, Uncertain } from './trouble.js';

const MANIFEST = 'plugin.toml';

/** A host whose requests are answered by name, and whose time passes only in `clock.sleep`. */
export class FakeHost {
  #manifest;
  #peers;
  calls = [];
  logged = [];
  elapsed = 0;

  constructor(peers, manifest = MANIFEST) {
    this.#manifest = read(manifest);
    this.#peers = Object.fromEntries(
      Object.entries(peers).map(([name, peer]) => {
        known(name, this.#manifest.requests, 'request');
        return [name, Array.isArray(peer) ? inTurn(name, peer) : typeof peer === 'function' ? peer : () => peer];
      }),
    );
  }

  run(steps) {
    const before = setHost(this);
    try {
      return steps();
    } finally {
      setHost(before);
    }
  }

  called() {
    return this.calls.map(([name]) => name);
  }

  call(request, params) {
    const declared = known(request, this.#manifest.requests, 'request');
    checkParams(request, declared.params, params);
    this.calls.push([request, params]);
    const peer = this.#peers[request];
    if (!peer) {
      throw new Error(`nothing answers ${request} in this test`);
    }
    const reply = peer(params);
    if (reply instanceof Trouble) {
      throw of(request, reply, this.#manifest);
    }
    checkAnswer(request, declared, reply);
    return reply;
  }

  now() {
    // The first second of 2030, and what was slept since.
    return 1_893_456_000_000 + this.elapsed;
  }

  sleep(milliseconds) {
    this.elapsed += milliseconds;
  }

  log(_level, message) {
    this.logged.push(message);
  }
}

export const answer = (outputs = {}, items = []) => ({ outputs, items });

export const listed = (id, rest = {}) => ({ id, disabled: false, outputs: {}, ...rest });

export const rejected = (status, said = {}) => new Rejected('', { status, ...said });

export const unavailable = (status = 0, said = {}) => new Unavailable('', { status, ...said });

export const lost = (reason = 'the answer was lost') => new Uncertain(reason);

export const refused = (reason) => new Refused(reason);

export { SECRET };

export function request(inputs = {}, { settings = {}, mode = 'act', target, deliver = [], manifest = MANIFEST } = {}) {
  const declared = read(manifest);
  Object.keys(inputs).forEach((name) => known(name, Object.fromEntries(declared.inputs.map((one) => [one, one])), 'input'));
  Object.keys(settings).forEach((key) => known(key, declared.settings, 'setting'));
  const defaults = Object.entries(declared.settings).map(([key, setting]) => [key, defaultOf(setting, inputs)]);
  return new Request({
    rotationId: '11111111-2222-4333-8444-555555555555',
    marker: 'pamrun-0a1b2c3d-11111111-2222-4333-8444-555555555555.1',
    attempt: mode === 'act' ? 1 : 0,
    mode,
    target,
    inputs: { ...inputs },
    settings: { ...Object.fromEntries(defaults.filter(([, value]) => value !== undefined)), ...settings },
    deliver,
  });
}

function inTurn(name, replies) {
  const rest = [...replies];
  return () => {
    if (rest.length === 0) {
      throw new Error(`${name} was called more often than this test answers it`);
    }
    return rest.shift();
  };
}

function known(name, declared, what) {
  if (!Object.hasOwn(declared, name)) {
    throw new Error(`the manifest has no ${what} ${name}; there are ${Object.keys(declared).join(', ')}`);
  }
  return declared[name];
}

function checkParams(request, declared, params) {
  const [wanted, given] = [declared, params].map((names) => Object.keys(names).sort().join(', ') || 'none');
  if (wanted !== given) {
    throw new Error(`${request} takes the parameters ${wanted}, and was given ${given}`);
  }
  for (const [name, kind] of Object.entries(declared)) {
    const value = params[name];
    const fits = Array.isArray(kind) ? kind.includes(value) : typeof value === (kind === 'int' ? 'number' : 'string');
    if (!fits || (kind === 'time' && Number.isNaN(Date.parse(value)))) {
      throw new Error(`the parameter ${name} of ${request} is ${kind}, and was given ${JSON.stringify(value)}`);
    }
  }
}

function checkAnswer(request, declared, { outputs, items }) {
  checkOutputs(`the answer to ${request}`, declared.outputs, outputs);
  if (items.length > 0 && !declared.items) {
    throw new Error(`${request} lists nothing, by the manifest`);
  }
  items.forEach((item) => checkOutputs(`${item.id} in the answer to ${request}`, declared.items, item.outputs));
}

const FITS = {
  int: Number.isSafeInteger,
  count: Number.isSafeInteger,
  bool: (value) => typeof value === 'boolean',
  list: Array.isArray,
};

function checkOutputs(what, declared, outputs) {
  Object.keys(outputs).forEach((name) => known(name, declared, 'output'));
  for (const [name, { type, optional }] of Object.entries(declared)) {
    const value = outputs[name];
    const fits = FITS[type] ?? ((one) => typeof one === 'string');
    if (value === undefined ? !optional : !fits(value)) {
      throw new Error(`the output ${name} of ${what} is of type ${type}, and not ${JSON.stringify(value)}`);
    }
  }
}

/** Says whose answer it is, where the test left that out. */
function of(request, trouble, manifest) {
  if (trouble instanceof Uncertain || trouble instanceof Refused) {
    return trouble;
  }
  const errors = Object.fromEntries(manifest.errors.map((name) => [name, name]));
  Object.keys(trouble.errors).forEach((name) => known(name, errors, 'error'));
  return new trouble.constructor(trouble.request || request, trouble);
}

const UNITS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

function defaultOf({ type, default: value }, inputs) {
  if (value === undefined) {
    return undefined;
  }
  if (['secret', 'map', 'complexity'].includes(type)) {
    return SECRET;
  }
  if (typeof value === 'string' && value.startsWith('{target.')) {
    return inputs[value.slice(1, -1)];
  }
  if (type !== 'duration') {
    return value;
  }
  const [, count, unit] = /^(\d+)(ms|s|m|h|d)$/.exec(value);
  return Number(count) * UNITS[unit];
}
