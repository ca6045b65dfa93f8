// The template's plugin, which breaks down at the end of the step that a setting names.
#include <stdlib.h>

#include "pamrun.h"

extern const pamrun_plugin tokens;

static pamrun_result stopping(const pamrun_request *request, const char *step, pamrun_result result) {
  if (!pamrun_is(pamrun_text(&request->settings, "stops_in"), step)) {
    return result;
  }
  if (pamrun_is(pamrun_text(&request->settings, "by"), "mistake")) {
    abort();
  }
  for (;;) {
    (void)pamrun_format("%*d", 1 << 20, 1);
  }
}

static pamrun_result preflight(const pamrun_request *request, pamrun_plan *plan) {
  return stopping(request, "preflight", tokens.preflight(request, plan));
}

static pamrun_result rotate(const pamrun_request *request, const pamrun_plan *plan, pamrun_credential *credential) {
  return stopping(request, "rotate", tokens.rotate(request, plan, credential));
}

static pamrun_result verify(const pamrun_request *request, const pamrun_plan *plan, pamrun_string id,
                            pamrun_proof *proof) {
  return stopping(request, "verify", tokens.verify(request, plan, id, proof));
}

static pamrun_result commit(const pamrun_request *request, const pamrun_plan *plan, pamrun_string id,
                            pamrun_retired *retired) {
  return stopping(request, "commit", tokens.commit(request, plan, id, retired));
}

static pamrun_result rollback(const pamrun_request *request, const pamrun_plan *plan, pamrun_string id,
                              pamrun_retired *retired) {
  return stopping(request, "rollback", tokens.rollback(request, plan, id, retired));
}

const pamrun_plugin plugin = {
    .preflight = preflight,
    .rotate = rotate,
    .verify = verify,
    .commit = commit,
    .rollback = rollback,
};
