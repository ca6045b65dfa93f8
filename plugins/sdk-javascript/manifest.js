// What a plugin's manifest declares, as far as its code has to do with it. In Node only.

import { readFileSync } from 'node:fs';
import { parse } from 'smol-toml';

/**
 * Reads `plugin.toml`, leniently: `pamrun plugin check` is the judge of it. Of each request that the plugin can call
 * there are `params` (kinds, or the words of which one is one), `outputs`, and `items` where it lists something.
 */
export function read(file) {
  let whole;
  try {
    whole = parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new Error(`${file}: ${error.message}`);
  }
  const { inputs = {}, settings = {}, common = {} } = whole;
  const requests = {};
  const errors = new Set();
  for (const [name, request] of Object.entries(whole.requests ?? {})) {
    const params = mapped(request.params, (kind) => kind.one_of ?? kind);
    // What the host calls by itself, to poll, is none of the plugin's.
    if (!Object.values(params).includes('answer')) {
      const outputs = { ...mapped(request.outputs, output), ...('id' in request && { id: output('') }) };
      requests[name] = { params, outputs, items: request.lists && mapped(request.lists.outputs, output) };
    }
  }
  for (const saying of [...Object.values(common), ...Object.values(whole.requests ?? {})]) {
    Object.keys(saying.errors ?? {}).forEach((name) => errors.add(name));
  }
  return { requests, errors: [...errors], inputs: inputsOf(inputs), settings };
}

const mapped = (table = {}, change) => Object.fromEntries(Object.entries(table).map(([key, value]) => [key, change(value)]));

const output = (place) => ({ type: place.type ?? 'id', optional: place.optional ?? false });

// What of a group of inputs is no key.
const OPTIONS = ['one_of', 'secret', 'patterns', 'optional', 'role'];

function inputsOf(groups) {
  const names = new Set();
  for (const [group, table] of Object.entries(groups)) {
    const keys = (table.one_of ?? [table]).flatMap((fields) => Object.keys(fields));
    const own = keys.filter((key) => !OPTIONS.includes(key));
    [...own, 'record', 'role'].forEach((key) => names.add(`${group}.${key}`));
  }
  return [...names];
}
