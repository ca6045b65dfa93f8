// Write pamrun plugins in C: define the one constant `plugin`, and compile for wasm32-wasi.
//
// A plugin is five functions, one for each step of a rotation. The host calls them in order and
// decides what happens in between; each call may meet a fresh instance, so nothing is kept from one
// to the next but what a step returns.
//
// Memory: whatever a function here returns or fills in lives until the step returns, and nothing
// has to be freed. Strings are UTF-8, and a zero byte follows the last byte of each, so that
// `.data` can be given to functions of the C library.
#ifndef PAMRUN_H
#define PAMRUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PAMRUN_VERSION "0.1.0"

// ---- strings ----

typedef struct pamrun_string {
  const char *data;
  size_t length;
} pamrun_string;

// Makes a string of a literal: PAMRUN("bearer").
#define PAMRUN(literal) ((pamrun_string){"" literal, sizeof(literal) - 1})

bool pamrun_equal(pamrun_string a, pamrun_string b);
// Copies the text up to its zero byte.
pamrun_string pamrun_copy(const char *text);
// Puts strings together: pamrun_join(PAMRUN("Bearer "), token).
#define pamrun_join(...)                                                                           \
  pamrun_join_all((const pamrun_string[]){__VA_ARGS__},                                            \
                  sizeof((const pamrun_string[]){__VA_ARGS__}) / sizeof(pamrun_string))
pamrun_string pamrun_join_all(const pamrun_string *parts, size_t count);
// Formats as printf does.
pamrun_string pamrun_format(const char *format, ...) __attribute__((format(printf, 1, 2)));
// Escapes a text so that it is one segment of a URL's path, or one value of its query.
pamrun_string pamrun_escape(pamrun_string text);

// ---- how a step ends ----

// What the host decides by: all kinds but `uncertain` and `other` promise that the step changed
// nothing at the service.
typedef enum pamrun_failure_kind {
  PAMRUN_INVALID,          // a record or a setting cannot be right
  PAMRUN_DENIED,           // the service refuses: a missing right, a policy
  PAMRUN_NOT_FOUND,        // what is to be rotated does not exist
  PAMRUN_CONFLICT,         // somebody else changed it, and trying again did not help
  PAMRUN_WRONG_CREDENTIAL, // the service says that the credential is wrong
  PAMRUN_UNAVAILABLE,      // the service cannot answer now, and has not done what it was asked
  PAMRUN_UNCERTAIN,        // it is unknown whether the service did what it was asked
  PAMRUN_OTHER,            // anything else; taken as uncertain where that matters
} pamrun_failure_kind;

typedef struct pamrun_failure {
  pamrun_failure_kind kind;
  pamrun_string code;    // a stable word in kebab-case
  pamrun_string message; // one or two sentences for people, and no secret
  int64_t retry_after;   // of `unavailable`: the seconds the service asked to wait, or -1
} pamrun_failure;

// PAMRUN_OK, or why not.
typedef const pamrun_failure *pamrun_result;
#define PAMRUN_OK ((pamrun_result)0)
#define PAMRUN_MUST_USE __attribute__((warn_unused_result))

PAMRUN_MUST_USE pamrun_result pamrun_fail(pamrun_failure_kind kind, const char *code, pamrun_string message);
PAMRUN_MUST_USE pamrun_result pamrun_unavailable(const char *code, pamrun_string message, int64_t retry_after);

// Returns from the step when the expression did not work.
#define PAMRUN_TRY(expression)                                                                     \
  do {                                                                                             \
    pamrun_result pamrun_tried = (expression);                                                     \
    if (pamrun_tried) return pamrun_tried;                                                         \
  } while (0)

// ---- what a step is given ----

typedef struct pamrun_strings {
  pamrun_string *items;
  size_t count;
} pamrun_strings;

typedef struct pamrun_field {
  pamrun_string label;   // where the field has none, its type
  pamrun_string kind;    // its type; empty where only the gateway's params knew the field
  pamrun_strings values; // what is not a string is JSON text
} pamrun_field;

typedef struct pamrun_record {
  pamrun_string uid;
  pamrun_string title; // for messages to people
  pamrun_string role;  // target, attached or provider
  pamrun_field *fields;
  size_t field_count;
} pamrun_record;

typedef struct pamrun_setting pamrun_setting;

typedef struct pamrun_update {
  pamrun_string label;
  pamrun_string place; // custom or standard
  pamrun_string kind;  // `secret` and `password` are masked wherever they show
  pamrun_strings values;
} pamrun_update;

typedef struct pamrun_updates {
  pamrun_update *items;
  size_t count;
} pamrun_updates;

typedef struct pamrun_request {
  pamrun_string rotation_id;
  pamrun_string marker; // goes into whatever name the service lets a plugin choose
  uint32_t attempt;     // the number of the try, from 1; 0 in the preflight of a dry run
  const pamrun_record *target;
  const pamrun_record *others; // the other records that the manifest asks for
  size_t other_count;
  const pamrun_setting *settings;
  size_t setting_count;
  const pamrun_string *proposed; // the value to set, of in-place rotations only
  pamrun_updates deliver;        // what a consumer is to receive, of plugins of strategy `deliver` only
} pamrun_request;

// Finds the first value of a field; empty when the record or the field is missing.
pamrun_string pamrun_field_or_empty(const pamrun_record *record, const char *label);
// Finds the first value of a field; fails with `field-missing` when there is none.
PAMRUN_MUST_USE pamrun_result pamrun_field_text(const pamrun_record *record, const char *label, pamrun_string *value);
// Finds the first record besides the target that has a value in this field; null when there is none.
const pamrun_record *pamrun_record_with(const pamrun_request *request, const char *label);
// Tells whether a name at the service is the marker of any try of this rotation.
bool pamrun_made_this(const pamrun_request *request, pamrun_string name);

// Each fails with `setting-missing` when the setting has no value, or is of another type.
PAMRUN_MUST_USE pamrun_result pamrun_setting_text(const pamrun_request *request, const char *key, pamrun_string *value);
PAMRUN_MUST_USE pamrun_result pamrun_setting_integer(const pamrun_request *request, const char *key, int64_t *value);
PAMRUN_MUST_USE pamrun_result pamrun_setting_number(const pamrun_request *request, const char *key, double *value);
PAMRUN_MUST_USE pamrun_result pamrun_setting_flag(const pamrun_request *request, const char *key, bool *value);
// In milliseconds.
PAMRUN_MUST_USE pamrun_result pamrun_setting_duration(const pamrun_request *request, const char *key, uint64_t *value);

// ---- what a step returns ----

// A credential as the service lists it, without its value.
typedef struct pamrun_listed {
  pamrun_string id;
  pamrun_string label;
  pamrun_string expires; // an RFC 3339 time, or empty
} pamrun_listed;

typedef struct pamrun_plan {
  pamrun_string target;  // what is rotated, the same for everyone who rotates it
  pamrun_string creates; // what will be made, in words for people
  struct {
    pamrun_listed *items;
    size_t count;
  } removes; // exactly what commit will remove
  // What an operator should know beforehand. A finding is a note of the form "LEVEL CODE: MESSAGE", with
  // what to do in a second line.
  pamrun_strings notes;
} pamrun_plan;

void pamrun_plan_remove(pamrun_plan *plan, pamrun_listed credential);
void pamrun_plan_note(pamrun_plan *plan, pamrun_string note);

typedef enum pamrun_finding_level {
  PAMRUN_FINDING_ERROR,   // the rotation will fail
  PAMRUN_FINDING_WARNING, // it may fail, or somebody should look at it
  PAMRUN_FINDING_INFO,    // good to know
} pamrun_finding_level;

// Makes the text of a note which is a finding: the host lists it by its parts. `code` is a word in
// kebab-case that stays the same from version to version. `message` says what was found, and `fix` what to
// do about it, or is empty; neither holds a secret.
pamrun_string pamrun_finding(pamrun_finding_level level, const char *code, pamrun_string message,
                             pamrun_string fix);

typedef struct pamrun_credential {
  pamrun_string handle; // the id of the new credential; it is journaled, so it must not be secret
  pamrun_updates updates;
  pamrun_string expires; // an RFC 3339 time, or empty
} pamrun_credential;

void pamrun_update_secret(pamrun_credential *credential, const char *label, pamrun_string value);
void pamrun_update_text(pamrun_credential *credential, const char *label, pamrun_string value);
void pamrun_update_field(pamrun_credential *credential, const char *place, const char *kind, const char *label,
                         pamrun_string value);
// Finds the first value of an update; empty when there is none.
pamrun_string pamrun_credential_value(const pamrun_credential *credential, const char *label);

// Empty when the service accepted the credential.
typedef struct pamrun_proof {
  pamrun_string unproven; // why the service cannot be asked; nothing is removed after that
} pamrun_proof;

typedef struct pamrun_removed {
  pamrun_string id;
  bool gone; // the service acknowledged the removal, or no longer lists it
} pamrun_removed;

typedef struct pamrun_removals {
  pamrun_removed *items;
  size_t count;
} pamrun_removals;

void pamrun_removal(pamrun_removals *removals, pamrun_string id, bool gone);

// What rollback found: credentials of this rotation only.
typedef struct pamrun_undone {
  pamrun_strings seen;
  pamrun_strings gone;
} pamrun_undone;

void pamrun_undone_seen(pamrun_undone *undone, pamrun_string id, bool gone);

// ---- JSON ----

// A JSON value. All functions that read take null too, and then find nothing, so that they can be
// put into one another: pamrun_json_text(pamrun_json_get(answer, "id")).
typedef struct pamrun_json pamrun_json;

// Parses a text; null when it is not JSON.
const pamrun_json *pamrun_json_parse(pamrun_string text);
bool pamrun_json_is_list(const pamrun_json *value);
// Finds a member of an object; null when it is missing.
const pamrun_json *pamrun_json_get(const pamrun_json *object, const char *name);
// The first item of a list, and the one after another; null at the end.
const pamrun_json *pamrun_json_first(const pamrun_json *list);
const pamrun_json *pamrun_json_next(const pamrun_json *item);
// The text of a string; empty when it is none.
pamrun_string pamrun_json_text(const pamrun_json *value);
// Reads a whole number; tells whether it is one.
bool pamrun_json_integer(const pamrun_json *value, int64_t *number);
// Whether the value is `true`.
bool pamrun_json_true(const pamrun_json *value);

pamrun_json *pamrun_json_object(void);
pamrun_json *pamrun_json_list(void);
pamrun_json *pamrun_json_from_text(pamrun_string text);
pamrun_json *pamrun_json_from_integer(int64_t number);
pamrun_json *pamrun_json_from_flag(bool flag);
// A value has one place: it is not added twice.
void pamrun_json_set(pamrun_json *object, const char *name, pamrun_json *value);
void pamrun_json_add(pamrun_json *list, pamrun_json *value);
pamrun_string pamrun_json_write(const pamrun_json *value);

// ---- the world outside ----

#define PAMRUN_HEADERS 16

typedef struct pamrun_header {
  const char *name; // in lower case
  pamrun_string value;
} pamrun_header;

typedef struct pamrun_call {
  const char *method;
  pamrun_string url;                     // https
  pamrun_string bearer;                  // becomes the header `authorization`
  pamrun_header headers[PAMRUN_HEADERS]; // up to the first without a name; `host` and `content-length` are added
  const pamrun_json *json;               // the body, or else:
  pamrun_string body;
} pamrun_call;

typedef struct pamrun_answer {
  int status;
  pamrun_header *headers;
  size_t header_count;
  pamrun_string body;
  pamrun_string what; // "api.example.com answered 503 to GET /tokens", for messages
  bool changes;       // the request was one that changes something
} pamrun_answer;

// Sends a request that changes nothing at the service, and waits for the whole answer. Redirects are
// answers. Without an answer it fails with `unavailable`, or with `denied` if the host's policy does
// not let the request out.
PAMRUN_MUST_USE pamrun_result pamrun_read(const pamrun_call *call, pamrun_answer *answer);
// The same for a request that changes something: a lost answer is `uncertain`.
PAMRUN_MUST_USE pamrun_result pamrun_change(const pamrun_call *call, pamrun_answer *answer);
// Fails, unless the answer has this status, with what another status says: 401 and 403 are `denied`,
// 404 is `not-found`, 409 `conflict`, 429 `unavailable`; one that does not say whether a change was
// made is `uncertain`.
PAMRUN_MUST_USE pamrun_result pamrun_expect(const pamrun_answer *answer, int status);
// The failure when nobody can tell what the service did: `uncertain` after a change, else
// `unavailable`. `why` ends the sentence that begins with `what`.
PAMRUN_MUST_USE pamrun_result pamrun_unclear(const pamrun_answer *answer, const char *why);
// Parses the body; fails as `pamrun_unclear` does when it is not JSON.
PAMRUN_MUST_USE pamrun_result pamrun_answer_json(const pamrun_answer *answer, const pamrun_json **json);
// The seconds that the service asks to wait, by its `retry-after`: a number or a date, and a date that
// has passed is 0. -1 where it does not say.
int64_t pamrun_retry_after(const pamrun_answer *answer);
// Finds a header of an answer by its name in lower case; empty when it is missing.
pamrun_string pamrun_answer_header(const pamrun_answer *answer, const char *name);

// How long a new credential was tried already. It begins as `{.window = 60000}`, in milliseconds.
typedef struct pamrun_trial {
  uint64_t window;
  uint64_t waited;
  uint64_t pause;
  uint64_t silent; // how long the service has said nothing
} pamrun_trial;

// Waits, and tells whether to try again, while a new credential spreads from backend to backend: as long
// as the trial ends with `wrong-credential`, for the time of the window, and while the service is
// `unavailable`, for 30 seconds.
bool pamrun_not_yet(pamrun_trial *trial, pamrun_result result);

typedef enum pamrun_level {
  PAMRUN_DEBUG, // of use to the plugin's author
  PAMRUN_INFO,  // what is going on
  PAMRUN_WARN,  // what an operator should look at
} pamrun_level;

// Writes one line for people. No secrets. The wall clock is `time` of the C library.
void pamrun_log(pamrun_level level, pamrun_string message);
void pamrun_sleep(uint64_t milliseconds);

// ---- the plugin ----

typedef struct pamrun_plugin {
  // What the plugin says of itself, as JSON: see the page about the manifest.
  pamrun_string manifest;
  // Looks, and changes nothing: do the credentials work, are the rights there, what is there now,
  // what is to be removed later?
  pamrun_result (*preflight)(const pamrun_request *request, pamrun_plan *plan);
  // Makes the new credential, named with the marker. Removes nothing. `uncertain` when the service
  // may have done it all the same: the host then calls rollback, which finds it by the marker.
  pamrun_result (*rotate)(const pamrun_request *request, const pamrun_plan *plan, pamrun_credential *credential);
  // Proves the new credential by using it. When left out, nothing is proven, and nothing is removed.
  pamrun_result (*verify)(const pamrun_request *request, const pamrun_plan *plan,
                          const pamrun_credential *credential, pamrun_proof *proof);
  // Removes exactly what the plan lists. May be called again. When left out, all of it stays.
  pamrun_result (*commit)(const pamrun_request *request, const pamrun_plan *plan, pamrun_string handle,
                          pamrun_removals *removals);
  // Removes what this rotation made: the handle, where it is known (else null), and whatever
  // `pamrun_made_this` recognises. May be called again. When left out, nothing can be undone.
  pamrun_result (*rollback)(const pamrun_request *request, const pamrun_plan *plan, const pamrun_string *handle,
                            pamrun_undone *undone);
} pamrun_plugin;

// The one thing that a plugin defines.
extern const pamrun_plugin plugin;

#endif
