// What the files of the SDK share.
#ifndef PAMRUN_INTERNAL_H
#define PAMRUN_INTERNAL_H

#include "pamrun.h"

// Allocates zeroed memory that lives until the step ends; never returns null.
void *pamrun_allocate(size_t size);
// Frees all of it.
void pamrun_forget(void);
// Makes room for one more item at the end of a list and returns the list. The room doubles whenever
// the count reaches a power of two.
void *pamrun_grow(void *items, size_t count, size_t item_size);
// Copies bytes, and adds the zero byte.
pamrun_string pamrun_keep(const void *data, size_t length);
void pamrun_add(pamrun_values *values, pamrun_value value);

// The host: src/wire.c in a component, testing/fake.c in a unit test, which also have the clock and the log.
void pamrun_host_call(const char *request, const pamrun_value *params, pamrun_answer *answer);

#endif
