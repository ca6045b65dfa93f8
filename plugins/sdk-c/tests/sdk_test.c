// What of the SDK does not need a component, compiled for this machine. Run by tests/tests/c_sdk.rs.
#include "pamrun_testing.h"

// ---- calls ----

static pamrun_answer told;

static pamrun_answer tell(pamrun_string request, const pamrun_values *params, size_t count) {
  (void)request, (void)params, (void)count;
  return told;
}

// Tells it so many times, then succeeds.
static size_t times;

static pamrun_answer tell_at_first(pamrun_string request, const pamrun_values *params, size_t count) {
  (void)request, (void)params;
  return count < times ? told : pamrun_success();
}

static pamrun_answer late(pamrun_answer answer, int64_t retry_after) {
  answer.retry_after = retry_after;
  return answer;
}

static pamrun_string said(const pamrun_answer *answer, pamrun_result *result) {
  pamrun_test(tell);
  told = *answer;
  pamrun_answer ignored;
  *result = pamrun_call(&ignored, "app");
  return *result ? (*result)->message : PAMRUN("");
}

static void parameters_go_by_name(void) {
  pamrun_test(tell);
  told = pamrun_success();
  pamrun_answer answer;
  PAMRUN_CHECK(!pamrun_call(&answer, "make", pamrun_as_integer("days", 3), pamrun_as_time("ends", 1893456000)));
  PAMRUN_CHECK(!pamrun_call(&answer, "read"));
  PAMRUN_CHECK(pamrun_is(pamrun_calls(), "make(days=3,ends=2030-01-01T00:00:00Z) read"));
}

static void trouble_without_a_judgement_is_a_failure_of_its_status(void) {
  static const struct {
    int status;
    pamrun_failure_kind kind;
    const char *code;
  } known[] = {
      {400, PAMRUN_DENIED, "rejected"},      {401, PAMRUN_WRONG_CREDENTIAL, "not-authorized"},
      {403, PAMRUN_DENIED, "forbidden"},     {404, PAMRUN_NOT_FOUND, "not-found"},
      {409, PAMRUN_CONFLICT, "conflict"},    {410, PAMRUN_NOT_FOUND, "not-found"},
      {429, PAMRUN_UNAVAILABLE, "throttled"},
  };
  pamrun_result result;
  for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
    pamrun_answer answer = pamrun_rejection(known[i].status);
    said(&answer, &result);
    PAMRUN_CHECK(result && result->kind == known[i].kind && pamrun_is(result->code, known[i].code));
  }
  pamrun_answer outage = pamrun_outage(0);
  PAMRUN_CHECK(pamrun_is(said(&outage, &result), "the service does not answer `app` now (no answer)"));
  PAMRUN_CHECK(result->fix.length > 0);
  PAMRUN_CHECK(result->kind == PAMRUN_UNAVAILABLE && pamrun_is(result->code, "service-unavailable"));
  pamrun_answer lost = pamrun_lost();
  PAMRUN_CHECK(pamrun_is(said(&lost, &result), "it is unknown whether the service did it: the answer was lost"));
  PAMRUN_CHECK(result->kind == PAMRUN_UNCERTAIN);
  pamrun_answer refused = {.trouble = PAMRUN_TROUBLE_REFUSED, .reason = PAMRUN("target-changed")};
  PAMRUN_CHECK(pamrun_is(said(&refused, &result), "the host did not send it: target-changed"));
  PAMRUN_CHECK(result->kind == PAMRUN_OTHER);
}

static void what_a_service_says_is_told_in_one_line(void) {
  pamrun_test(tell);
  told = pamrun_rejection(400);
  pamrun_give(&told.errors, pamrun_as_text("code", PAMRUN("E1")));
  pamrun_give(&told.errors, pamrun_as_integer("number", 7));
  pamrun_give(&told.errors, pamrun_as_text("message", PAMRUN(" no\r\n way \t")));
  pamrun_answer answer;
  pamrun_result result = pamrun_call(&answer, "app");
  PAMRUN_CHECK(result && pamrun_is(result->message, "the service refuses `app` (HTTP 400 E1: no way)"));
}

// ---- trying again ----

static bool retried(pamrun_answer answer, size_t fails, bool is_well, size_t tries, int64_t seconds) {
  pamrun_test(tell_at_first);
  told = answer;
  times = fails;
  pamrun_answer last;
  pamrun_result result = pamrun_retry(PAMRUN_PATIENCE, &last, "read");
  // "read read read" is a blank less than five times the tries.
  return !result == is_well && pamrun_calls().length == 5 * tries - 1 && pamrun_slept() == seconds * 1000;
}

static void long_waits_are_waited_out_as_long_as_all_of_them_fit(void) {
  PAMRUN_CHECK(retried(late(pamrun_rejection(429), 46 * 1000), 5, true, 6, 230));
  PAMRUN_CHECK(retried(late(pamrun_rejection(503), 300 * 1000), 1, true, 2, 300));
  PAMRUN_CHECK(retried(late(pamrun_rejection(429), 300 * 1000), 2, false, 2, 300));
  PAMRUN_CHECK(retried(late(pamrun_rejection(429), 481 * 1000), 1, false, 1, 0));
}

static void a_service_that_asks_for_next_to_nothing_is_not_asked_for_ever(void) {
  PAMRUN_CHECK(retried(late(pamrun_rejection(429), 1000), 200, false, 97, 96));
  PAMRUN_CHECK(retried(late(pamrun_rejection(429), 0), 1, true, 2, 5));
  PAMRUN_CHECK(retried(late(pamrun_outage(0), 0), 1, true, 2, 2));
}

static void what_says_no_time_is_tried_five_times(void) {
  PAMRUN_CHECK(retried(pamrun_outage(0), 200, false, 5, 30));
  PAMRUN_CHECK(retried(pamrun_outage(503), 4, true, 5, 30));
}

static void what_is_decided_or_may_have_been_done_is_not_repeated(void) {
  PAMRUN_CHECK(retried(late(pamrun_rejection(400), 7000), 1, false, 1, 0));
  PAMRUN_CHECK(retried(pamrun_lost(), 1, false, 1, 0));
  PAMRUN_CHECK(retried((pamrun_answer){.trouble = PAMRUN_TROUBLE_REFUSED, .reason = PAMRUN("no")}, 1, false, 1, 0));
}

static void what_is_tried_again_is_logged_with_its_cause(void) {
  PAMRUN_CHECK(retried(pamrun_outage(503), 1, true, 2, 2));
  PAMRUN_CHECK(pamrun_is(pamrun_logged(),
                         "trying again in 2000 ms: the service does not answer `read` now (HTTP 503)\n"));
}

// When what is probed for is there, in seconds.
static int64_t ready;

static bool is_ready(const pamrun_answer *answer) {
  (void)answer;
  return pamrun_slept() >= ready * 1000;
}

// Probes until it is ready, and gives the seconds that were slept.
static int64_t probed(pamrun_answer answer, int64_t window, int64_t seconds) {
  pamrun_test(tell);
  told = answer;
  ready = seconds;
  pamrun_answer last;
  pamrun_result result = pamrun_until(window * 1000, &last, is_ready, "read");
  PAMRUN_CHECK(!result == (answer.trouble == PAMRUN_TROUBLE_NONE));
  return pamrun_slept() / 1000;
}

static void probing_ends_when_it_is_done_or_with_its_window(void) {
  PAMRUN_CHECK(probed(pamrun_success(), 60, 0) == 0);
  PAMRUN_CHECK(probed(pamrun_rejection(401), 60, 5) == 6);
  PAMRUN_CHECK(probed(pamrun_rejection(401), 60, 600) == 60);
}

static void a_busy_service_is_probed_as_it_asks_and_a_silent_one_for_half_a_minute(void) {
  PAMRUN_CHECK(probed(pamrun_outage(0), 600, 0) == 30);
  PAMRUN_CHECK(probed(late(pamrun_rejection(429), 100 * 1000), 60, 0) == 400);
  PAMRUN_CHECK(probed(pamrun_rejection(403), 60, 0) == 0);
}

// ---- values ----

static void values_are_read_by_name_and_kind(void) {
  pamrun_test(tell);
  pamrun_values values = {0};
  pamrun_give(&values, pamrun_as_text("a", PAMRUN("x")));
  pamrun_give(&values, pamrun_as_integer("b", 5));
  pamrun_give(&values, pamrun_as_flag("c", true));
  pamrun_give(&values, (pamrun_value){.name = PAMRUN("d"), .kind = PAMRUN_SECRET});
  PAMRUN_CHECK(pamrun_is(pamrun_text(&values, "a"), "x"));
  PAMRUN_CHECK(pamrun_integer(&values, "b") == 5 && pamrun_flag(&values, "c"));
  PAMRUN_CHECK(pamrun_text(&values, "b").length == 0 && pamrun_integer(&values, "c") == 0);
  PAMRUN_CHECK(pamrun_text(&values, "d").length == 0 && pamrun_text(&values, "e").data);
  PAMRUN_CHECK(pamrun_find(&values, "d")->kind == PAMRUN_SECRET && !pamrun_find(&values, "e"));
  PAMRUN_CHECK(pamrun_texts(&values, "a").count == 0 && pamrun_duration(&values, "b") == 0);
}

static void the_marker_of_any_try_is_recognised_and_no_other(void) {
  pamrun_test(tell);
  pamrun_request request = pamrun_given();
  pamrun_string rotation = {request.marker.data, request.marker.length - 2};
  const char *ours[] = {".1", ".2", ".11"}, *others[] = {"", ".", "2.1", ".1 copy", ".x"};
  for (size_t i = 0; i < sizeof ours / sizeof *ours; i++) {
    PAMRUN_CHECK(pamrun_made_this(&request, pamrun_join(rotation, pamrun_copy(ours[i]))));
  }
  for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
    PAMRUN_CHECK(!pamrun_made_this(&request, pamrun_join(rotation, pamrun_copy(others[i]))));
  }
  PAMRUN_CHECK(!pamrun_made_this(&request, PAMRUN("")));
}

static void lists_grow(void) {
  pamrun_test(tell);
  pamrun_plan plan = {0};
  for (int i = 0; i < 100; i++) {
    pamrun_remove(&plan, pamrun_format("id-%d", i));
  }
  PAMRUN_CHECK(plan.removes.count == 100 && pamrun_is(plan.removes.items[99], "id-99"));
  PAMRUN_CHECK(pamrun_is(plan.removes.items[0], "id-0"));
}

// The tests of the SDK have no plugin.
const pamrun_plugin plugin = {0};

int main(void) {
  parameters_go_by_name();
  trouble_without_a_judgement_is_a_failure_of_its_status();
  what_a_service_says_is_told_in_one_line();
  long_waits_are_waited_out_as_long_as_all_of_them_fit();
  a_service_that_asks_for_next_to_nothing_is_not_asked_for_ever();
  what_says_no_time_is_tried_five_times();
  what_is_decided_or_may_have_been_done_is_not_repeated();
  what_is_tried_again_is_logged_with_its_cause();
  probing_ends_when_it_is_done_or_with_its_window();
  a_busy_service_is_probed_as_it_asks_and_a_silent_one_for_half_a_minute();
  values_are_read_by_name_and_kind();
  the_marker_of_any_try_is_recognised_and_no_other();
  lists_grow();
  return pamrun_failed();
}
