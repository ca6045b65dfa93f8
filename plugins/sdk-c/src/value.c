// Values, and what a step is given and returns.
#include <string.h>
#include <time.h>

#include "internal.h"

const pamrun_value *pamrun_find(const pamrun_values *values, const char *name) {
  for (size_t i = 0; i < values->count; i++) {
    if (pamrun_is(values->items[i].name, name)) {
      return &values->items[i];
    }
  }
  return NULL;
}

// A value of nothing but zeros stands for one that is missing.
static pamrun_value find(const pamrun_values *values, const char *name, pamrun_value_kind kind) {
  const pamrun_value *found = pamrun_find(values, name);
  return found && found->kind == kind ? *found : (pamrun_value){.text = PAMRUN("")};
}

pamrun_string pamrun_text(const pamrun_values *values, const char *name) {
  return find(values, name, PAMRUN_TEXT).text;
}

int64_t pamrun_integer(const pamrun_values *values, const char *name) {
  return find(values, name, PAMRUN_INTEGER).integer;
}

bool pamrun_flag(const pamrun_values *values, const char *name) { return find(values, name, PAMRUN_FLAG).integer; }

uint32_t pamrun_duration(const pamrun_values *values, const char *name) {
  return find(values, name, PAMRUN_DURATION).duration;
}

pamrun_strings pamrun_texts(const pamrun_values *values, const char *name) {
  return find(values, name, PAMRUN_TEXTS).texts;
}

pamrun_value pamrun_as_text(const char *name, pamrun_string text) {
  return (pamrun_value){.name = pamrun_copy(name), .kind = PAMRUN_TEXT, .text = text};
}

pamrun_value pamrun_as_integer(const char *name, int64_t integer) {
  return (pamrun_value){.name = pamrun_copy(name), .kind = PAMRUN_INTEGER, .integer = integer};
}

pamrun_value pamrun_as_flag(const char *name, bool flag) {
  return (pamrun_value){.name = pamrun_copy(name), .kind = PAMRUN_FLAG, .integer = flag};
}

pamrun_value pamrun_as_time(const char *name, int64_t seconds) {
  time_t time = (time_t)seconds;
  const struct tm *utc = gmtime(&time);
  char text[32] = "";
  if (utc) {
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", utc);
  }
  return pamrun_as_text(name, pamrun_copy(text));
}

void pamrun_add(pamrun_values *values, pamrun_value value) {
  values->items = pamrun_grow(values->items, values->count, sizeof *values->items);
  values->items[values->count++] = value;
}

bool pamrun_made_this(const pamrun_request *request, pamrun_string name) {
  // The marker ends with a dot and the number of the try; all tries of a rotation are its own.
  const char *dot = strrchr(request->marker.data, '.');
  size_t stem = dot ? (size_t)(dot - request->marker.data) + 1 : request->marker.length;
  if (name.length <= stem || memcmp(name.data, request->marker.data, stem) != 0) {
    return false;
  }
  return strspn(name.data + stem, "0123456789") == name.length - stem;
}

pamrun_result pamrun_fail(pamrun_failure_kind kind, const char *code, pamrun_string message, pamrun_string fix) {
  pamrun_failure *failure = pamrun_allocate(sizeof *failure);
  *failure = (pamrun_failure){.kind = kind, .code = pamrun_copy(code), .message = message, .fix = fix};
  return failure;
}

void pamrun_remove(pamrun_plan *plan, pamrun_string id) {
  plan->removes.items = pamrun_grow(plan->removes.items, plan->removes.count, sizeof *plan->removes.items);
  plan->removes.items[plan->removes.count++] = id;
}

void pamrun_finding(pamrun_plan *plan, pamrun_finding_level level, const char *code, pamrun_string message,
                    pamrun_string fix) {
  plan->findings.items = pamrun_grow(plan->findings.items, plan->findings.count, sizeof *plan->findings.items);
  plan->findings.items[plan->findings.count++] = (pamrun_found){level, pamrun_copy(code), message, fix};
}

void pamrun_return(pamrun_credential *credential, pamrun_value value) { pamrun_add(&credential->returns, value); }

void pamrun_retire(pamrun_retired *retired, pamrun_string id, pamrun_state state) {
  retired->items = pamrun_grow(retired->items, retired->count, sizeof *retired->items);
  retired->items[retired->count++] = (pamrun_retirement){id, state};
}
