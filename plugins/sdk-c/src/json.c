// JSON, read and written. A tree of values that live as long as the step.
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

// Deeper nesting is refused: the stack of a component is small.
enum { DEPTH = 64 };

typedef enum json_kind { NOTHING, FLAG, NUMBER, TEXT, LIST, OBJECT } json_kind;

struct pamrun_json {
  json_kind kind;
  bool flag;
  pamrun_string name; // of a member of an object
  pamrun_string text; // of a text; of a number, its digits
  pamrun_json *first;
  pamrun_json *last;
  pamrun_json *next;
};

static pamrun_json *make(json_kind kind) {
  pamrun_json *value = pamrun_allocate(sizeof *value);
  value->kind = kind;
  return value;
}

static void append(pamrun_json *parent, pamrun_json *child) {
  if (parent->last) {
    parent->last->next = child;
  } else {
    parent->first = child;
  }
  parent->last = child;
}

// ---- reading ----

// The text ends with a zero byte, which is no character of JSON outside of a string, so that the
// reader needs to look for the end only where it ends.
typedef struct reader {
  const char *at;
  const char *end;
} reader;

static void skip_space(reader *reader) { reader->at += strspn(reader->at, " \t\r\n"); }

static bool take(reader *reader, char character) {
  if (*reader->at != character) {
    return false;
  }
  reader->at++;
  return true;
}

static bool take_word(reader *reader, const char *word) {
  size_t length = strlen(word);
  if (strncmp(reader->at, word, length) != 0) {
    return false;
  }
  reader->at += length;
  return true;
}

static bool read_hex(reader *reader, uint32_t *code) {
  *code = 0;
  for (int i = 0; i < 4; i++) {
    static const char digits[] = "0123456789abcdef";
    char character = *reader->at;
    if (character >= 'A' && character <= 'F') {
      character += 'a' - 'A';
    }
    const char *digit = character ? strchr(digits, character) : NULL;
    if (!digit) {
      return false;
    }
    *code = *code * 16 + (uint32_t)(digit - digits);
    reader->at++;
  }
  return true;
}

static void append_code_point(pamrun_buffer *buffer, uint32_t code) {
  unsigned char bytes[4];
  size_t length;
  if (code < 0x80) {
    bytes[0] = (unsigned char)code;
    length = 1;
  } else if (code < 0x800) {
    bytes[0] = (unsigned char)(0xc0 | code >> 6);
    length = 2;
  } else if (code < 0x10000) {
    bytes[0] = (unsigned char)(0xe0 | code >> 12);
    length = 3;
  } else {
    bytes[0] = (unsigned char)(0xf0 | code >> 18);
    length = 4;
  }
  for (size_t i = 1; i < length; i++) {
    bytes[i] = (unsigned char)(0x80 | (code >> 6 * (length - 1 - i) & 0x3f));
  }
  pamrun_append(buffer, bytes, length);
}

static bool read_escape(reader *reader, pamrun_buffer *buffer) {
  static const char letters[] = "\"\\/bfnrt";
  static const char meanings[] = "\"\\/\b\f\n\r\t";
  char letter = *reader->at++;
  const char *found = letter ? strchr(letters, letter) : NULL;
  if (found) {
    pamrun_append(buffer, &meanings[found - letters], 1);
    return true;
  }
  uint32_t code;
  if (letter != 'u' || !read_hex(reader, &code)) {
    return false;
  }
  if (code >= 0xd800 && code < 0xdc00) {
    uint32_t low;
    if (!take_word(reader, "\\u") || !read_hex(reader, &low) || low < 0xdc00 || low > 0xdfff) {
      return false;
    }
    code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
  } else if (code >= 0xdc00 && code < 0xe000) {
    return false;
  }
  append_code_point(buffer, code);
  return true;
}

static bool read_text(reader *reader, pamrun_string *text) {
  pamrun_buffer buffer = {0};
  if (!take(reader, '"')) {
    return false;
  }
  for (;;) {
    const char *start = reader->at;
    while ((unsigned char)*reader->at >= 0x20 && *reader->at != '"' && *reader->at != '\\') {
      reader->at++;
    }
    pamrun_append(&buffer, start, (size_t)(reader->at - start));
    if (take(reader, '"')) {
      *text = pamrun_finish(&buffer);
      return true;
    }
    if (!take(reader, '\\') || !read_escape(reader, &buffer)) {
      return false;
    }
  }
}

static size_t take_digits(reader *reader) {
  size_t count = strspn(reader->at, "0123456789");
  reader->at += count;
  return count;
}

static bool read_number(reader *reader, pamrun_string *digits) {
  const char *start = reader->at;
  take(reader, '-');
  if (!take(reader, '0') && !take_digits(reader)) {
    return false;
  }
  if (take(reader, '.') && !take_digits(reader)) {
    return false;
  }
  if (take(reader, 'e') || take(reader, 'E')) {
    if (!take(reader, '+')) {
      take(reader, '-');
    }
    if (!take_digits(reader)) {
      return false;
    }
  }
  *digits = pamrun_keep(start, (size_t)(reader->at - start));
  return true;
}

static pamrun_json *read_value(reader *reader, int depth);

// Reads the items of a list, or the members of an object, up to the closing bracket.
static pamrun_json *read_inside(reader *reader, json_kind kind, char close, int depth) {
  pamrun_json *parent = make(kind);
  skip_space(reader);
  if (take(reader, close)) {
    return parent;
  }
  for (;;) {
    pamrun_string name = {0};
    if (kind == OBJECT) {
      skip_space(reader);
      if (!read_text(reader, &name)) {
        return NULL;
      }
      skip_space(reader);
      if (!take(reader, ':')) {
        return NULL;
      }
    }
    pamrun_json *child = read_value(reader, depth);
    if (!child) {
      return NULL;
    }
    child->name = name;
    append(parent, child);
    if (take(reader, close)) {
      return parent;
    }
    if (!take(reader, ',')) {
      return NULL;
    }
  }
}

static pamrun_json *read_value(reader *reader, int depth) {
  skip_space(reader);
  pamrun_json *value = NULL;
  if (*reader->at == '"') {
    value = make(TEXT);
    value = read_text(reader, &value->text) ? value : NULL;
  } else if (*reader->at == '{' || *reader->at == '[') {
    bool is_object = *reader->at++ == '{';
    if (depth < DEPTH) {
      value = read_inside(reader, is_object ? OBJECT : LIST, is_object ? '}' : ']', depth + 1);
    }
  } else if (take_word(reader, "true")) {
    value = pamrun_json_from_flag(true);
  } else if (take_word(reader, "false")) {
    value = pamrun_json_from_flag(false);
  } else if (take_word(reader, "null")) {
    value = make(NOTHING);
  } else {
    value = make(NUMBER);
    value = read_number(reader, &value->text) ? value : NULL;
  }
  if (value) {
    skip_space(reader);
  }
  return value;
}

const pamrun_json *pamrun_json_parse(pamrun_string text) {
  if (!pamrun_is_utf8(text)) {
    return NULL;
  }
  pamrun_string copy = pamrun_keep(text.data, text.length);
  reader reader = {copy.data, copy.data + copy.length};
  pamrun_json *value = read_value(&reader, 0);
  return value && reader.at == reader.end ? value : NULL;
}

bool pamrun_json_is_list(const pamrun_json *value) { return value && value->kind == LIST; }

const pamrun_json *pamrun_json_get(const pamrun_json *object, const char *name) {
  const pamrun_json *found = NULL;
  if (object && object->kind == OBJECT) {
    // Of members with one name the last one counts, as in most parsers.
    for (const pamrun_json *member = object->first; member; member = member->next) {
      if (pamrun_is(member->name, name)) {
        found = member;
      }
    }
  }
  return found;
}

const pamrun_json *pamrun_json_first(const pamrun_json *list) {
  return pamrun_json_is_list(list) ? list->first : NULL;
}

const pamrun_json *pamrun_json_next(const pamrun_json *item) { return item ? item->next : NULL; }

pamrun_string pamrun_json_text(const pamrun_json *value) {
  return value && value->kind == TEXT ? value->text : PAMRUN("");
}

bool pamrun_json_integer(const pamrun_json *value, int64_t *number) {
  if (!value || value->kind != NUMBER) {
    return false;
  }
  char *end;
  errno = 0;
  *number = strtoll(value->text.data, &end, 10);
  return errno == 0 && *end == '\0';
}

bool pamrun_json_true(const pamrun_json *value) { return value && value->kind == FLAG && value->flag; }

// ---- writing ----

pamrun_json *pamrun_json_object(void) { return make(OBJECT); }

pamrun_json *pamrun_json_list(void) { return make(LIST); }

pamrun_json *pamrun_json_from_text(pamrun_string text) {
  pamrun_json *value = make(TEXT);
  value->text = text;
  return value;
}

pamrun_json *pamrun_json_from_integer(int64_t number) {
  pamrun_json *value = make(NUMBER);
  value->text = pamrun_format("%" PRId64, number);
  return value;
}

pamrun_json *pamrun_json_from_flag(bool flag) {
  pamrun_json *value = make(FLAG);
  value->flag = flag;
  return value;
}

void pamrun_json_set(pamrun_json *object, const char *name, pamrun_json *value) {
  value->name = pamrun_copy(name);
  append(object, value);
}

void pamrun_json_add(pamrun_json *list, pamrun_json *value) { append(list, value); }

static void write_text(pamrun_buffer *buffer, pamrun_string text) {
  pamrun_append(buffer, "\"", 1);
  for (size_t i = 0; i < text.length; i++) {
    unsigned char byte = (unsigned char)text.data[i];
    if (byte == '"' || byte == '\\') {
      pamrun_append(buffer, "\\", 1);
      pamrun_append(buffer, &byte, 1);
    } else if (byte < 0x20) {
      char escape[7];
      snprintf(escape, sizeof escape, "\\u%04x", byte);
      pamrun_append(buffer, escape, 6);
    } else {
      pamrun_append(buffer, &byte, 1);
    }
  }
  pamrun_append(buffer, "\"", 1);
}

static void write_value(pamrun_buffer *buffer, const pamrun_json *value) {
  switch (value->kind) {
    case NOTHING:
      pamrun_append(buffer, "null", 4);
      break;
    case FLAG:
      pamrun_append(buffer, value->flag ? "true" : "false", value->flag ? 4 : 5);
      break;
    case NUMBER:
      pamrun_append(buffer, value->text.data, value->text.length);
      break;
    case TEXT:
      write_text(buffer, value->text);
      break;
    case LIST:
    case OBJECT:
      pamrun_append(buffer, value->kind == LIST ? "[" : "{", 1);
      for (const pamrun_json *child = value->first; child; child = child->next) {
        if (child != value->first) {
          pamrun_append(buffer, ",", 1);
        }
        if (value->kind == OBJECT) {
          write_text(buffer, child->name);
          pamrun_append(buffer, ":", 1);
        }
        write_value(buffer, child);
      }
      pamrun_append(buffer, value->kind == LIST ? "]" : "}", 1);
      break;
  }
}

pamrun_string pamrun_json_write(const pamrun_json *value) {
  pamrun_buffer buffer = {0};
  write_value(&buffer, value);
  return pamrun_finish(&buffer);
}
