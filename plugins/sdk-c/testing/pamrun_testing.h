// What a plugin's unit tests need: a host that answers by the names of requests, and whose time passes only in
// `pamrun_sleep`. For this machine's own compiler, in place of src/wire.c.
#ifndef PAMRUN_TESTING_H
#define PAMRUN_TESTING_H

#include "pamrun.h"

// Answers a request. `count` says how often that request was called before.
typedef pamrun_answer (*pamrun_peer)(pamrun_string request, const pamrun_values *params, size_t count);

// Begins a test: what was before is forgotten, the new peer answers, and it is the first second of 2030.
void pamrun_test(pamrun_peer peer);
// What was called so far: "tokens delete(key=old)".
pamrun_string pamrun_calls(void);
// What was logged so far, each in a line of its own.
pamrun_string pamrun_logged(void);
// The milliseconds that were slept.
int64_t pamrun_slept(void);

// What a step is given, without inputs and settings: pamrun_give(&request.inputs, pamrun_as_text("target.id", id)).
pamrun_request pamrun_given(void);
void pamrun_give(pamrun_values *values, pamrun_value value);

// Each makes an answer.
pamrun_answer pamrun_success(void);
pamrun_answer pamrun_rejection(int status);
pamrun_answer pamrun_outage(int status);
pamrun_answer pamrun_lost(void);
// Each adds to one.
void pamrun_output(pamrun_answer *answer, pamrun_value output);
void pamrun_item(pamrun_answer *answer, pamrun_string id, pamrun_string label);

// Notes what does not hold; the test goes on.
#define PAMRUN_CHECK(condition) pamrun_check(condition, #condition, __FILE__, __LINE__)
void pamrun_check(bool holds, const char *condition, const char *file, int line);
// What `main` returns: 1 where a check did not hold.
int pamrun_failed(void);

#endif
