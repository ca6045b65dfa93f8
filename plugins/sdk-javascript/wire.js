// The host, through the plugin interface. In a component only.

import { subscribeDuration } from 'wasi:clocks/monotonic-clock@0.2.12';
import { call } from 'pamrun:plugin/http@1.0.0';
import { write } from 'pamrun:plugin/log@1.0.0';
import { SECRET } from './request.js';
import { Refused, Rejected, Unavailable, Uncertain } from './trouble.js';

const NANOSECONDS = 1_000_000;

// Of numbers of 64 bits one engine gives BigInt, and the other takes none: out of here go plain numbers.
export const wire = {
  call(request, params) {
    let answer;
    try {
      answer = call(request, named(params));
    } catch (error) {
      // One of the engines wraps what the host gives.
      throw troubleOf(error?.payload ?? error);
    }
    return { outputs: values(answer.outputs), items: answer.items.map(listed) };
  },

  now: () => Date.now(),

  sleep(milliseconds) {
    const alarm = subscribeDuration(Math.ceil(milliseconds * NANOSECONDS));
    alarm.block();
    alarm[Symbol.dispose]?.();
  },

  log: (level, message) => write(level, message),
};

/** What came, by name. */
export function values(named) {
  return Object.fromEntries(named.map(({ name, value }) => [name, valueOf(value)]));
}

/** What goes out. */
export function named(values) {
  return Object.entries(values).map(([name, value]) => ({ name, value: valueOut(name, value) }));
}

function valueOf({ tag, val }) {
  return tag === 'secret' ? SECRET : typeof val === 'bigint' ? Number(val) : val;
}

function valueOut(name, value) {
  if (typeof value === 'string') {
    return { tag: 'text', val: value };
  }
  if (Number.isSafeInteger(value)) {
    return { tag: 'integer', val: value };
  }
  if (typeof value === 'boolean') {
    return { tag: 'flag', val: value };
  }
  if (Array.isArray(value) && value.every((text) => typeof text === 'string')) {
    return { tag: 'texts', val: value };
  }
  throw new TypeError(`the value of ${name} must be a string, a whole number, a flag or an array of strings`);
}

function listed({ id, label, created, expires, disabled, outputs }) {
  return {
    id,
    label: label ?? undefined,
    created: created ?? undefined,
    expires: expires ?? undefined,
    disabled,
    outputs: values(outputs),
  };
}

function troubleOf({ tag, val }) {
  if (tag === 'uncertain') {
    return new Uncertain(val);
  }
  if (tag === 'refused') {
    return new Refused(val);
  }
  const said = { status: val.status, errors: values(val.errors), retryAfter: val.retryAfter ?? undefined };
  return new (tag === 'rejected' ? Rejected : Unavailable)(val.request, said);
}
