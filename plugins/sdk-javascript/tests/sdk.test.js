// What the SDK does in Node: the template's plugin against answers from a script.
//
// Run by plugins/from-template.sh, in a project: there `../plugin.js` is the template's.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import tokens from '../plugin.js';
import { clock, finding, http, log, plugin, Update } from '../sdk/index.js';
import { toJson } from '../sdk/manifest.js';
import { answer, FakeHost, request, SendError } from '../sdk/testing.js';

const url = 'https://api.example.com/v1/things?secret=canary';
const plan = { target: 't', creates: 'c', removes: [{ id: 'old', label: '' }], notes: [] };

const given = () =>
  request(tokens, { target: { account: 'a/1', token_id: 'old' }, attached: [{ admin_token: 'admin' }] });

const listing = (...names) =>
  answer(200, { tokens: names.map((name) => ({ id: name.toLowerCase(), name, expires: '2031-01-01T00:00:00Z' })) });

const failureOf = async (host, steps) => {
  try {
    await host.run(steps);
  } catch (error) {
    return error;
  }
  assert.fail('nothing was thrown');
};

test('what the record names is planned for removal', async () => {
  const host = FakeHost.scripted(listing('Old', 'Other'));
  const found = await host.run(() => tokens.preflight(given()));
  assert.equal(found.target, 'api.example.com/a/1');
  assert.deepEqual(found.removes.map(({ id }) => id), ['old']);
  assert.deepEqual(host.calls(), ['GET /v1/accounts/a%2F1']);
  assert.equal(host.sent[0].headers.authorization, 'Bearer admin');
});

test('an answer that shows no token is uncertain', async () => {
  const lost = new SendError('lost', 'gone');
  for (const unclear of [answer(201, { id: 'new' }), answer(201), answer(503), lost]) {
    const failure = await failureOf(FakeHost.scripted(unclear), () => tokens.rotate(given(), plan));
    assert.equal(failure.kind, 'uncertain');
  }
});

test('a token that is not accepted is the wrong credential', async () => {
  const made = { handle: 'new', updates: [Update.secret('token', 'value')] };
  const refusing = new FakeHost(() => answer(401));
  const failure = await failureOf(refusing, () => tokens.verify(given(), plan, made));
  assert.equal(failure.kind, 'wrong-credential');
  assert.equal(refusing.sent.length, 8);
  for (const late of [answer(401), answer(503)]) {
    await FakeHost.scripted(late, late, answer(200)).run(() => tokens.verify(given(), plan, made));
  }
  const host = FakeHost.scripted(answer(200));
  assert.deepEqual(await host.run(() => tokens.verify(given(), plan, made)), { unproven: undefined });
  assert.equal(host.sent[0].headers.authorization, 'Bearer value');
});

test('rollback removes every try and nothing else', async () => {
  const ours = given();
  const second = ours.marker.replace(/1$/, '2');
  const host = FakeHost.scripted(listing('Other', ours.marker, second), answer(204), answer(404));
  const undone = await host.run(() => tokens.rollback(ours, plan));
  assert.deepEqual(undone.seen, [ours.marker, second]);
  assert.deepEqual(undone.gone, undone.seen);
});

test('commit takes what is not there as gone', async () => {
  const removed = await FakeHost.scripted(answer(404)).run(() => tokens.commit(given(), plan, 'new'));
  assert.deepEqual(removed, [{ id: 'old', gone: true }]);
});

test('only a lost request that changes something is uncertain', async () => {
  for (const [kind, reading, changing] of [
    ['refused', 'denied', 'denied'],
    ['not-sent', 'unavailable', 'unavailable'],
    ['lost', 'unavailable', 'uncertain'],
  ]) {
    const host = new FakeHost(() => {
      throw new SendError(kind, 'no');
    });
    assert.equal((await failureOf(host, () => http.get(url))).kind, reading);
    assert.equal((await failureOf(host, () => http.post(url, { changes: false }))).kind, reading);
    assert.equal((await failureOf(host, () => http.post(url))).kind, changing);
  }
});

test('a status is a failure by what the request does', async () => {
  for (const [status, reading, changing] of [
    [302, 'unavailable', 'uncertain'],
    [400, 'denied', 'denied'],
    [401, 'denied', 'denied'],
    [403, 'denied', 'denied'],
    [404, 'not-found', 'not-found'],
    [408, 'unavailable', 'uncertain'],
    [409, 'conflict', 'conflict'],
    [429, 'unavailable', 'unavailable'],
    [500, 'unavailable', 'uncertain'],
  ]) {
    const host = new FakeHost(() => answer(status));
    await host.run(async () => {
      assert.equal((await http.get(url)).failure().kind, reading);
      const { kind, message } = (await http.delete(url)).failure();
      assert.equal(kind, changing);
      assert.ok(message.includes(`api.example.com answered ${status} to DELETE /v1/things`) && !message.includes('canary'));
    });
  }
});

test('Retry-After is read in both forms', async () => {
  const farAway = 0xffff_ffff;
  for (const [value, seconds] of [
    ['7', 7],
    [' 0 ', 0],
    ['99999999999', farAway],
    [`${'9'.repeat(400)}.5`, farAway],
    ['45.5', 46],
    ['0.001', 1],
    ['7.0', 7],
    ['Tue, 01 Jan 2030 00:00:09 GMT', 9],
    ['Tuesday, 01-Jan-30 00:01:00 GMT', 60],
    ['Tue Jan  1 00:00:02 2030', 2],
    ['Mon, 31 Dec 2029 23:59:59 GMT', 0],
    ['Thu, 01 Jan 1970 00:00:00 GMT', 0],
    ['Fri, 31 Dec 9999 23:59:59 GMT', farAway],
    ...['', 'soon', '-1', '-1.5', '1.', '.5', '1e3', 'NaN', '2030-01-01T00:00:20Z'].map((text) => [text]),
    ['Tue, 01 Foo 2030 00:00:09 GMT'],
  ]) {
    const host = FakeHost.scripted(answer(429, undefined, { 'Retry-After': value }));
    await host.run(async () => assert.equal((await http.get(url)).failure().retryAfter, seconds, value));
  }
});

test('a part of a second is waited for as a whole one', async () => {
  const host = FakeHost.scripted(answer(429, undefined, { 'Retry-After': 'Tue, 01 Jan 2030 00:00:09 GMT' }));
  await host.run(async () => {
    await clock.sleep(500);
    assert.equal((await http.get(url)).retryAfter(), 9);
  });
});

test('a finding is a note of one or two lines', () => {
  assert.equal(finding('info', 'new', 'it will be made'), 'info new: it will be made');
  const text = finding('error', 'app-full', 'the app has no room', 'remove some');
  assert.equal(text, 'error app-full: the app has no room\nremove some');
});

test('what a service called something makes no further line in a finding', () => {
  const text = finding('warning', 'owner', 'the app "a\nerror b: c"', 'ask\r\nsomebody');
  assert.equal(text, 'warning owner: the app "a error b: c"\nask  somebody');
});

test('level and code of a finding are checked', () => {
  for (const [level, code] of [['fatal', 'a'], ['info', 'Not Kebab'], ['info', ''], ['info', 'a-']]) {
    assert.throws(() => finding(level, code, 'm'), TypeError);
  }
});

test('JSON goes both ways', async () => {
  const host = FakeHost.scripted(answer(200, { a: [1] }));
  const sent = host.run(() => http.put(url, { json: { b: 'é' }, headers: { 'X-Y': 'z' } }));
  assert.deepEqual((await sent).json(), { a: [1] });
  assert.deepEqual(host.sent[0].headers, { 'x-y': 'z', 'content-type': 'application/json' });
});

test('the marker of any try of this rotation is recognised and no other', () => {
  const ours = given();
  const rotation = ours.marker.replace(/\.1$/, '');
  for (const number of ['1', '2', '11']) {
    assert.ok(ours.madeThis(`${rotation}.${number}`));
  }
  for (const name of ['', rotation, `${rotation}.`, `${rotation}2.1`, `${rotation}.1 copy`, '1']) {
    assert.ok(!ours.madeThis(name), name);
  }
});

test('settings are read by their type', () => {
  const settings = [
    { key: 'pause', type: 'duration', default: '250ms' },
    { key: 'deep', type: 'bool', default: true },
  ];
  const timed = request({ manifest: { settings } });
  assert.equal(timed.settingNumber('pause'), 250);
  assert.equal(timed.settingFlag('deep'), true);
  assert.throws(() => timed.settingNumber('deep'), { kind: 'invalid', code: 'setting-misread' });
  assert.throws(() => timed.settingText('none'), { kind: 'invalid', code: 'setting-missing' });
});

test('a missing field or record is named', () => {
  assert.throws(() => given().target.text('token'), { code: 'field-missing' });
  assert.throws(() => given().recordWith('none'), { code: 'record-missing' });
});

test('what a step returns is checked', async () => {
  const { manifest } = tokens;
  for (const [result, message] of [
    [undefined, 'the result of preflight must be an object, and is undefined'],
    [{ target: 't', creates: 'c', removes: [{ id: 7 }] }, 'the result of preflight.removes[0].id must be a string, and is number'],
  ]) {
    const wrong = plugin({ manifest, preflight: () => result, rotate() {} });
    await assert.rejects(wrong.preflight(given()), { name: 'TypeError', message });
  }
  assert.throws(() => plugin({ manifest, preflight() {} }), { message: 'the plugin has no step rotate' });
});

test('steps that are left out say what they cannot do', async () => {
  const { manifest } = tokens;
  const short = plugin({ manifest, preflight() {}, rotate() {} });
  assert.ok((await short.verify()).unproven);
  assert.deepEqual(await short.commit(given(), plan), [{ id: 'old', gone: false }]);
  await assert.rejects(short.rollback(), { kind: 'other', code: 'no-rollback' });
});

test('time passes in sleep only, and lines are kept', async () => {
  const host = FakeHost.scripted();
  await host.run(async () => {
    const before = clock.now();
    await clock.sleep(300_000);
    assert.equal(clock.now() - before, 300_000);
    log.info('a line');
  });
  assert.deepEqual(host.logged, ['a line']);
});

test('a manifest is completed', () => {
  const whole = JSON.parse(toJson({ name: 'a', requests: [{ method: 'GET', host: 'h', path: '/' }] }));
  assert.deepEqual(whole.hosts, ['https://h']);
  assert.deepEqual(whole.requests[0].steps, ['all']);
  const values = [{ value: 'all', description: 'Every old key.' }, 'none'];
  const settings = [
    { key: 'days', type: 'int', description: 'd', min: 1, max: 730 },
    { key: 'retire', type: 'enum', description: 'r', values },
  ];
  assert.deepEqual(JSON.parse(toJson({ ...whole, settings })).settings, settings);
});
