// The host of unit tests.
#include "pamrun_testing.h"

#include <stdio.h>

#include "../src/internal.h"

static pamrun_peer peer;
static pamrun_strings called;
static pamrun_string calls;
static pamrun_string logged;
static int64_t slept;
static bool has_failed;

void pamrun_test(pamrun_peer next) {
  pamrun_forget();
  peer = next;
  called = (pamrun_strings){0};
  calls = logged = PAMRUN("");
  slept = 0;
}

pamrun_string pamrun_calls(void) { return calls; }

pamrun_string pamrun_logged(void) { return logged; }

int64_t pamrun_slept(void) { return slept; }

int64_t pamrun_now(void) { return INT64_C(1893456000000) + slept; }

void pamrun_sleep(int64_t milliseconds) { slept += milliseconds; }

void pamrun_log(pamrun_level level, pamrun_string message) {
  (void)level;
  logged = pamrun_join(logged, message, PAMRUN("\n"));
}

static pamrun_string shown(const pamrun_value *value) {
  return value->kind == PAMRUN_TEXT ? value->text : pamrun_format("%lld", (long long)value->integer);
}

void pamrun_host_call(const char *request, const pamrun_value *params, pamrun_answer *answer) {
  pamrun_string name = pamrun_copy(request), line = name;
  pamrun_values given = {0};
  for (; params->name.length; params++) {
    line = pamrun_join(line, given.count ? PAMRUN(",") : PAMRUN("("), params->name, PAMRUN("="), shown(params));
    pamrun_add(&given, *params);
  }
  line = given.count ? pamrun_join(line, PAMRUN(")")) : line;
  calls = calls.length ? pamrun_join(calls, PAMRUN(" "), line) : line;
  size_t count = 0;
  for (size_t i = 0; i < called.count; i++) {
    count += pamrun_equal(called.items[i], name);
  }
  called.items = pamrun_grow(called.items, called.count, sizeof *called.items);
  called.items[called.count++] = name;
  *answer = peer(name, &given, count);
  answer->request = name;
}

pamrun_request pamrun_given(void) {
  return (pamrun_request){
      .rotation_id = PAMRUN("11111111-2222-4333-8444-555555555555"),
      .marker = PAMRUN("pamrun-0a1b2c3d-11111111-2222-4333-8444-555555555555.1"),
      .attempt = 1,
      .target = PAMRUN(""),
  };
}

void pamrun_give(pamrun_values *values, pamrun_value value) { pamrun_add(values, value); }

pamrun_answer pamrun_success(void) { return (pamrun_answer){.retry_after = -1}; }

pamrun_answer pamrun_rejection(int status) {
  return (pamrun_answer){.trouble = PAMRUN_TROUBLE_REJECTED, .status = status, .retry_after = -1};
}

pamrun_answer pamrun_outage(int status) {
  return (pamrun_answer){.trouble = PAMRUN_TROUBLE_UNAVAILABLE, .status = status, .retry_after = -1};
}

pamrun_answer pamrun_lost(void) {
  return (pamrun_answer){
      .trouble = PAMRUN_TROUBLE_UNCERTAIN, .reason = PAMRUN("the answer was lost"), .retry_after = -1};
}

void pamrun_output(pamrun_answer *answer, pamrun_value output) { pamrun_add(&answer->outputs, output); }

void pamrun_item(pamrun_answer *answer, pamrun_string id, pamrun_string label) {
  answer->items = pamrun_grow(answer->items, answer->item_count, sizeof *answer->items);
  answer->items[answer->item_count++] = (pamrun_listed){.id = id, .label = label};
}

void pamrun_check(bool holds, const char *condition, const char *file, int line) {
  if (!holds) {
    printf("%s:%d: %s\n", file, line, condition);
    has_failed = true;
  }
}

int pamrun_failed(void) { return has_failed; }
