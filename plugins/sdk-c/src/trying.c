// Trying again, where that is safe and of use. All times are milliseconds.
#include "internal.h"

// What a pause that is asked for counts at least: a service that never asks for more than a second is not asked for
// ever. So long is also waited for one that asks to slow down, and does not say for how long.
enum { LEAST = 5 * 1000 };

// The first and the longest pause between probes, and how long a service that says nothing is asked again.
enum { FIRST = 2 * 1000, LONGEST = 15 * 1000, OUTAGE = 30 * 1000 };

static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

static bool is_busy(const pamrun_answer *answer) {
  return answer->trouble == PAMRUN_TROUBLE_UNAVAILABLE || pamrun_rejected(answer, 429) ||
         pamrun_rejected(answer, 503);
}

// How long the service asks to wait; 0 where it says nothing. A time of 0 is no invitation to ask without a pause.
static int64_t asked(const pamrun_answer *answer) {
  return answer->retry_after > 0 ? answer->retry_after : answer->status == 429 ? LEAST : 0;
}

// Takes a pause that is asked for out of what is left of the patience; 0 where it is more than that.
static int64_t spend(int64_t *left, int64_t pause, int64_t at_least) {
  *left -= pause > at_least ? pause : at_least;
  return *left >= 0 ? pause : 0;
}

pamrun_result pamrun_retry_named(int64_t milliseconds, pamrun_answer *answer, const char *request,
                                 const pamrun_value *params) {
  // The pauses between tries, as long as the service asks for no other.
  static const int64_t pauses[] = {2 * 1000, 4 * 1000, 8 * 1000, 16 * 1000, 0};
  const int64_t *next = pauses;
  for (int64_t left = milliseconds;;) {
    pamrun_result result = pamrun_call_named(answer, request, params);
    int64_t pause = 0;
    if (is_busy(answer) && asked(answer)) {
      pause = spend(&left, asked(answer), LEAST);
    } else if (is_busy(answer) && *next) {
      pause = spend(&left, *next++, 0);
    }
    if (!pause) {
      return result;
    }
    pamrun_log(PAMRUN_INFO, pamrun_format("trying again in %lld ms: %s", (long long)pause, result->message.data));
    pamrun_sleep(pause);
  }
}

pamrun_result pamrun_until_named(int64_t milliseconds, pamrun_answer *answer, bool (*is_done)(const pamrun_answer *),
                                 const char *request, const pamrun_value *params) {
  int64_t end = pamrun_now() + milliseconds, next_pause = FIRST, patience = PAMRUN_PATIENCE, silent_since = -1;
  for (;;) {
    pamrun_result result = pamrun_call_named(answer, request, params);
    int64_t now = pamrun_now(), pause = 0;
    if (is_busy(answer) && asked(answer)) {
      silent_since = -1;
      pause = spend(&patience, asked(answer), LEAST);
    } else if (is_busy(answer)) {
      silent_since = silent_since < 0 ? now : silent_since;
      pause = least(FIRST, silent_since + OUTAGE - now);
    } else if (!is_done(answer)) {
      silent_since = -1;
      // The last probe is at the end of the window.
      pause = least(next_pause, end - now);
      next_pause = least(2 * next_pause, LONGEST);
    }
    if (pause <= 0) {
      return result;
    }
    pamrun_sleep(pause);
  }
}
