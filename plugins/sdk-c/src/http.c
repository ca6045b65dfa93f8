// The world outside, over WASI: HTTP through the host's gate, the clocks, our log.
#include <string.h>
#include <time.h>

#include "internal.h"
#include "rotator.h"

// What `blocking-write-and-flush` takes at once, and how much is read at once.
enum { WRITE_SIZE = 4096, READ_SIZE = 64 * 1024 };

// What matters about a request without an answer: may the service have acted?
typedef enum fate { ANSWERED, DENIED, NOT_SENT, LOST } fate;

typedef struct outcome {
  fate fate;
  pamrun_string reason;
} outcome;

static rotator_string_t lent(pamrun_string text) { return (rotator_string_t){(uint8_t *)text.data, text.length}; }

// What the host said, or else the kind of its error in words.
static outcome refused(const wasi_http_types_error_code_t *code) {
  static const struct {
    fate fate;
    const char *words;
  } meanings[] = {
      [WASI_HTTP_TYPES_ERROR_CODE_DNS_TIMEOUT] = {NOT_SENT, "DNS timeout"},
      [WASI_HTTP_TYPES_ERROR_CODE_DNS_ERROR] = {NOT_SENT, "DNS error"},
      [WASI_HTTP_TYPES_ERROR_CODE_DESTINATION_NOT_FOUND] = {NOT_SENT, "destination not found"},
      [WASI_HTTP_TYPES_ERROR_CODE_DESTINATION_UNAVAILABLE] = {NOT_SENT, "destination unavailable"},
      [WASI_HTTP_TYPES_ERROR_CODE_DESTINATION_IP_PROHIBITED] = {DENIED, "destination address prohibited"},
      [WASI_HTTP_TYPES_ERROR_CODE_DESTINATION_IP_UNROUTABLE] = {NOT_SENT, "destination address unroutable"},
      [WASI_HTTP_TYPES_ERROR_CODE_CONNECTION_REFUSED] = {NOT_SENT, "connection refused"},
      [WASI_HTTP_TYPES_ERROR_CODE_CONNECTION_TIMEOUT] = {NOT_SENT, "connection timeout"},
      [WASI_HTTP_TYPES_ERROR_CODE_CONNECTION_LIMIT_REACHED] = {NOT_SENT, "connection limit reached"},
      [WASI_HTTP_TYPES_ERROR_CODE_TLS_PROTOCOL_ERROR] = {NOT_SENT, "TLS protocol error"},
      [WASI_HTTP_TYPES_ERROR_CODE_TLS_CERTIFICATE_ERROR] = {NOT_SENT, "TLS certificate error"},
      [WASI_HTTP_TYPES_ERROR_CODE_TLS_ALERT_RECEIVED] = {NOT_SENT, "TLS alert"},
      [WASI_HTTP_TYPES_ERROR_CODE_HTTP_REQUEST_DENIED] = {DENIED, "request denied"},
      [WASI_HTTP_TYPES_ERROR_CODE_HTTP_REQUEST_LENGTH_REQUIRED] = {NOT_SENT, "length required"},
      [WASI_HTTP_TYPES_ERROR_CODE_HTTP_REQUEST_BODY_SIZE] = {NOT_SENT, "body too large"},
      [WASI_HTTP_TYPES_ERROR_CODE_HTTP_REQUEST_METHOD_INVALID] = {NOT_SENT, "invalid method"},
      [WASI_HTTP_TYPES_ERROR_CODE_HTTP_REQUEST_URI_INVALID] = {NOT_SENT, "invalid URL"},
      [WASI_HTTP_TYPES_ERROR_CODE_HTTP_REQUEST_URI_TOO_LONG] = {NOT_SENT, "URL too long"},
      [WASI_HTTP_TYPES_ERROR_CODE_HTTP_REQUEST_HEADER_SECTION_SIZE] = {NOT_SENT, "headers too large"},
      [WASI_HTTP_TYPES_ERROR_CODE_HTTP_REQUEST_HEADER_SIZE] = {NOT_SENT, "header too large"},
      [WASI_HTTP_TYPES_ERROR_CODE_INTERNAL_ERROR] = {LOST, "internal error"},
  };
  // What is not known to have happened before the request went out counts as lost.
  bool known = code->tag < sizeof meanings / sizeof *meanings && meanings[code->tag].words;
  outcome outcome = {LOST, PAMRUN("no whole answer")};
  if (known) {
    outcome.fate = meanings[code->tag].fate;
    outcome.reason = pamrun_copy(meanings[code->tag].words);
  }
  if (code->tag == WASI_HTTP_TYPES_ERROR_CODE_INTERNAL_ERROR && code->val.internal_error.is_some) {
    outcome.reason = pamrun_keep(code->val.internal_error.val.ptr, code->val.internal_error.val.len);
  }
  return outcome;
}

static outcome lost(const char *reason) { return (outcome){LOST, pamrun_copy(reason)}; }

static outcome unfit(const char *what) {
  return (outcome){NOT_SENT, pamrun_format("the %s of the request is not one that can be sent", what)};
}

static bool add_header(wasi_http_types_own_fields_t fields, const char *name, pamrun_string value) {
  wasi_http_types_field_name_t lent_name = {(uint8_t *)name, strlen(name)};
  wasi_http_types_field_value_t lent_value = {(uint8_t *)value.data, value.length};
  wasi_http_types_header_error_t error;
  return wasi_http_types_method_fields_append(wasi_http_types_borrow_fields(fields), &lent_name, &lent_value,
                                              &error);
}

static wasi_http_types_method_t method_of(const char *name) {
  static const struct {
    const char *name;
    uint8_t tag;
  } methods[] = {
      {"GET", WASI_HTTP_TYPES_METHOD_GET},       {"HEAD", WASI_HTTP_TYPES_METHOD_HEAD},
      {"POST", WASI_HTTP_TYPES_METHOD_POST},     {"PUT", WASI_HTTP_TYPES_METHOD_PUT},
      {"DELETE", WASI_HTTP_TYPES_METHOD_DELETE}, {"PATCH", WASI_HTTP_TYPES_METHOD_PATCH},
  };
  for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
    if (strcmp(methods[i].name, name) == 0) {
      return (wasi_http_types_method_t){.tag = methods[i].tag};
    }
  }
  wasi_http_types_method_t method = {.tag = WASI_HTTP_TYPES_METHOD_OTHER};
  method.val.other = lent(pamrun_copy(name));
  return method;
}

typedef struct url {
  pamrun_string host; // with its port
  pamrun_string path; // with its query
} url;

static bool split(pamrun_string text, url *url) {
  static const char scheme[] = "https://";
  size_t length = sizeof scheme - 1;
  if (text.length <= length || memcmp(text.data, scheme, length) != 0) {
    return false;
  }
  const char *host = text.data + length;
  size_t host_length = strcspn(host, "/?");
  pamrun_string rest = {host + host_length, text.length - length - host_length};
  url->host = pamrun_keep(host, host_length);
  url->path = *rest.data == '/' ? rest : pamrun_join(PAMRUN("/"), rest);
  return true;
}

// Makes the request, but for its body.
static outcome make_request(const pamrun_call *call, pamrun_string body, const url *url,
                            wasi_http_types_own_outgoing_request_t *made) {
  wasi_http_types_own_fields_t fields = wasi_http_types_constructor_fields();
  for (size_t i = 0; i < PAMRUN_HEADERS && call->headers[i].name; i++) {
    if (!add_header(fields, call->headers[i].name, call->headers[i].value)) {
      wasi_http_types_fields_drop_own(fields);
      return unfit("header");
    }
  }
  bool has_bearer = call->bearer.length;
  if ((has_bearer && !add_header(fields, "authorization", pamrun_join(PAMRUN("Bearer "), call->bearer))) ||
      (call->json && !add_header(fields, "content-type", PAMRUN("application/json"))) ||
      (body.length && !add_header(fields, "content-length", pamrun_format("%zu", body.length)))) {
    wasi_http_types_fields_drop_own(fields);
    return unfit("header");
  }
  wasi_http_types_own_outgoing_request_t request = wasi_http_types_constructor_outgoing_request(fields);
  wasi_http_types_borrow_outgoing_request_t borrowed = wasi_http_types_borrow_outgoing_request(request);
  wasi_http_types_scheme_t scheme = {.tag = WASI_HTTP_TYPES_SCHEME_HTTPS};
  wasi_http_types_method_t method = method_of(call->method);
  rotator_string_t lent_authority = lent(url->host);
  rotator_string_t lent_path = lent(url->path);
  const char *wrong =
      !wasi_http_types_method_outgoing_request_set_scheme(borrowed, &scheme)                   ? "scheme"
      : !wasi_http_types_method_outgoing_request_set_method(borrowed, &method)                 ? "method"
      : !wasi_http_types_method_outgoing_request_set_authority(borrowed, &lent_authority)      ? "host"
      : !wasi_http_types_method_outgoing_request_set_path_with_query(borrowed, &lent_path)     ? "path"
                                                                                               : NULL;
  if (wrong) {
    wasi_http_types_outgoing_request_drop_own(request);
    return unfit(wrong);
  }
  *made = request;
  return (outcome){.fate = ANSWERED};
}

static void drop_stream_error(wasi_io_streams_stream_error_t *error) {
  if (error->tag == WASI_IO_STREAMS_STREAM_ERROR_LAST_OPERATION_FAILED) {
    wasi_io_error_error_drop_own(error->val.last_operation_failed);
  }
}

// Writes the body and tells whether the host took all of it.
static bool write_body(wasi_http_types_own_outgoing_body_t body, pamrun_string bytes) {
  wasi_http_types_own_output_stream_t stream;
  bool written = wasi_http_types_method_outgoing_body_write(wasi_http_types_borrow_outgoing_body(body), &stream);
  if (written) {
    for (size_t at = 0; written && at < bytes.length; at += WRITE_SIZE) {
      size_t left = bytes.length - at;
      rotator_list_u8_t chunk = {(uint8_t *)bytes.data + at, left < WRITE_SIZE ? left : WRITE_SIZE};
      wasi_io_streams_stream_error_t error;
      written = wasi_io_streams_method_output_stream_blocking_write_and_flush(
          wasi_io_streams_borrow_output_stream(stream), &chunk, &error);
      if (!written) {
        drop_stream_error(&error);
      }
    }
    wasi_io_streams_output_stream_drop_own(stream);
  }
  if (!written) {
    wasi_http_types_outgoing_body_drop_own(body);
    return false;
  }
  wasi_http_types_error_code_t error;
  if (!wasi_http_types_static_outgoing_body_finish(body, NULL, &error)) {
    wasi_http_types_error_code_free(&error);
    return false;
  }
  return true;
}

static void read_headers(wasi_http_types_borrow_incoming_response_t response, pamrun_answer *answer) {
  wasi_http_types_own_headers_t headers = wasi_http_types_method_incoming_response_headers(response);
  wasi_http_types_list_tuple2_field_name_field_value_t entries;
  wasi_http_types_method_fields_entries(wasi_http_types_borrow_fields(headers), &entries);
  answer->headers = pamrun_allocate(entries.len * sizeof *answer->headers);
  for (size_t i = 0; i < entries.len; i++) {
    pamrun_string value = pamrun_keep(entries.ptr[i].f1.ptr, entries.ptr[i].f1.len);
    // A header may hold any bytes; a string of ours may not.
    if (pamrun_is_utf8(value)) {
      pamrun_string name = pamrun_keep(entries.ptr[i].f0.ptr, entries.ptr[i].f0.len);
      answer->headers[answer->header_count++] = (pamrun_header){name.data, value};
    }
  }
  wasi_http_types_list_tuple2_field_name_field_value_free(&entries);
  wasi_http_types_fields_drop_own(headers);
}

static outcome read_body(wasi_http_types_borrow_incoming_response_t response, pamrun_answer *answer) {
  wasi_http_types_own_incoming_body_t body;
  if (!wasi_http_types_method_incoming_response_consume(response, &body)) {
    return lost("the answer has no body");
  }
  wasi_http_types_own_input_stream_t stream;
  if (!wasi_http_types_method_incoming_body_stream(wasi_http_types_borrow_incoming_body(body), &stream)) {
    wasi_http_types_incoming_body_drop_own(body);
    return lost("the answer has no body");
  }
  pamrun_buffer buffer = {0};
  outcome outcome = {.fate = ANSWERED};
  for (;;) {
    rotator_list_u8_t chunk;
    wasi_io_streams_stream_error_t error;
    if (wasi_io_streams_method_input_stream_blocking_read(wasi_io_streams_borrow_input_stream(stream), READ_SIZE,
                                                          &chunk, &error)) {
      pamrun_append(&buffer, chunk.ptr, chunk.len);
      rotator_list_u8_free(&chunk);
      continue;
    }
    if (error.tag != WASI_IO_STREAMS_STREAM_ERROR_CLOSED) {
      drop_stream_error(&error);
      outcome = lost("the answer broke off");
    }
    break;
  }
  answer->body = pamrun_finish(&buffer);
  wasi_io_streams_input_stream_drop_own(stream);
  wasi_http_types_incoming_body_drop_own(body);
  return outcome;
}

static outcome read_answer(wasi_http_types_own_incoming_response_t response, pamrun_answer *answer) {
  wasi_http_types_borrow_incoming_response_t borrowed = wasi_http_types_borrow_incoming_response(response);
  *answer = (pamrun_answer){.status = wasi_http_types_method_incoming_response_status(borrowed)};
  read_headers(borrowed, answer);
  outcome outcome = read_body(borrowed, answer);
  wasi_http_types_incoming_response_drop_own(response);
  return outcome;
}

static outcome await_answer(wasi_http_types_own_future_incoming_response_t future, pamrun_answer *answer) {
  wasi_http_types_borrow_future_incoming_response_t borrowed =
      wasi_http_types_borrow_future_incoming_response(future);
  wasi_io_poll_own_pollable_t ready = wasi_http_types_method_future_incoming_response_subscribe(borrowed);
  wasi_io_poll_method_pollable_block(wasi_io_poll_borrow_pollable(ready));
  wasi_io_poll_pollable_drop_own(ready);
  wasi_http_types_result_result_own_incoming_response_error_code_void_t result;
  outcome outcome = lost("the host gave no answer");
  if (wasi_http_types_method_future_incoming_response_get(borrowed, &result) && !result.is_err) {
    if (result.val.ok.is_err) {
      outcome = refused(&result.val.ok.val.err);
      wasi_http_types_error_code_free(&result.val.ok.val.err);
    } else {
      outcome = read_answer(result.val.ok.val.ok, answer);
    }
  }
  wasi_http_types_future_incoming_response_drop_own(future);
  return outcome;
}

static outcome send(const pamrun_call *call, pamrun_answer *answer) {
  *answer = (pamrun_answer){0};
  url url;
  if (!split(call->url, &url)) {
    return unfit("URL");
  }
  pamrun_string bytes = call->json ? pamrun_json_write(call->json) : call->body;
  wasi_http_types_own_outgoing_request_t request;
  outcome made = make_request(call, bytes, &url, &request);
  if (made.fate != ANSWERED) {
    return made;
  }
  wasi_http_types_own_outgoing_body_t body;
  if (!wasi_http_types_method_outgoing_request_body(wasi_http_types_borrow_outgoing_request(request), &body)) {
    wasi_http_types_outgoing_request_drop_own(request);
    return unfit("body");
  }
  wasi_http_types_own_future_incoming_response_t future;
  wasi_http_types_error_code_t error;
  if (!wasi_http_outgoing_handler_handle(request, NULL, &future, &error)) {
    outcome outcome = refused(&error);
    wasi_http_types_error_code_free(&error);
    wasi_http_types_outgoing_body_drop_own(body);
    return (struct outcome){outcome.fate == LOST ? NOT_SENT : outcome.fate, outcome.reason};
  }
  // A refused request takes its body unread: only the answer knows why the writing failed.
  bool written = write_body(body, bytes);
  outcome outcome = await_answer(future, answer);
  answer->what = pamrun_format("%s answered %d to %s %.*s", url.host.data, answer->status, call->method,
                               (int)strcspn(url.path.data, "?"), url.path.data);
  return outcome.fate == ANSWERED && !written ? lost("the request could not be written") : outcome;
}

static pamrun_result fail(outcome outcome, pamrun_failure_kind when_lost) {
  switch (outcome.fate) {
    case ANSWERED:
      return PAMRUN_OK;
    case DENIED:
      return pamrun_fail(PAMRUN_DENIED, "request-denied",
                         pamrun_join(PAMRUN("the request was not allowed: "), outcome.reason));
    case NOT_SENT:
      return pamrun_fail(PAMRUN_UNAVAILABLE, "no-answer",
                         pamrun_join(PAMRUN("the service could not be reached: "), outcome.reason));
    case LOST:
      break;
  }
  const char *code = when_lost == PAMRUN_UNCERTAIN ? "answer-lost" : "no-answer";
  return pamrun_fail(when_lost, code, pamrun_join(PAMRUN("the answer was lost: "), outcome.reason));
}

pamrun_result pamrun_read(const pamrun_call *call, pamrun_answer *answer) {
  return fail(send(call, answer), PAMRUN_UNAVAILABLE);
}

pamrun_result pamrun_change(const pamrun_call *call, pamrun_answer *answer) {
  pamrun_result result = fail(send(call, answer), PAMRUN_UNCERTAIN);
  answer->changes = true;
  return result;
}

void pamrun_log(pamrun_level level, pamrun_string message) {
  rotator_string_t text = lent(message);
  pamrun_plugin_log_write((pamrun_plugin_log_level_t)level, &text);
}

void pamrun_sleep(uint64_t milliseconds) {
  wasi_io_poll_own_pollable_t done = wasi_clocks_monotonic_clock_subscribe_duration(milliseconds * 1000000);
  wasi_io_poll_method_pollable_block(wasi_io_poll_borrow_pollable(done));
  wasi_io_poll_pollable_drop_own(done);
}
