// What of the SDK does not need a host, compiled for this machine. Run by tests/tests/c_sdk.rs.
#include <stdio.h>
#include <time.h>

#include "../src/internal.h"

static int failures;

#define CHECK(condition)                                                                           \
  do {                                                                                             \
    if (!(condition)) {                                                                            \
      printf("%s:%d: %s\n", __FILE__, __LINE__, #condition);                                       \
      failures++;                                                                                  \
    }                                                                                              \
  } while (0)

// The time of the SDK: the first second of 2030.
time_t time(time_t *now) {
  (void)now;
  return 1893456000;
}

static int64_t asked(pamrun_string text) {
  pamrun_header header = {"retry-after", text};
  pamrun_answer answer = {.headers = &header, .header_count = 1};
  return pamrun_retry_after(&answer);
}

static void retry_after_is_read_in_all_spellings(void) {
  CHECK(asked(PAMRUN("7")) == 7);
  CHECK(asked(PAMRUN("99999999999")) == UINT32_MAX);
  CHECK(asked(PAMRUN("Tue, 01 Jan 2030 00:00:20 GMT")) == 20);
  CHECK(asked(PAMRUN("Tuesday, 01-Jan-30 00:01:00 GMT")) == 60);
  CHECK(asked(PAMRUN("Tue Jan  1 00:00:02 2030")) == 2);
}

static void a_part_of_a_second_is_waited_for_as_a_whole_one(void) {
  CHECK(asked(PAMRUN("45.5")) == 46);
  CHECK(asked(PAMRUN("0.001")) == 1);
  CHECK(asked(PAMRUN("7.0")) == 7);
  CHECK(asked(PAMRUN("99999999999999999999.5")) == UINT32_MAX);
}

static void a_date_that_has_passed_is_no_reason_to_wait(void) {
  CHECK(asked(PAMRUN("Mon, 31 Dec 2029 23:59:59 GMT")) == 0);
  CHECK(asked(PAMRUN("Thu, 01 Jan 1970 00:00:00 GMT")) == 0);
}

static void a_date_far_away_is_the_longest_wait(void) {
  CHECK(asked(PAMRUN("Fri, 31 Dec 9999 23:59:59 GMT")) == UINT32_MAX);
}

static void what_is_neither_says_nothing(void) {
  CHECK(asked(PAMRUN("")) == -1);
  CHECK(asked(PAMRUN("soon")) == -1);
  CHECK(asked(PAMRUN("-1")) == -1);
  CHECK(asked(PAMRUN("-1.5")) == -1);
  CHECK(asked(PAMRUN("1.")) == -1);
  CHECK(asked(PAMRUN(".5")) == -1);
  CHECK(asked(PAMRUN("1.5.2")) == -1);
  CHECK(asked(PAMRUN("1e3")) == -1);
  CHECK(asked(PAMRUN("2030-01-01T00:00:20Z")) == -1);
  CHECK(pamrun_retry_after(&(pamrun_answer){0}) == -1);
}

static void a_finding_is_a_note_of_one_or_two_lines(void) {
  pamrun_string text = pamrun_finding(PAMRUN_FINDING_INFO, "new", PAMRUN("it will be made"), PAMRUN(""));
  CHECK(pamrun_is(text, "info new: it will be made"));
  text = pamrun_finding(PAMRUN_FINDING_ERROR, "app-full", PAMRUN("the app has no room"), PAMRUN("remove some"));
  CHECK(pamrun_is(text, "error app-full: the app has no room\nremove some"));
}

static void what_a_service_called_something_makes_no_further_line(void) {
  pamrun_string text = pamrun_finding(PAMRUN_FINDING_WARNING, "owner", PAMRUN("the app \"\xc3\xa9\nerror b: c\""),
                                      PAMRUN("ask\r\nsomebody"));
  CHECK(pamrun_is(text, "warning owner: the app \"\xc3\xa9 error b: c\"\nask  somebody"));
}

int main(void) {
  retry_after_is_read_in_all_spellings();
  a_part_of_a_second_is_waited_for_as_a_whole_one();
  a_date_that_has_passed_is_no_reason_to_wait();
  a_date_far_away_is_the_longest_wait();
  what_is_neither_says_nothing();
  a_finding_is_a_note_of_one_or_two_lines();
  what_a_service_called_something_makes_no_further_line();
  return failures != 0;
}
