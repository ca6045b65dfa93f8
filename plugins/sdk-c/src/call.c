// Calling requests, and what becomes of trouble.
#include <ctype.h>
#include <string.h>

#include "internal.h"

// A text of somebody else's in one line: each run of white space is one blank.
static pamrun_string one_line(pamrun_string text) {
  char *line = pamrun_allocate(text.length + 1);
  size_t length = 0;
  for (size_t i = 0; i < text.length; i++) {
    unsigned char byte = (unsigned char)text.data[i];
    if (!isspace(byte)) {
      line[length++] = (char)byte;
    } else if (length && line[length - 1] != ' ') {
      line[length++] = ' ';
    }
  }
  if (length && line[length - 1] == ' ') {
    line[--length] = '\0';
  }
  return (pamrun_string){line, length};
}

// The status, and what the service says in texts.
static pamrun_string said(const pamrun_answer *answer) {
  pamrun_string all = answer->status ? pamrun_format("HTTP %d", answer->status) : PAMRUN("no answer");
  const char *between = " ";
  for (size_t i = 0; i < answer->errors.count; i++) {
    pamrun_string text = one_line(answer->errors.items[i].text);
    if (text.length) {
      all = pamrun_join(all, pamrun_copy(between), text);
      between = ": ";
    }
  }
  return all;
}

static pamrun_result rejection(const pamrun_answer *answer, pamrun_string message) {
  switch (answer->status) {
    case 401:
      return pamrun_fail(PAMRUN_WRONG_CREDENTIAL, "not-authorized", message,
                         PAMRUN("see whether the credential that it is sent with is still the right one"));
    case 403:
      return pamrun_fail(PAMRUN_DENIED, "forbidden", message,
                         PAMRUN("give the credential that it is sent with the right to do this"));
    case 404:
    case 410:
      return pamrun_fail(PAMRUN_NOT_FOUND, "not-found", message,
                         PAMRUN("see whether the service still has what the record names"));
    case 409:
      return pamrun_fail(PAMRUN_CONFLICT, "conflict", message,
                         PAMRUN("see who else changes it at the same time, and rotate again"));
    case 429:
      return pamrun_fail(PAMRUN_UNAVAILABLE, "throttled", message, PAMRUN("rotate again later"));
    default:
      return pamrun_fail(PAMRUN_DENIED, "rejected", message, PAMRUN(""));
  }
}

// What becomes of trouble that a plugin knows nothing better about.
static pamrun_result failure_of(const pamrun_answer *answer) {
  pamrun_string message;
  switch (answer->trouble) {
    case PAMRUN_TROUBLE_NONE:
      return PAMRUN_OK;
    case PAMRUN_TROUBLE_REJECTED:
      message = pamrun_format("the service refuses `%s` (%s)", answer->request.data, said(answer).data);
      return rejection(answer, message);
    case PAMRUN_TROUBLE_UNAVAILABLE:
      message = pamrun_format("the service does not answer `%s` now (%s)", answer->request.data, said(answer).data);
      return pamrun_fail(PAMRUN_UNAVAILABLE, "service-unavailable", message,
                         PAMRUN("see whether the service can be reached and is up, and rotate again"));
    case PAMRUN_TROUBLE_UNCERTAIN:
      message = pamrun_join(PAMRUN("it is unknown whether the service did it: "), answer->reason);
      return pamrun_fail(PAMRUN_UNCERTAIN, "answer-unclear", message, PAMRUN(""));
    case PAMRUN_TROUBLE_REFUSED:
      break;
  }
  message = pamrun_join(PAMRUN("the host did not send it: "), answer->reason);
  return pamrun_fail(PAMRUN_OTHER, "host-refused", message, PAMRUN(""));
}

pamrun_result pamrun_call_named(pamrun_answer *answer, const char *request, const pamrun_value *params) {
  *answer = (pamrun_answer){.retry_after = -1};
  pamrun_host_call(request, params, answer);
  return failure_of(answer);
}

bool pamrun_rejected(const pamrun_answer *answer, int status) {
  return answer->trouble == PAMRUN_TROUBLE_REJECTED && answer->status == status;
}
