// The plugin's judgement, against a host that answers by the names of requests. `make test` runs it.
#include "pamrun_testing.h"

static const pamrun_string marker = {"pamrun-0a1b2c3d-11111111-2222-4333-8444-555555555555.2", 54};

static pamrun_request given(void) {
  pamrun_request request = pamrun_given();
  pamrun_give(&request.inputs, pamrun_as_text("target.account", PAMRUN("acme")));
  pamrun_give(&request.inputs, pamrun_as_text("target.token_id", PAMRUN("old")));
  pamrun_give(&request.settings, pamrun_as_integer("expiry_days", 90));
  return request;
}

static pamrun_plan plan(void) {
  pamrun_plan plan = {.creates = PAMRUN("one token")};
  pamrun_remove(&plan, PAMRUN("old"));
  return plan;
}

// An API where all goes well.
static pamrun_answer well(pamrun_string request, const pamrun_values *params, size_t count) {
  (void)params, (void)count;
  pamrun_answer answer = pamrun_success();
  if (pamrun_is(request, "tokens")) {
    pamrun_item(&answer, PAMRUN("old"), PAMRUN("by hand"));
    pamrun_item(&answer, PAMRUN("ours"), marker);
    pamrun_item(&answer, PAMRUN("other"), PAMRUN(""));
  } else if (pamrun_is(request, "create")) {
    pamrun_output(&answer, pamrun_as_text("id", PAMRUN("new")));
    pamrun_output(&answer, pamrun_as_text("expires", PAMRUN("2031-01-01T00:00:00Z")));
  }
  return answer;
}

static pamrun_answer empty(pamrun_string request, const pamrun_values *params, size_t count) {
  (void)params, (void)count;
  return pamrun_is(request, "delete") ? pamrun_rejection(404) : pamrun_success();
}

static pamrun_answer slow(pamrun_string request, const pamrun_values *params, size_t count) {
  (void)request, (void)params;
  return count == 0 ? pamrun_rejection(401) : count == 1 ? pamrun_outage(503) : pamrun_success();
}

static pamrun_answer refusing(pamrun_string request, const pamrun_values *params, size_t count) {
  (void)request, (void)params, (void)count;
  return pamrun_rejection(401);
}

static pamrun_answer losing(pamrun_string request, const pamrun_values *params, size_t count) {
  (void)request, (void)params, (void)count;
  return pamrun_lost();
}

static void what_the_record_names_is_planned_for_removal(void) {
  pamrun_test(well);
  pamrun_request request = given();
  pamrun_plan found = {0};
  PAMRUN_CHECK(!plugin.preflight(&request, &found));
  PAMRUN_CHECK(pamrun_is(found.creates, "one token that lives for 90 days"));
  PAMRUN_CHECK(found.removes.count == 1 && pamrun_is(found.removes.items[0], "old"));
  PAMRUN_CHECK(found.findings.count == 0);
}

static void a_record_that_names_no_token_is_told(void) {
  pamrun_test(empty);
  pamrun_request request = given();
  pamrun_plan found = {0};
  PAMRUN_CHECK(!plugin.preflight(&request, &found));
  PAMRUN_CHECK(found.removes.count == 0);
  PAMRUN_CHECK(found.findings.count == 1 && pamrun_is(found.findings.items[0].code, "no-old-token"));
}

static void a_token_is_made_once(void) {
  pamrun_test(well);
  pamrun_request request = given();
  pamrun_plan planned = plan();
  pamrun_credential made = {0};
  PAMRUN_CHECK(!plugin.rotate(&request, &planned, &made));
  PAMRUN_CHECK(pamrun_is(made.id, "new") && pamrun_is(made.expires, "2031-01-01T00:00:00Z"));

  pamrun_test(losing);
  pamrun_result result = plugin.rotate(&request, &planned, &made);
  PAMRUN_CHECK(result && result->kind == PAMRUN_UNCERTAIN);
  PAMRUN_CHECK(pamrun_is(pamrun_calls(), "create"));
}

static void a_new_token_may_take_a_while(void) {
  pamrun_test(slow);
  pamrun_request request = given();
  pamrun_plan planned = plan();
  pamrun_proof proof = {.unproven = PAMRUN("")};
  PAMRUN_CHECK(!plugin.verify(&request, &planned, PAMRUN("new"), &proof));
  PAMRUN_CHECK(proof.unproven.length == 0);
  PAMRUN_CHECK(pamrun_is(pamrun_calls(), "whoami whoami whoami"));
}

static void a_token_that_is_never_accepted_is_the_wrong_credential(void) {
  pamrun_test(refusing);
  pamrun_request request = given();
  pamrun_plan planned = plan();
  pamrun_proof proof = {0};
  pamrun_result result = plugin.verify(&request, &planned, PAMRUN("new"), &proof);
  PAMRUN_CHECK(result && result->kind == PAMRUN_WRONG_CREDENTIAL);
  PAMRUN_CHECK(pamrun_slept() == 60 * 1000);
}

static void what_is_gone_already_is_looked_for_twice(void) {
  pamrun_test(empty);
  pamrun_request request = given();
  pamrun_plan planned = plan();
  pamrun_retired retired = {0};
  PAMRUN_CHECK(!plugin.commit(&request, &planned, PAMRUN("new"), &retired));
  PAMRUN_CHECK(retired.count == 1 && retired.items[0].state == PAMRUN_GONE);
  PAMRUN_CHECK(pamrun_is(pamrun_calls(), "delete(key=old) tokens tokens"));
}

static void rollback_removes_every_try_and_nothing_else(void) {
  pamrun_test(well);
  pamrun_request request = given();
  pamrun_plan planned = plan();
  pamrun_retired retired = {0};
  PAMRUN_CHECK(!plugin.rollback(&request, &planned, PAMRUN("other"), &retired));
  PAMRUN_CHECK(pamrun_is(pamrun_calls(), "tokens delete(key=ours) delete(key=other)"));
  PAMRUN_CHECK(!plugin.rollback(&request, &planned, PAMRUN(""), &retired));
  PAMRUN_CHECK(retired.count == 3);
}

int main(void) {
  what_the_record_names_is_planned_for_removal();
  a_record_that_names_no_token_is_told();
  a_token_is_made_once();
  a_new_token_may_take_a_while();
  a_token_that_is_never_accepted_is_the_wrong_credential();
  what_is_gone_already_is_looked_for_twice();
  rollback_removes_every_try_and_nothing_else();
  return pamrun_failed();
}
