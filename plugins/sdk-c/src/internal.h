// What the files of the SDK share.
#ifndef PAMRUN_INTERNAL_H
#define PAMRUN_INTERNAL_H

#include "pamrun.h"

struct pamrun_setting {
  pamrun_string key;
  uint8_t kind; // as in the interface: text, integer, number, flag, duration
  pamrun_string text;
  int64_t integer;
  double number;
  uint64_t duration;
};

// Allocates zeroed memory that lives until the step ends; never returns null.
void *pamrun_allocate(size_t size);
// Frees all of it.
void pamrun_forget(void);
// Makes room for one more item at the end of a list and returns the list. The room doubles whenever
// the count reaches a power of two.
void *pamrun_grow(void *items, size_t count, size_t item_size);
// Copies bytes, and adds the zero byte.
pamrun_string pamrun_keep(const void *data, size_t length);
bool pamrun_is(pamrun_string string, const char *text);
bool pamrun_is_utf8(pamrun_string text);

// A text under construction.
typedef struct pamrun_buffer {
  char *data;
  size_t length;
  size_t room;
} pamrun_buffer;

void pamrun_append(pamrun_buffer *buffer, const void *data, size_t length);
// The text so far, with a zero byte after it.
pamrun_string pamrun_finish(pamrun_buffer *buffer);

#endif
