// Makes a plugin of its module and its manifest: `node sdk/build.mjs plugin.js NAME.wasm`.

import { spawnSync } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { read } from './manifest.js';
import { stub } from './stubs.js';

const SDK = dirname(fileURLToPath(import.meta.url));
const ENGINES = { quickjs: './quickjs.mjs', starlingmonkey: './starlingmonkey/componentize.mjs' };
const USAGE = `usage: node sdk/build.mjs plugin.js NAME.wasm [OPTIONS]
  --engine NAME      quickjs (the default) or starlingmonkey
  --manifest FILE    what the plugin declares (plugin.toml)
  --wit FOLDER       the plugin interface (wit/v1)
  --pamrun COMMAND   what packs the plugin (pamrun)`;

const { source, output, options } = given();
const work = await mkdtemp(join(tmpdir(), 'pamrun-build-'));
try {
  const folder = dirname(source);
  const types = stub(read(options.manifest), `./${relative(folder, join(SDK, 'index.js'))}`);
  await writeFile(join(folder, 'manifest.d.ts'), types);
  await checked(source);
  const { version } = JSON.parse(await readFile(join(SDK, 'package.json'), 'utf8'));
  const guest = join(work, 'guest.wasm');
  await writeFile(guest, Buffer.concat([await built(source), stamp(version)]));
  run(options.pamrun, ['plugin', 'pack', guest, options.manifest, '-o', output]);
} catch (error) {
  console.error(`${source}: ${error.message}`);
  process.exitCode = 1;
} finally {
  await rm(work, { recursive: true });
}

function given() {
  const text = (value) => ({ type: 'string', default: value });
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        engine: text('quickjs'),
        manifest: text('plugin.toml'),
        wit: text('wit/v1'),
        pamrun: text('pamrun'),
      },
    });
    if (positionals.length === 2 && values.engine in ENGINES) {
      return { source: resolve(positionals[0]), output: positionals[1], options: values };
    }
  } catch {
    // An option that is not known: what there is follows.
  }
  console.error(USAGE);
  process.exit(2);
}

/**
 * Imports the module here first: its mistakes are then told as Node tells them, and at once. Then has TypeScript
 * hold its calls against the manifest, by the types that were just made of it.
 */
async function checked(file) {
  const module = await import(file);
  if (typeof module.default?.preflight !== 'function') {
    throw new TypeError('the default export must be `plugin({…})`');
  }
  const compiler = join(SDK, 'node_modules/typescript/bin/tsc');
  run(process.execPath, [compiler, '--project', join(dirname(file), 'jsconfig.json'), '--pretty', 'false']);
}

async function built(file) {
  const { component } = await import(ENGINES[options.engine]);
  const folder = dirname(file);
  const place = (target) => JSON.stringify(`./${relative(folder, target)}`);
  const entry = join(folder, '.pamrun-component.js');
  const text = `import plugin from ${place(file)};
import { rotation as exported } from ${place(join(SDK, 'guest.js'))};

export const rotation = exported(plugin);
`;
  await writeFile(entry, text);
  try {
    return await component({ entry, root: resolve('.'), wit: await interfaces(), world: 'plugin' });
  } finally {
    await rm(entry);
  }
}

/** Puts our world, which adds the clock, and the plugin interface where the compilers look for them. */
async function interfaces() {
  const folder = join(work, 'wit');
  await cp(options.wit, join(folder, 'deps/pamrun'), { recursive: true });
  await cp(join(SDK, 'world.wit'), join(folder, 'world.wit'));
  return folder;
}

/** Runs a program that tells its own mistakes. */
function run(command, args) {
  const { status, error } = spawnSync(command, args, { stdio: ['ignore', 'inherit', 'inherit'] });
  if (error) {
    throw new Error(`${command} could not be run: ${error.message}`);
  }
  if (status !== 0) {
    throw new Error('it was not built; what is wrong stands above');
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
