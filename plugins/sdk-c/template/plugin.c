// Rotates a token of an account at the API of example.com, which is imaginary: README.md says what to
// change to make it rotate yours.
#include "pamrun.h"

// How long a new token may take until the API accepts it everywhere, in milliseconds.
enum { SPREADING = 60 * 1000 };

// Who asks, and about which account.
typedef struct account {
  pamrun_string url;
  pamrun_string admin_token;
} account;

static pamrun_result find_account(const pamrun_request *request, account *account) {
  pamrun_string api, name;
  PAMRUN_TRY(pamrun_setting_text(request, "api", &api));
  PAMRUN_TRY(pamrun_field_text(request->target, "account", &name));
  PAMRUN_TRY(pamrun_field_text(pamrun_record_with(request, "admin_token"), "admin_token", &account->admin_token));
  account->url = pamrun_join(PAMRUN("https://"), api, PAMRUN("/v1/accounts/"), pamrun_escape(name));
  return PAMRUN_OK;
}

// Lists the tokens of the account: a JSON list of objects with id, name and expires.
static pamrun_result list_tokens(const account *account, const pamrun_json **tokens) {
  pamrun_call call = {.method = "GET", .url = account->url, .bearer = account->admin_token};
  pamrun_answer answer;
  const pamrun_json *json;
  PAMRUN_TRY(pamrun_read(&call, &answer));
  PAMRUN_TRY(pamrun_expect(&answer, 200));
  PAMRUN_TRY(pamrun_answer_json(&answer, &json));
  *tokens = pamrun_json_get(json, "tokens");
  return pamrun_json_is_list(*tokens) ? PAMRUN_OK : pamrun_unclear(&answer, "and did not list the tokens");
}

// Removes a token; one that is not there is gone, too.
static pamrun_result remove_token(const account *account, pamrun_string id) {
  pamrun_call call = {
      .method = "DELETE",
      .url = pamrun_join(account->url, PAMRUN("/tokens/"), pamrun_escape(id)),
      .bearer = account->admin_token,
  };
  pamrun_answer answer;
  PAMRUN_TRY(pamrun_change(&call, &answer));
  return answer.status == 404 ? PAMRUN_OK : pamrun_expect(&answer, 204);
}

static pamrun_result preflight(const pamrun_request *request, pamrun_plan *plan) {
  account account;
  PAMRUN_TRY(find_account(request, &account));
  pamrun_string api, name;
  int64_t expiry_days;
  PAMRUN_TRY(pamrun_setting_text(request, "api", &api));
  PAMRUN_TRY(pamrun_field_text(request->target, "account", &name));
  PAMRUN_TRY(pamrun_setting_integer(request, "expiry_days", &expiry_days));
  const pamrun_json *tokens;
  PAMRUN_TRY(list_tokens(&account, &tokens));

  plan->target = pamrun_join(api, PAMRUN("/"), name);
  plan->creates = pamrun_format("one token that lives for %lld days", (long long)expiry_days);
  // What the new token replaces is the one that the record holds now, if it still exists.
  pamrun_string old = pamrun_field_or_empty(request->target, "token_id");
  for (const pamrun_json *token = pamrun_json_first(tokens); token; token = pamrun_json_next(token)) {
    pamrun_string id = pamrun_json_text(pamrun_json_get(token, "id"));
    if (id.length && pamrun_equal(id, old)) {
      pamrun_plan_remove(plan, (pamrun_listed){
                                   .id = id,
                                   .label = pamrun_json_text(pamrun_json_get(token, "name")),
                                   .expires = pamrun_json_text(pamrun_json_get(token, "expires")),
                               });
    }
  }
  return PAMRUN_OK;
}

static pamrun_result rotate(const pamrun_request *request, const pamrun_plan *plan, pamrun_credential *credential) {
  (void)plan;
  account account;
  int64_t expiry_days;
  PAMRUN_TRY(find_account(request, &account));
  PAMRUN_TRY(pamrun_setting_integer(request, "expiry_days", &expiry_days));

  pamrun_json *wanted = pamrun_json_object();
  pamrun_json_set(wanted, "name", pamrun_json_from_text(request->marker));
  pamrun_json_set(wanted, "expires_days", pamrun_json_from_integer(expiry_days));
  pamrun_call call = {
      .method = "POST",
      .url = pamrun_join(account.url, PAMRUN("/tokens")),
      .bearer = account.admin_token,
      .json = wanted,
  };
  pamrun_answer answer;
  const pamrun_json *json;
  PAMRUN_TRY(pamrun_change(&call, &answer));
  PAMRUN_TRY(pamrun_expect(&answer, 201));
  PAMRUN_TRY(pamrun_answer_json(&answer, &json));
  pamrun_string id = pamrun_json_text(pamrun_json_get(json, "id"));
  pamrun_string token = pamrun_json_text(pamrun_json_get(json, "token"));
  if (!id.length || !token.length) {
    // A token may have been made all the same: the host then looks for the marker.
    return pamrun_unclear(&answer, "and did not show the token");
  }
  credential->handle = id;
  credential->expires = pamrun_json_text(pamrun_json_get(json, "expires"));
  pamrun_update_secret(credential, "token", token);
  pamrun_update_text(credential, "token_id", id);
  return PAMRUN_OK;
}

// Uses a token.
static pamrun_result try_token(const pamrun_call *call) {
  pamrun_answer answer;
  PAMRUN_TRY(pamrun_read(call, &answer));
  if (answer.status == 401) {
    return pamrun_fail(PAMRUN_WRONG_CREDENTIAL, "token-rejected", PAMRUN("the new token is not accepted"));
  }
  return pamrun_expect(&answer, 200);
}

static pamrun_result verify(const pamrun_request *request, const pamrun_plan *plan,
                            const pamrun_credential *credential, pamrun_proof *proof) {
  (void)plan, (void)proof;
  pamrun_string api;
  PAMRUN_TRY(pamrun_setting_text(request, "api", &api));
  pamrun_call call = {
      .method = "GET",
      .url = pamrun_join(PAMRUN("https://"), api, PAMRUN("/v1/whoami")),
      .bearer = pamrun_credential_value(credential, "token"),
  };
  pamrun_trial trial = {.window = SPREADING};
  pamrun_result result;
  do {
    result = try_token(&call);
  } while (pamrun_not_yet(&trial, result));
  return result;
}

static pamrun_result commit(const pamrun_request *request, const pamrun_plan *plan, pamrun_string handle,
                            pamrun_removals *removals) {
  (void)handle;
  account account;
  PAMRUN_TRY(find_account(request, &account));
  for (size_t i = 0; i < plan->removes.count; i++) {
    pamrun_string id = plan->removes.items[i].id;
    PAMRUN_TRY(remove_token(&account, id));
    pamrun_removal(removals, id, true);
  }
  return PAMRUN_OK;
}

static pamrun_result rollback(const pamrun_request *request, const pamrun_plan *plan, const pamrun_string *handle,
                              pamrun_undone *undone) {
  (void)plan;
  account account;
  const pamrun_json *tokens;
  PAMRUN_TRY(find_account(request, &account));
  PAMRUN_TRY(list_tokens(&account, &tokens));
  for (const pamrun_json *token = pamrun_json_first(tokens); token; token = pamrun_json_next(token)) {
    pamrun_string id = pamrun_json_text(pamrun_json_get(token, "id"));
    pamrun_string name = pamrun_json_text(pamrun_json_get(token, "name"));
    if (pamrun_made_this(request, name) || (handle && pamrun_equal(id, *handle))) {
      PAMRUN_TRY(remove_token(&account, id));
      pamrun_undone_seen(undone, id, true);
    }
  }
  return PAMRUN_OK;
}

static const char manifest[] = {
#embed "manifest.json"
};

const pamrun_plugin plugin = {
    .manifest = {manifest, sizeof manifest},
    .preflight = preflight,
    .rotate = rotate,
    .verify = verify,
    .commit = commit,
    .rollback = rollback,
};
