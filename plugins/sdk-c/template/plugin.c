// Rotates a token of an account at the API of example.com, which is imaginary: when to call which request of
// plugin.toml. README.md says what to change to make it rotate yours.
#include "pamrun.h"

// How long a new token may take until the API accepts it everywhere, in milliseconds.
enum { SPREADING = 60 * 1000 };

static pamrun_result preflight(const pamrun_request *request, pamrun_plan *plan) {
  pamrun_answer listed;
  PAMRUN_TRY(pamrun_retry(PAMRUN_PATIENCE, &listed, "tokens"));
  pamrun_string old = pamrun_text(&request->inputs, "target.token_id");
  for (size_t i = 0; i < listed.item_count; i++) {
    if (pamrun_equal(listed.items[i].id, old)) {
      pamrun_remove(plan, old);
    }
  }
  if (plan->removes.count == 0) {
    pamrun_finding(plan, PAMRUN_FINDING_WARNING, "no-old-token",
                   PAMRUN("the record names no token that the account has, so that none will be removed"),
                   PAMRUN("write its id into the field token_id"));
  }
  int64_t days = pamrun_integer(&request->settings, "expiry_days");
  plan->creates = pamrun_format("one token that lives for %lld days", (long long)days);
  return PAMRUN_OK;
}

static pamrun_result rotate(const pamrun_request *request, const pamrun_plan *plan, pamrun_credential *credential) {
  (void)request, (void)plan;
  pamrun_answer made;
  PAMRUN_TRY(pamrun_retry(PAMRUN_PATIENCE, &made, "create"));
  credential->id = pamrun_text(&made.outputs, "id");
  credential->expires = pamrun_text(&made.outputs, "expires");
  return PAMRUN_OK;
}

static bool is_accepted(const pamrun_answer *answer) { return !pamrun_rejected(answer, 401); }

static pamrun_result verify(const pamrun_request *request, const pamrun_plan *plan, pamrun_string id,
                            pamrun_proof *proof) {
  (void)request, (void)plan, (void)id, (void)proof;
  pamrun_answer answer;
  pamrun_result result = pamrun_until(SPREADING, &answer, is_accepted, "whoami");
  if (!is_accepted(&answer)) {
    return pamrun_fail(PAMRUN_WRONG_CREDENTIAL, "token-rejected", PAMRUN("the new token is not accepted"), PAMRUN(""));
  }
  return result;
}

static pamrun_result remove_token(pamrun_string id, pamrun_retired *retired) {
  pamrun_answer answer;
  pamrun_result result = pamrun_retry(PAMRUN_PATIENCE, &answer, "delete", pamrun_as_text("key", id));
  if (pamrun_rejected(&answer, 404)) {
    // Somebody else removed it. To pamrun it is gone when two listings lack it.
    PAMRUN_TRY(pamrun_call(&answer, "tokens"));
    PAMRUN_TRY(pamrun_call(&answer, "tokens"));
  } else if (result) {
    return result;
  }
  pamrun_retire(retired, id, PAMRUN_GONE);
  return PAMRUN_OK;
}

static pamrun_result commit(const pamrun_request *request, const pamrun_plan *plan, pamrun_string id,
                            pamrun_retired *retired) {
  (void)request, (void)id;
  for (size_t i = 0; i < plan->removes.count; i++) {
    PAMRUN_TRY(remove_token(plan->removes.items[i], retired));
  }
  return PAMRUN_OK;
}

static pamrun_result rollback(const pamrun_request *request, const pamrun_plan *plan, pamrun_string id,
                              pamrun_retired *retired) {
  (void)plan;
  pamrun_answer listed;
  PAMRUN_TRY(pamrun_retry(PAMRUN_PATIENCE, &listed, "tokens"));
  for (size_t i = 0; i < listed.item_count; i++) {
    const pamrun_listed *token = &listed.items[i];
    if (pamrun_equal(token->id, id) || pamrun_made_this(request, token->label)) {
      PAMRUN_TRY(remove_token(token->id, retired));
    }
  }
  return PAMRUN_OK;
}

const pamrun_plugin plugin = {
    .preflight = preflight,
    .rotate = rotate,
    .verify = verify,
    .commit = commit,
    .rollback = rollback,
};
