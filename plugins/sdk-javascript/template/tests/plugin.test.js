// The plugin's judgement, against a host that answers by the names of requests. `make test` runs it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import tokens from '../plugin.js';
import { answer, FakeHost, listed, lost, rejected, request, unavailable } from '../sdk/testing.js';

const given = request({ 'target.account': 'acme', 'target.token_id': 'old' });
const plan = { creates: 'one token', removes: ['old'], context: '', findings: [] };

test('what the record names is planned for removal', () => {
  const host = new FakeHost({ tokens: answer({}, [listed('old'), listed('other')]) });
  const found = host.run(() => tokens.preflight(given));
  assert.equal(found.creates, 'one token that lives for 90 days');
  assert.deepEqual([found.removes, found.findings], [['old'], []]);
  assert.deepEqual(host.called(), ['tokens']);
});

test('a record that names no token is told', () => {
  const host = new FakeHost({ tokens: answer({}, [listed('other')]) });
  const { removes, findings } = host.run(() => tokens.preflight(given));
  assert.deepEqual([removes, findings.map(({ code }) => code)], [[], ['no-old-token']]);
});

test('a service that asks to wait is waited for', () => {
  const host = new FakeHost({ tokens: [rejected(429, { retryAfter: 7_000 }), answer()] });
  host.run(() => tokens.preflight(given));
  assert.equal(host.elapsed, 7_000);
});

test('a token is made once', () => {
  const expires = '2031-01-01T00:00:00Z';
  const made = new FakeHost({ create: answer({ id: 'new', expires }) }).run(() => tokens.rotate(given, plan));
  assert.deepEqual(made, { id: 'new', returns: {}, expires });
  const host = new FakeHost({ create: lost() });
  assert.throws(() => host.run(() => tokens.rotate(given, plan)), { name: 'Uncertain' });
  assert.deepEqual(host.called(), ['create']);
});

test('a new token may take a while', () => {
  const host = new FakeHost({ whoami: [rejected(401), unavailable(503), answer({ account: 'acme' })] });
  assert.deepEqual(host.run(() => tokens.verify(given, plan, 'new')), { unproven: undefined });
});

test('a token that is never accepted is the wrong credential', () => {
  const host = new FakeHost({ whoami: rejected(401) });
  assert.throws(() => host.run(() => tokens.verify(given, plan, 'new')), { kind: 'wrong-credential' });
  assert.equal(host.elapsed, 60_000);
});

test('what is gone already is looked for twice', () => {
  const host = new FakeHost({ delete: rejected(404), tokens: answer() });
  assert.deepEqual(host.run(() => tokens.commit(given, plan, 'new')), [{ id: 'old', state: 'gone' }]);
  assert.deepEqual(host.calls, [['delete', { key: 'old' }], ['tokens', {}], ['tokens', {}]]);
});

test('rollback removes every try and nothing else', () => {
  const second = given.marker.replace(/1$/, '2');
  const ours = [listed('a', { label: given.marker }), listed('b', { label: second }), listed('c')];
  const shown = [listed('old', { label: 'by hand' }), ...ours];
  const host = new FakeHost({ tokens: answer({}, shown), delete: answer() });
  assert.deepEqual(host.run(() => tokens.rollback(given, plan, 'c')).map(({ id }) => id), ['a', 'b', 'c']);
  assert.deepEqual(host.called(), ['tokens', 'delete', 'delete', 'delete']);
});
