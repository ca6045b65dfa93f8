// What the SDK does in Node. Run by plugins/from-template.sh, in a project of its template.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import {
  call,
  clock,
  fail,
  finding,
  log,
  plugin,
  Refused,
  Rejected,
  retry,
  SECRET,
  Unavailable,
  Uncertain,
  until,
} from '../sdk/index.js';
import { read } from '../sdk/manifest.js';
import { mistake } from '../sdk/mistake.js';
import { stub } from '../sdk/stubs.js';
import { answer, FakeHost, listed, rejected, request, unavailable } from '../sdk/testing.js';
import { failureOf } from '../sdk/trouble.js';

const MANIFEST = `
[inputs.target]
object = "object_id"

[inputs.admin]
one_of = [{ role = "attached", token = "a" }, { role = "provider", token = "b", tenant = "c" }]
secret = ["token"]

[settings]
pause = { type = "duration", default = "250ms" }
deep = { type = "bool", default = true }
host = { type = "host", default = "{target.object}" }
key = { type = "secret", default = "x" }
none = { type = "int", optional = true }
size = { type = "enum", choices = ["small", "large"], default = "small" }

[common.api.errors]
code = "/code"

[requests.read]
effect = "reads"
common = "api"
outputs = { name = "/n", count = { at = "/c", type = "int", optional = true }, all = { at = "/a", type = "list", optional = true } }
lists = { each = "", outputs = { kind = { at = "/k", type = "text" } } }

[requests.make]
effect = "creates"
id = "/id"
params = { ends = "time", days = "int", size = { one_of = ["small", "large"] } }

[requests.poll]
effect = "reads"
params = { handle = "answer" }
`;

// Below the project, so that what is written here finds the SDK.
const folder = mkdtempSync('test-');
const file = `${folder}/plugin.toml`;
writeFileSync(file, MANIFEST);
process.on('exit', () => rmSync(folder, { recursive: true }));

const hostOf = (peers) => new FakeHost(peers, file);

const thrown = (run) => {
  try {
    run();
  } catch (error) {
    return error;
  }
  assert.fail('nothing was thrown');
};

test('a time is told in UTC and to the second', () => {
  for (const ends of [new Date('2030-06-01T02:00:00.5+02:00'), '2030-06-01T00:00:00Z']) {
    const host = hostOf({ make: answer({ id: 'new' }) });
    host.run(() => call('make', { ends, days: 3, size: 'small' }));
    assert.deepEqual(host.calls, [['make', { ends: '2030-06-01T00:00:00Z', days: 3, size: 'small' }]]);
  }
});

test('a parameter of another type is refused where it is written', () => {
  for (const wrong of [true, 1.5, 5n, null, undefined, SECRET, NaN]) {
    assert.throws(() => hostOf({}).run(() => call('make', { days: wrong })), TypeError);
  }
});

test('without a host it says how to get one', () => {
  assert.throws(() => call('read'), /FakeHost/);
});

test('trouble that a step lets pass is a failure of its status', () => {
  const errors = { code: 'E1', causes: ['x'], message: 'no\r\n way' };
  for (const [status, kind, code] of [
    [400, 'denied', 'rejected'],
    [401, 'wrong-credential', 'not-authorized'],
    [403, 'denied', 'forbidden'],
    [404, 'not-found', 'not-found'],
    [409, 'conflict', 'conflict'],
    [410, 'not-found', 'not-found'],
    [429, 'unavailable', 'throttled'],
  ]) {
    const failure = failureOf(new Rejected('app', { status, errors }));
    assert.deepEqual([failure.kind, failure.code], [kind, code]);
    assert.equal(failure.message, `the service refuses \`app\` (HTTP ${status} E1: no way)`);
  }
  const failure = failureOf(new Unavailable('app'));
  assert.deepEqual([failure.kind, failure.code], ['unavailable', 'service-unavailable']);
  assert.equal(failure.message, 'the service does not answer `app` now (no answer)');
  assert.match(failure.fix, /can be reached/);
  assert.equal(failureOf(new Uncertain('lost')).kind, 'uncertain');
  assert.equal(failureOf(new Refused('no')).code, 'host-refused');
});

const mistaken = (error) => {
  const host = hostOf({});
  const failure = host.run(() => mistake(error));
  assert.deepEqual([failure.kind, failure.code], ['other', 'plugin-error']);
  return [failure.message, host.logged.join()];
};

test('a mistake is named with its place, whatever engine tells it', () => {
  const [message, line] = mistaken(thrown(() => undefined.id));
  assert.match(message, /^the plugin threw TypeError at sdk\.test\.js:\d+: .*undefined/);
  assert.match(line, /sdk\.test\.js/);
  const quickjs = '    at preflight (/lib/steps.js:3:115)\n    at <anonymous> (/sdk/plugin.js:22:53)\n';
  const starlingmonkey = 'of/<@sdk/results.js:12:11\npreflight@lib/steps.js:3:108\nplugin/made[step]@sdk/plugin.js:22:49\n';
  const own = 'of/<@sdk/results.js:12:11\nexport_rotation_1_0_0$commit@/tmp/7968/sources/initializer.js:2531:29\n';
  for (const [stack, place] of [[quickjs, ' at steps.js:3'], [starlingmonkey, ' at steps.js:3'], [own, '']]) {
    const [text] = mistaken(Object.assign(new TypeError('no id'), { stack }));
    assert.equal(text, `the plugin threw TypeError${place}: no id`);
  }
});

test('what may hold a value is for the log only', () => {
  const [message, line] = mistaken(Object.assign(new RangeError('canary'), { stack: '' }));
  assert.equal(message, 'the plugin threw RangeError');
  assert.match(line, /canary/);
  assert.deepEqual(mistaken('canary'), ['the plugin threw something that is no Error', '']);
});

/** Fails as given, so many times; gives whether it ended well, the tries and the milliseconds. */
function retried(told, times, window) {
  const host = hostOf({ read: [...Array(times).fill(told), answer({ name: 'n' })] });
  let isWell = true;
  try {
    host.run(() => retry(() => call('read'), window));
  } catch (error) {
    assert.equal(error.name, told.name);
    isWell = false;
  }
  return [isWell, host.calls.length, host.elapsed];
}

test('long waits are waited out as long as all of them fit', () => {
  const asking = (status, retryAfter) => rejected(status, { retryAfter });
  assert.deepEqual(retried(asking(429, 46_000), 5), [true, 6, 230_000]);
  assert.deepEqual(retried(asking(503, 300_000), 1), [true, 2, 300_000]);
  assert.deepEqual(retried(asking(429, 300_000), 2), [false, 2, 300_000]);
  assert.deepEqual(retried(asking(429, 481_000), 1), [false, 1, 0]);
  assert.deepEqual(retried(asking(429, 7_000), 1, 6_000), [false, 1, 0]);
});

test('a service that asks for next to nothing is not asked for ever', () => {
  assert.deepEqual(retried(rejected(429, { retryAfter: 1_000 }), 200), [false, 97, 96_000]);
  assert.deepEqual(retried(rejected(429, { retryAfter: 0 }), 1), [true, 2, 5_000]);
  assert.deepEqual(retried(unavailable(0, { retryAfter: 0 }), 1), [true, 2, 2_000]);
});

test('what says no time is tried five times', () => {
  assert.deepEqual(retried(unavailable(), 200), [false, 5, 30_000]);
  assert.deepEqual(retried(unavailable(503), 4), [true, 5, 30_000]);
});

test('what is tried again is logged with its cause', () => {
  const host = hostOf({ read: [unavailable(503), answer({ name: 'n' })] });
  host.run(() => retry(() => call('read')));
  assert.deepEqual(host.logged, ['trying again in 2000 ms: the service does not answer `read` now (HTTP 503)']);
});

test('what is decided or may have been done is not repeated', () => {
  for (const told of [rejected(400, { retryAfter: 7_000 }), new Uncertain('lost'), new Refused('no')]) {
    assert.deepEqual(retried(told, 1), [false, 1, 0]);
  }
  assert.throws(() => hostOf({}).run(() => retry(() => fail('denied', 'no', 'no'))), { kind: 'denied' });
});

test('until ends with what is found or with its window', () => {
  for (const [ready, ended] of [[0, [true, 0]], [5_000, [true, 6_000]], [600_000, [false, 60_000]]]) {
    const host = hostOf({});
    const found = host.run(() => until(() => host.elapsed >= ready, 60_000));
    assert.deepEqual([found, host.elapsed], ended);
  }
});

test('until asks a silent service for half a minute', () => {
  const host = hostOf({ read: unavailable() });
  assert.throws(() => host.run(() => until(() => call('read'), 600_000)), { name: 'Unavailable' });
  assert.deepEqual([host.elapsed, host.calls.length], [30_000, 16]);
});

test('until waits as long as the service asks', () => {
  const late = rejected(429, { retryAfter: 100_000 });
  const host = hostOf({ read: [late, late, answer({ name: 'n' })] });
  assert.equal(host.run(() => until(() => call('read'), 60_000)).outputs.name, 'n');
  assert.equal(host.elapsed, 200_000);
  for (const [told, elapsed] of [[late, 400_000], [rejected(403), 0]]) {
    const other = hostOf({ read: told });
    assert.throws(() => other.run(() => until(() => call('read'), 60_000)), { name: 'Rejected' });
    assert.equal(other.elapsed, elapsed);
  }
});

test('the marker of any try of this rotation is recognised and no other', () => {
  const ours = request({}, { manifest: file });
  const rotation = ours.marker.replace(/\.1$/, '');
  for (const number of ['1', '2', '11']) {
    assert.ok(ours.madeThis(`${rotation}.${number}`));
  }
  for (const name of [undefined, '', rotation, `${rotation}.`, `${rotation}2.1`, `${rotation}.1 copy`, '1']) {
    assert.equal(ours.madeThis(name), false, name);
  }
});

test('an input that the host keeps or that is empty shows nothing', () => {
  const given = request({ 'admin.token': SECRET, 'admin.tenant': '', 'target.object': 'o' }, { manifest: file });
  assert.deepEqual(['admin.token', 'admin.tenant', 'x.y', 'target.object'].map((name) => given.input(name)), [
    undefined,
    undefined,
    undefined,
    'o',
  ]);
  assert.throws(() => `${given.inputs['admin.token']}`, TypeError);
});

test('settings have their types and defaults', () => {
  const given = request({ 'target.object': 'o' }, { settings: { deep: false }, manifest: file });
  assert.deepEqual(
    ['pause', 'deep', 'host', 'none', 'key', 'size'].map((key) => given.setting(key)),
    [250, false, 'o', undefined, SECRET, 'small'],
  );
  assert.equal(given.isDryRun, false);
  assert.equal(request({}, { mode: 'dry-run', manifest: file }).isDryRun, true);
});

test('what a step returns is checked', () => {
  for (const [result, message] of [
    [undefined, 'the result of preflight must be an object, and is undefined'],
    [{ creates: 'c', removes: [7] }, 'the result of preflight.removes[0] must be a string, and is number'],
    [{ creates: 'c', slots: { used: 1 } }, 'the result of preflight.slots.most must be a count, and is undefined'],
    [{ creates: 'c', findings: ['text'] }, 'the result of preflight.findings[0] must be an object, and is string'],
    [
      Promise.resolve({ creates: 'c' }),
      'the result of preflight must be an object, and is a promise: steps do not wait, and `call` does not either',
    ],
  ]) {
    const wrong = plugin({ preflight: () => result, rotate() {} });
    assert.throws(() => wrong.preflight(), { name: 'TypeError', message });
  }
  const commit = plugin({ preflight() {}, rotate() {}, commit: () => [{ id: 'a', state: true }] }).commit;
  assert.throws(commit, { message: 'the result of commit[0].state must be present or disabled or gone, and is true' });
  assert.throws(() => plugin({ preflight() {} }), { message: 'the plugin has no step rotate' });
});

test('steps that are left out say what they cannot do', () => {
  const short = plugin({ preflight() {}, rotate() {} });
  assert.ok(short.verify().unproven);
  assert.deepEqual(short.commit({}, { removes: ['old'] }), [{ id: 'old', state: 'present' }]);
  assert.throws(() => short.rollback(), { kind: 'other', code: 'no-rollback' });
});

test('level, code and kind are checked', () => {
  for (const [level, code] of [['fatal', 'a'], ['info', 'Not Kebab'], ['info', ''], ['info', 'a-']]) {
    assert.throws(() => finding(level, code, 'm'), TypeError);
  }
  assert.throws(() => fail('gone', 'a', 'm'), TypeError);
  const failure = thrown(() => fail('not-found', 'no-app', 'it is not there', 'make it'));
  assert.deepEqual([failure.kind, failure.fix], ['not-found', 'make it']);
});

test('time passes in sleep only, and lines are kept', () => {
  const host = hostOf({});
  host.run(() => {
    const before = clock.now();
    clock.sleep(300_000);
    assert.equal(clock.now() - before, 300_000);
    log.info('a line');
  });
  assert.deepEqual(host.logged, ['a line']);
});

test('what the manifest does not say fails the test', () => {
  const good = { ends: '2030-01-01T00:00:00Z', days: 1, size: 'small' };
  for (const [peers, name, params] of [
    [{}, 'reed', {}],
    [{}, 'read', {}],
    [{}, 'read', { x: 'y' }],
    [{ make: answer({ id: 'n' }) }, 'make', { ...good, size: 'huge' }],
    [{ make: answer({ id: 'n' }) }, 'make', { ...good, days: '1' }],
    [{ make: answer({ id: 'n' }) }, 'make', { ...good, ends: 'soon' }],
    [{ make: answer() }, 'make', good],
    [{ read: answer({ nam: 'n' }) }, 'read', {}],
    [{ read: answer({ name: 'n', count: '1' }) }, 'read', {}],
    [{ read: answer({ name: 'n' }, [listed('a')]) }, 'read', {}],
    [{ make: answer({ id: 'n' }, [listed('a')]) }, 'make', good],
    [{ read: rejected(400, { errors: { reason: 'x' } }) }, 'read', {}],
    [{ read: [] }, 'read', {}],
  ]) {
    const error = thrown(() => hostOf(peers).run(() => call(name, params)));
    assert.equal(error.name, 'Error', `${name} ${JSON.stringify(params)}: ${error}`);
  }
  assert.throws(() => hostOf({ reed: answer() }), /no request reed/);
  assert.throws(() => request({ 'target.objekt': 'x' }, { manifest: file }), /no input target.objekt/);
  assert.throws(() => request({}, { settings: { dep: true }, manifest: file }), /no setting dep/);
});

test('a function answers by the parameters', () => {
  const host = hostOf({ make: ({ days }) => rejected(days) });
  const failure = thrown(() => host.run(() => call('make', { ends: '2030-01-01T00:00:00Z', days: 404, size: 'large' })));
  assert.deepEqual([failure.request, failure.status], ['make', 404]);
});

/** What TypeScript says of a module that uses the SDK, with the stub of the manifest beside it. */
function said(lines) {
  writeFileSync(`${folder}/manifest.d.ts`, stub(read(file), '../sdk/index.js'));
  writeFileSync(`${folder}/plugin.js`, `import { call } from '../sdk/index.js';\n${lines}\n`);
  const options = { extends: '../jsconfig.json', include: ['*.js', 'manifest.d.ts'] };
  writeFileSync(`${folder}/jsconfig.json`, JSON.stringify(options));
  const compiler = 'sdk/node_modules/typescript/bin/tsc';
  const { stdout } = spawnSync(process.execPath, [compiler, '-p', `${folder}/jsconfig.json`, '--pretty', 'false']);
  return String(stdout);
}

test('the check of the build takes what the manifest declares', () => {
  const told = said(`
    const { outputs, items } = call('read');
    export const [text, number] = [outputs.name.length, (outputs.count ?? 0) + 1];
    export const kinds = [...items.map((item) => item.outputs.kind), ...(outputs.all ?? [])].join();
    export const { id } = call('make', { ends: new Date(), days: 3, size: 'large' }).outputs;
    /** @param {import('../sdk/index.js').Request} request */
    export const given = (request) => [request.setting('pause') * 2, request.input('target.object')];`);
  assert.equal(told, '');
});

test('the check of the build tells what the manifest lacks', () => {
  const wrong = [
    ["call('reed');", "'reed'"],
    ["call('poll');", "'poll'"],
    ['call(String(1));', 'string'],
    ["call('read', { x: 'y' });", '1 arguments'],
    ["call('make');", '2 arguments'],
    ["call('make', { ends: 'x', days: 1 });", "'size'"],
    ["call('make', { ends: 'x', days: '1', size: 'small' });", "'number'"],
    ["call('make', { ends: 'x', days: 1, size: 'huge' });", 'huge'],
    ["call('read').outputs.nam;", "'nam'"],
    ["call('make', { ends: 'x', days: 1, size: 'small' }).items[0].outputs.kind;", "'kind'"],
  ];
  const lines = said(wrong.map(([line]) => line).join('\n')).split('\n');
  wrong.forEach(([line, told], at) => {
    const found = lines.filter((text) => text.includes(`plugin.js(${at + 2},`)).join();
    assert.ok(found.replaceAll('"', "'").includes(told), `${line} ${found}`);
  });
});

test('a manifest that is no TOML is named', () => {
  writeFileSync(`${folder}/wrong.toml`, 'a = 1\nname =\n');
  assert.throws(() => read(`${folder}/wrong.toml`), /wrong\.toml: /);
});
