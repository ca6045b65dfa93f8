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
  pamrun_buffer buffer = {0};
  for (size_t i = 0; i < count; i++) {
    pamrun_append(&buffer, parts[i].data, parts[i].length);
  }
  return pamrun_finish(&buffer);
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

pamrun_string pamrun_escape(pamrun_string text) {
  static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
  pamrun_buffer buffer = {0};
  for (size_t i = 0; i < text.length; i++) {
    unsigned char byte = (unsigned char)text.data[i];
    if (byte && strchr(plain, byte)) {
      pamrun_append(&buffer, &byte, 1);
    } else {
      char code[4];
      snprintf(code, sizeof code, "%%%02X", byte);
      pamrun_append(&buffer, code, 3);
    }
  }
  return pamrun_finish(&buffer);
}

bool pamrun_is_utf8(pamrun_string text) {
  const unsigned char *at = (const unsigned char *)text.data;
  const unsigned char *end = at + text.length;
  while (at < end) {
    unsigned char lead = *at++;
    // How many bytes follow, and between what the first of them lies.
    int more = lead < 0x80 ? 0 : lead < 0xc2 ? -1 : lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : lead < 0xf5 ? 3 : -1;
    unsigned char low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
    unsigned char high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
    if (more < 0 || end - at < more) {
      return false;
    }
    for (; more > 0; more--, at++) {
      if (*at < low || *at > high) {
        return false;
      }
      low = 0x80;
      high = 0xbf;
    }
  }
  return true;
}

void pamrun_append(pamrun_buffer *buffer, const void *data, size_t length) {
  if (length >= SIZE_MAX / 2 - buffer->length) {
    __builtin_trap();
  }
  size_t needed = buffer->length + length + 1;
  if (needed > buffer->room) {
    size_t room = needed < 64 ? 64 : 2 * needed;
    char *grown = pamrun_allocate(room);
    if (buffer->length) {
      memcpy(grown, buffer->data, buffer->length);
    }
    buffer->data = grown;
    buffer->room = room;
  }
  if (length) {
    memcpy(buffer->data + buffer->length, data, length);
  }
  buffer->length += length;
}

pamrun_string pamrun_finish(pamrun_buffer *buffer) {
  pamrun_append(buffer, "", 0);
  return (pamrun_string){buffer->data, buffer->length};
}
