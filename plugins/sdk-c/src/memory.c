// Memory that lives as long as a step, and the strings in it.
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

typedef struct block {
  struct block *next;
  max_align_t content[];
} block;

static block *blocks;

void *pamrun_allocate(size_t size) {
  block *fresh = size > SIZE_MAX - sizeof(block) ? NULL : calloc(1, sizeof(block) + size);
  if (!fresh) {
    __builtin_trap();
  }
  fresh->next = blocks;
  blocks = fresh;
  return fresh->content;
}

void pamrun_forget(void) {
  while (blocks) {
    block *next = blocks->next;
    free(blocks);
    blocks = next;
  }
}

void *pamrun_grow(void *items, size_t count, size_t item_size) {
  if (count & (count - 1)) {
    return items;
  }
  size_t room = count ? 2 * count : 1;
  if (room > SIZE_MAX / item_size) {
    __builtin_trap();
  }
  void *grown = pamrun_allocate(room * item_size);
  if (count) {
    memcpy(grown, items, count * item_size);
  }
  return grown;
}

pamrun_string pamrun_keep(const void *data, size_t length) {
  char *copy = pamrun_allocate(length + 1);
  if (length) {
    memcpy(copy, data, length);
  }
  return (pamrun_string){copy, length};
}

pamrun_string pamrun_copy(const char *text) { return pamrun_keep(text, strlen(text)); }

bool pamrun_equal(pamrun_string a, pamrun_string b) {
  return a.length == b.length && (a.length == 0 || memcmp(a.data, b.data, a.length) == 0);
}

bool pamrun_is(pamrun_string string, const char *text) {
  return pamrun_equal(string, (pamrun_string){text, strlen(text)});
}

pamrun_string pamrun_join_all(const pamrun_string *parts, size_t count) {
  size_t length = 0;
  for (size_t i = 0; i < count; i++) {
    length += parts[i].length;
  }
  char *joined = pamrun_allocate(length + 1);
  char *end = joined;
  for (size_t i = 0; i < count; i++) {
    if (parts[i].length) {
      memcpy(end, parts[i].data, parts[i].length);
    }
    end += parts[i].length;
  }
  return (pamrun_string){joined, length};
}

pamrun_string pamrun_format(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  int length = vsnprintf(NULL, 0, format, arguments);
  va_end(arguments);
  if (length < 0) {
    return PAMRUN("");
  }
  char *text = pamrun_allocate((size_t)length + 1);
  va_start(arguments, format);
  vsnprintf(text, (size_t)length + 1, format, arguments);
  va_end(arguments);
  return (pamrun_string){text, (size_t)length};
}
