// What a plugin's unit tests need: a host whose clock costs no time, and requests as a host makes them.

import { SendError, setHost } from './host.js';
import { Record, Request } from './request.js';

export { SendError };

export class FakeHost {
  #peer;
  #elapsed = 0;
  sent = [];
  logged = [];

  constructor(peer) {
    this.#peer = peer;
  }

  static scripted(...answers) {
    return new FakeHost(() => {
      const next = answers.shift() ?? new SendError('lost', 'the script is at its end');
      if (next instanceof SendError) {
        throw next;
      }
      return next;
    });
  }

  async run(steps) {
    const before = setHost(this);
    try {
      return await steps();
    } finally {
      setHost(before);
    }
  }

  calls() {
    return this.sent.map(({ method, url }) => `${method} ${new URL(url).pathname}`);
  }

  send(call) {
    this.sent.push(call);
    return this.#peer(call, this.#elapsed);
  }

  now() {
    // The first second of 2030, and what was slept since.
    return 1_893_456_000_000 + this.#elapsed;
  }

  sleep(milliseconds) {
    this.#elapsed += milliseconds;
  }

  log(_level, message) {
    this.logged.push(message);
  }
}

export function answer(status, json, headers = {}) {
  const body = json === undefined ? new Uint8Array() : new TextEncoder().encode(JSON.stringify(json));
  return { status, headers: Object.entries(headers), body };
}

export function request(plugin, { target = {}, attached = [], provider, settings = {}, proposed, deliver = [] } = {}) {
  const schemas = (plugin.manifest.settings ?? []).filter((schema) => schema.default !== undefined);
  const defaults = Object.fromEntries(schemas.map((schema) => [schema.key, defaultOf(schema)]));
  const others = attached.map((fields, at) => record('attached', `attached-${at + 1}`, fields));
  if (provider) {
    others.push(record('provider', 'provider', provider));
  }
  return new Request({
    rotationId: '11111111-2222-4333-8444-555555555555',
    marker: 'pamrun-0a1b2c3d-11111111-2222-4333-8444-555555555555.1',
    attempt: 1,
    target: record('target', 'target', target),
    others,
    settings: { ...defaults, ...settings },
    proposed,
    deliver,
  });
}

function record(role, name, values) {
  const fields = Object.entries(values).map(([label, value]) => ({ label, kind: 'text', values: [value] }));
  return new Record({ uid: name, title: name, role, fields });
}

const UNITS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

function defaultOf({ type, default: value }) {
  if (type !== 'duration') {
    return value;
  }
  const [, count, unit] = /^(\d+)(ms|s|m|h)$/.exec(value);
  return Number(count) * UNITS[unit];
}
