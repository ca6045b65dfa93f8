// What an answer means, by its status.
#define _GNU_SOURCE // strptime, timegm
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "internal.h"

// The moment that a date of HTTP names, in any of its three spellings; false where it is none.
static bool parse_date(const char *text, time_t *moment) {
  static const char *const spellings[] = {"%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %d %H:%M:%S %Y"};
  for (size_t i = 0; i < sizeof spellings / sizeof *spellings; i++) {
    struct tm parts = {0};
    const char *rest = strptime(text, spellings[i], &parts);
    if (rest && *rest == '\0') {
      *moment = timegm(&parts);
      return true;
    }
  }
  return false;
}

// A number of seconds, in whole ones: a part of one is waited for, to come early is to be turned away again.
static bool parse_seconds(pamrun_string text, int64_t *seconds) {
  size_t whole = text.length ? strspn(text.data, "0123456789") : 0;
  if (!whole) {
    return false;
  }
  *seconds = strtoll(text.data, NULL, 10);
  if (whole == text.length) {
    return true;
  }
  const char *part = text.data + whole + 1;
  size_t digits = text.data[whole] == '.' ? strspn(part, "0123456789") : 0;
  if (!digits || whole + 1 + digits != text.length) {
    return false;
  }
  if (strspn(part, "0") < digits && *seconds < UINT32_MAX) {
    *seconds += 1;
  }
  return true;
}

int64_t pamrun_retry_after(const pamrun_answer *answer) {
  pamrun_string value = pamrun_answer_header(answer, "retry-after");
  time_t moment;
  int64_t seconds;
  if (!parse_seconds(value, &seconds)) {
    if (!value.length || !parse_date(value.data, &moment)) {
      return -1;
    }
    // `time` cuts off parts of a second, so that nobody comes too early.
    seconds = moment - time(NULL);
  }
  return seconds < 0 ? 0 : seconds > UINT32_MAX ? UINT32_MAX : seconds;
}

static pamrun_result refusal(const pamrun_answer *answer, pamrun_failure_kind kind, const char *code,
                             const char *meaning) {
  return pamrun_fail(kind, code, pamrun_format("%s%s", answer->what.data, meaning));
}

pamrun_result pamrun_expect(const pamrun_answer *answer, int status) {
  if (answer->status == status) {
    return PAMRUN_OK;
  }
  switch (answer->status) {
    case 401:
      return refusal(answer, PAMRUN_DENIED, "unauthorized", ": it does not accept the credential");
    case 403:
      return refusal(answer, PAMRUN_DENIED, "forbidden", ": a right is missing");
    case 404:
    case 410:
      return refusal(answer, PAMRUN_NOT_FOUND, "not-found", ": it does not exist");
    case 409:
    case 412:
      return refusal(answer, PAMRUN_CONFLICT, "conflict", ": somebody else changed it at the same time");
    case 429:
      return pamrun_unavailable("throttled", pamrun_format("%s: it asks to slow down", answer->what.data),
                                pamrun_retry_after(answer));
  }
  if (answer->status >= 400 && answer->status < 500 && answer->status != 408) {
    return refusal(answer, PAMRUN_DENIED, "refused", "");
  }
  return pamrun_unclear(answer, answer->changes ? "which does not say whether it was done" : "which is no answer");
}

pamrun_result pamrun_unclear(const pamrun_answer *answer, const char *why) {
  pamrun_string message = pamrun_format("%s, %s", answer->what.data, why);
  return answer->changes ? pamrun_fail(PAMRUN_UNCERTAIN, "unclear-answer", message)
                         : pamrun_unavailable("unclear-answer", message, pamrun_retry_after(answer));
}

pamrun_result pamrun_answer_json(const pamrun_answer *answer, const pamrun_json **json) {
  *json = pamrun_json_parse(answer->body);
  return *json ? PAMRUN_OK : pamrun_unclear(answer, "which is not JSON");
}

pamrun_string pamrun_answer_header(const pamrun_answer *answer, const char *name) {
  for (size_t i = 0; i < answer->header_count; i++) {
    if (strcmp(answer->headers[i].name, name) == 0) {
      return answer->headers[i].value;
    }
  }
  return PAMRUN("");
}
