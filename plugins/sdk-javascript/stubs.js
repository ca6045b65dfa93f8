// Tells editors, and the check of the build, what a manifest declares: `manifest.d.ts`.

const OUTPUTS = { int: 'number', count: 'number', bool: 'boolean', list: 'string[]' };
const PARAMS = { int: 'number', time: 'string | Date' };
const SETTINGS = {
  int: 'number',
  duration: 'number',
  bool: 'boolean',
  secret: 'typeof SECRET',
  map: 'typeof SECRET',
  complexity: 'typeof SECRET',
};

/** The text of `manifest.d.ts`, which stands where the SDK is at `sdk`. */
export function stub({ requests, inputs, settings }, sdk = './sdk/index.js') {
  return `// Made of plugin.toml by the build: what it declares, for editors and for the build's own check.

import { SECRET } from ${quoted(sdk)};

declare module ${quoted(sdk)} {
  interface Requests ${block(requests, request)}
  interface Inputs ${block(Object.fromEntries(inputs.map((name) => [name, ''])), () => 'string')}
  interface Settings ${block(settings, setting)}
}
`;
}

/** A type with these members, each in a line of its own. */
function block(members, typeOf) {
  const lines = Object.entries(members).map(([name, member]) => `    ${quoted(name)}: ${typeOf(member)};\n`);
  return lines.length === 0 ? '{}' : `{\n${lines.join('')}  }`;
}

const quoted = (text) => `'${text.replace(/['\\]/g, '\\$&')}'`;

const words = (list) => list.map(quoted).join(' | ');

function inline(members, typeOf) {
  const fields = Object.entries(members).map(([name, member]) => {
    const isMissing = member.optional ? '?' : '';
    return `${quoted(name)}${isMissing}: ${typeOf(member)}`;
  });
  return fields.length === 0 ? '{}' : `{ ${fields.join('; ')} }`;
}

function request({ params, outputs, items = {} }) {
  const param = (kind) => (Array.isArray(kind) ? words(kind) : PARAMS[kind] ?? 'string');
  const output = ({ type }) => OUTPUTS[type] ?? 'string';
  return `{ params: ${inline(params, param)}; outputs: ${inline(outputs, output)}; items: ${inline(items, output)} }`;
}

function setting({ type, choices, optional }) {
  const names = Array.isArray(choices) ? choices : Object.keys(choices ?? {});
  const known = names.length > 0 ? words(names) : SETTINGS[type] ?? 'string';
  return optional ? `${known} | undefined` : known;
}
