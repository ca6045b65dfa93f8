// Makes a plugin's component of its module: `node sdk/build.mjs plugin.js NAME.wasm [FOLDER_OF_WIT]`.

import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { componentize } from '@bytecodealliance/componentize-js';

const SDK = dirname(fileURLToPath(import.meta.url));
const WORLD = 'pamrun:plugin/rotator';

const [source, output, wit = 'wit/v0'] = process.argv.slice(2);
if (!source || !output) {
  console.error('usage: node sdk/build.mjs plugin.js NAME.wasm [FOLDER_OF_WIT]');
  process.exit(2);
}

try {
  await checked(source);
  const { version } = JSON.parse(await readFile(join(SDK, 'package.json'), 'utf8'));
  const component = await built(source);
  // What stands under the name is whole.
  await writeFile(`${output}.new`, Buffer.concat([component, stamp(version)]));
  await rename(`${output}.new`, output);
} catch (error) {
  console.error(`${source}: ${error.message}`);
  process.exit(1);
}

/** Imports the module here first: its mistakes are then told as Node tells them, and at once. */
async function checked(file) {
  const module = await import(resolve(file));
  if (typeof module.default?.preflight !== 'function') {
    throw new TypeError('the default export must be `plugin({…})`');
  }
}

async function built(file) {
  const folder = dirname(resolve(file));
  const place = (target) => JSON.stringify(`./${relative(folder, target)}`);
  const entry = join(folder, '.pamrun-component.js');
  const text = `import plugin from ${place(resolve(file))};
import { rotation as exported } from ${place(join(SDK, 'guest.js'))};

export const rotation = exported(plugin);
`;
  await writeFile(entry, text);
  try {
    const { component } = await componentize({ sourcePath: entry, witPath: wit, worldName: WORLD });
    return component;
  } finally {
    await rm(entry);
  }
}

/** The custom section that tells a host what built the plugin. */
function stamp(version) {
  const name = sized(Buffer.from('pamrun-sdk'));
  return Buffer.concat([Buffer.from([0]), sized(Buffer.concat([name, Buffer.from(`language=javascript sdk=${version}`)]))]);
}

/** Puts the length before it, in LEB128. */
function sized(bytes) {
  const prefix = [];
  let { length } = bytes;
  for (; length > 0x7f; length >>= 7) {
    prefix.push((length & 0x7f) | 0x80);
  }
  return Buffer.concat([Buffer.from([...prefix, length]), bytes]);
}
