// @ts-check
// Rotates a token of an account at the API of example.com: when to call which request of plugin.toml.

import { call, fail, finding, plugin, Rejected, retry, until } from './sdk/index.js';

export default plugin({
  preflight(request) {
    const listed = retry(() => call('tokens')).items;
    const old = request.input('target.token_id');
    const removes = listed.filter(({ id }) => id === old).map(({ id }) => id);
    const findings = [];
    if (removes.length === 0) {
      const message = 'the record names no token that the account has, so that none will be removed';
      findings.push(finding('warning', 'no-old-token', message, 'write its id into the field token_id'));
    }
    return { creates: `one token that lives for ${request.setting('expiry_days')} days`, removes, findings };
  },

  rotate() {
    const { id, expires } = retry(() => call('create')).outputs;
    return { id, expires };
  },

  verify() {
    // It may take a while until the API accepts a new token everywhere.
    if (!until(isAccepted, 60_000)) {
      fail('wrong-credential', 'token-rejected', 'the new token is not accepted');
    }
    return {};
  },

  commit(_request, plan) {
    return plan.removes.map(remove);
  },

  rollback(request, _plan, id) {
    const listed = retry(() => call('tokens')).items;
    const ours = listed.filter((token) => token.id === id || request.madeThis(token.label));
    return ours.map((token) => remove(token.id));
  },
});

function isAccepted() {
  try {
    call('whoami');
    return true;
  } catch (trouble) {
    if (trouble instanceof Rejected && trouble.status === 401) {
      return false;
    }
    throw trouble;
  }
}

/**
 * @param {string} id
 * @returns {import('./sdk/index.js').Retired}
 */
function remove(id) {
  try {
    retry(() => call('delete', { key: id }));
  } catch (trouble) {
    if (!(trouble instanceof Rejected && trouble.status === 404)) {
      throw trouble;
    }
    // Somebody else removed it. To pamrun it is gone when two listings lack it.
    call('tokens');
    call('tokens');
  }
  return { id, state: 'gone' };
}
