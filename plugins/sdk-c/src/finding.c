// What preflight tells an operator beforehand, in a form that programs read too.
#include "internal.h"

// Line ends mean something here, and names that a service gave may have some in them.
static pamrun_string one_line(pamrun_string text) {
  pamrun_buffer buffer = {0};
  for (size_t i = 0; i < text.length; i++) {
    unsigned char byte = (unsigned char)text.data[i];
    pamrun_append(&buffer, byte < ' ' || byte == 0x7f ? " " : &text.data[i], 1);
  }
  return pamrun_finish(&buffer);
}

pamrun_string pamrun_finding(pamrun_finding_level level, const char *code, pamrun_string message,
                             pamrun_string fix) {
  static const char *const words[] = {"error", "warning", "info"};
  pamrun_string first =
      pamrun_join(pamrun_copy(words[level]), PAMRUN(" "), pamrun_copy(code), PAMRUN(": "), one_line(message));
  return fix.length ? pamrun_join(first, PAMRUN("\n"), one_line(fix)) : first;
}
