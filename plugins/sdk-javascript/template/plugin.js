// @ts-check
// Rotates a token of an account at the API of example.com.

import { Failure, http, plugin, untilAccepted, Update } from './sdk/index.js';

export default plugin({
  manifest: {
    name: '{{name}}',
    version: '0.1.0',
    description: 'Rotates a token of an account.',
    strategy: 'overlap',
    records: [
      { role: 'target', fields: ['account', 'token_id'], plain: ['account', 'token_id'] },
      { role: 'attached', has: ['admin_token'], fields: ['admin_token'] },
    ],
    returns: [
      { label: 'token', place: 'custom', type: 'secret' },
      { label: 'token_id', place: 'custom', type: 'text' },
    ],
    settings: [
      { key: 'api', type: 'text', default: 'api.example.com', description: 'The host of the API.' },
      { key: 'expiry_days', type: 'int', default: 90, description: 'How long a token lives.' },
    ],
    requests: [
      { steps: ['preflight', 'rollback'], method: 'GET', host: '{setting:api}', path: '/v1/accounts/*' },
      { steps: ['rotate'], method: 'POST', host: '{setting:api}', path: '/v1/accounts/*/tokens' },
      { steps: ['verify'], method: 'GET', host: '{setting:api}', path: '/v1/whoami' },
      {
        steps: ['commit', 'rollback'],
        method: 'DELETE',
        host: '{setting:api}',
        path: '/v1/accounts/*/tokens/{id}',
        removes: '{id}',
      },
    ],
  },

  async preflight(request) {
    const old = request.target.get('token_id');
    const listed = await tokens(request);
    return {
      target: `${request.settingText('api')}/${request.target.text('account')}`,
      creates: `one token that lives for ${request.settingNumber('expiry_days')} days`,
      removes: listed.filter(({ id }) => id === old),
    };
  },

  async rotate(request) {
    const answer = await http.post(`${account(request)}/tokens`, {
      bearer: adminToken(request),
      json: { name: request.marker, expires_days: request.settingNumber('expiry_days') },
    });
    const { id, token, expires } = answer.expect(201).json();
    if (!id || !token) {
      // A token may have been made all the same: the host then looks for the marker.
      throw answer.unclear('and did not show the token');
    }
    return { handle: id, updates: [Update.secret('token', token), Update.text('token_id', id)], expires };
  },

  async verify(request, _plan, credential) {
    const token = credential.updates.find(({ label }) => label === 'token')?.values[0];
    // It may take a while until the API accepts a new token everywhere.
    return untilAccepted(async () => {
      const answer = await http.get(`${api(request)}/v1/whoami`, { bearer: token });
      if (answer.status === 401) {
        throw Failure.wrongCredential('token-rejected', 'the new token is not accepted');
      }
      answer.expect(200);
      return {};
    }, 60_000);
  },

  async commit(request, plan) {
    const removed = [];
    for (const { id } of plan.removes) {
      removed.push(await remove(request, id));
    }
    return removed;
  },

  async rollback(request, _plan, handle) {
    /** @type {import('./sdk/index.js').Undone} */
    const undone = { seen: [], gone: [] };
    for (const { id, label } of await tokens(request)) {
      if (request.madeThis(label) || id === handle) {
        undone.seen.push(id);
        await remove(request, id);
        undone.gone.push(id);
      }
    }
    return undone;
  },
});

/** @typedef {import('./sdk/index.js').Request} Request */

/** @param {Request} request */
const api = (request) => `https://${request.settingText('api')}`;

/** @param {Request} request */
const account = (request) => `${api(request)}/v1/accounts/${encodeURIComponent(request.target.text('account'))}`;

/** @param {Request} request */
const adminToken = (request) => request.recordWith('admin_token').text('admin_token');

/**
 * The tokens of the account.
 * @param {Request} request
 */
async function tokens(request) {
  const answer = await http.get(account(request), { bearer: adminToken(request) });
  const { tokens } = answer.expect(200).json();
  return tokens.map(({ id, name, expires }) => ({ id, label: name, expires }));
}

/**
 * Removes a token; one that is not there is gone, too.
 * @param {Request} request
 * @param {string} id
 */
async function remove(request, id) {
  const url = `${account(request)}/tokens/${encodeURIComponent(id)}`;
  (await http.delete(url, { bearer: adminToken(request) })).expect(204, 404);
  return { id, gone: true };
}
