// Write pamrun plugins in C: define the one constant `plugin`, and compile for wasm32-wasi.
//
// A plugin is five functions, one for each step of a rotation. They call the requests that the manifest,
// plugin.toml, declares; the host writes and sends them, and keeps every secret. The host calls the steps in
// order and decides what happens in between; each may meet a fresh instance, so nothing is kept from one to the
// next but the plan.
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

// Makes a string of a literal: PAMRUN("old").
#define PAMRUN(literal) ((pamrun_string){"" literal, sizeof(literal) - 1})

bool pamrun_equal(pamrun_string a, pamrun_string b);
// Compares with a text that ends with a zero byte.
bool pamrun_is(pamrun_string string, const char *text);
// Copies the text up to its zero byte.
pamrun_string pamrun_copy(const char *text);
// Puts strings together: pamrun_join(PAMRUN("the token "), id).
#define pamrun_join(...)                                                                           \
  pamrun_join_all((const pamrun_string[]){__VA_ARGS__},                                            \
                  sizeof((const pamrun_string[]){__VA_ARGS__}) / sizeof(pamrun_string))
pamrun_string pamrun_join_all(const pamrun_string *parts, size_t count);
// Formats as printf does.
pamrun_string pamrun_format(const char *format, ...) __attribute__((format(printf, 1, 2)));

typedef struct pamrun_strings {
  pamrun_string *items;
  size_t count;
} pamrun_strings;

// ---- values ----

typedef enum pamrun_value_kind {
  PAMRUN_TEXT,     // a text, an id or a time, which is RFC 3339
  PAMRUN_INTEGER,  // a whole number
  PAMRUN_FLAG,     // a yes or no
  PAMRUN_DURATION, // milliseconds
  PAMRUN_TEXTS,    // a list of texts
  PAMRUN_SECRET,   // it is there, and the host keeps it
} pamrun_value_kind;

// A value with its name.
typedef struct pamrun_value {
  pamrun_string name;
  pamrun_value_kind kind;
  pamrun_string text;
  int64_t integer; // a flag is 0 or 1
  uint32_t duration;
  pamrun_strings texts;
} pamrun_value;

typedef struct pamrun_values {
  pamrun_value *items;
  size_t count;
} pamrun_values;

// Finds a value by its name; null when there is none.
const pamrun_value *pamrun_find(const pamrun_values *values, const char *name);
// Each reads a value of that kind; what is missing, or of another kind, is empty or 0.
pamrun_string pamrun_text(const pamrun_values *values, const char *name);
int64_t pamrun_integer(const pamrun_values *values, const char *name);
bool pamrun_flag(const pamrun_values *values, const char *name);
uint32_t pamrun_duration(const pamrun_values *values, const char *name);
pamrun_strings pamrun_texts(const pamrun_values *values, const char *name);

// Each makes a value.
pamrun_value pamrun_as_text(const char *name, pamrun_string text);
pamrun_value pamrun_as_integer(const char *name, int64_t integer);
pamrun_value pamrun_as_flag(const char *name, bool flag);
// Of the seconds since 1970.
pamrun_value pamrun_as_time(const char *name, int64_t seconds);

// ---- how a step ends ----

// What the host decides by: all kinds but `uncertain` and `other` promise that the step changed
// nothing at the service.
typedef enum pamrun_failure_kind {
  PAMRUN_INVALID,          // a record or a setting cannot be right
  PAMRUN_DENIED,           // the service refuses: a missing right, a policy
  PAMRUN_NOT_FOUND,        // what is to be rotated does not exist
  PAMRUN_CONFLICT,         // somebody else changed it, and trying again did not help
  PAMRUN_WRONG_CREDENTIAL, // the service says that the credential is wrong
  PAMRUN_UNAVAILABLE,      // the service cannot answer now, and did nothing
  PAMRUN_UNCERTAIN,        // it is unknown whether the service did what it was asked; always believed
  PAMRUN_OTHER,            // anything else
} pamrun_failure_kind;

typedef struct pamrun_failure {
  pamrun_failure_kind kind;
  pamrun_string code;    // a stable word in kebab-case
  pamrun_string message; // one or two sentences for people
  pamrun_string fix;     // what to do about it, or empty
} pamrun_failure;

// PAMRUN_OK, or why not.
typedef const pamrun_failure *pamrun_result;
#define PAMRUN_OK ((pamrun_result)0)
#define PAMRUN_MUST_USE __attribute__((warn_unused_result))

PAMRUN_MUST_USE pamrun_result pamrun_fail(pamrun_failure_kind kind, const char *code, pamrun_string message,
                                          pamrun_string fix);

// Returns from the step when the expression did not work.
#define PAMRUN_TRY(expression)                                                                     \
  do {                                                                                             \
    pamrun_result pamrun_tried = (expression);                                                     \
    if (pamrun_tried) return pamrun_tried;                                                         \
  } while (0)

// ---- requests ----

// A credential of the target, as a listing of the service shows it.
typedef struct pamrun_listed {
  pamrun_string id;
  pamrun_string label;   // its name at the service, or empty
  pamrun_string created; // RFC 3339, or empty
  pamrun_string expires; // likewise
  bool disabled;
  pamrun_values outputs; // what else the manifest takes of it
} pamrun_listed;

typedef enum pamrun_trouble {
  PAMRUN_TROUBLE_NONE,
  PAMRUN_TROUBLE_REJECTED,    // the service did nothing, and says so
  PAMRUN_TROUBLE_UNAVAILABLE, // it cannot answer now, and did nothing; or its answer to a read is none
  PAMRUN_TROUBLE_UNCERTAIN,   // it is unknown whether it did what it was asked
  PAMRUN_TROUBLE_REFUSED,     // the host did not send it
} pamrun_trouble;

typedef struct pamrun_answer {
  pamrun_trouble trouble;
  // Of a success: what the manifest takes of it. The id of what a request created is the output `id`.
  pamrun_values outputs;
  // The credentials that it lists.
  pamrun_listed *items;
  size_t item_count;
  // Of one that is rejected or unavailable: whose answer it is, of the request itself or of one that the host sent
  // for it; the status of HTTP, 0 where no answer came; what the service says, as the manifest's `errors` name it;
  // and how long it asks to wait, in milliseconds, or -1.
  pamrun_string request;
  int status;
  pamrun_values errors;
  int64_t retry_after;
  // Of the others: why, in words.
  pamrun_string reason;
} pamrun_answer;

// Has the host send a request of the manifest, and waits until it is over:
//
//     pamrun_call(&answer, "delete", pamrun_as_text("key", id))
//
// Where it is no success it fails, as the status says. `answer` tells more, for who knows better.
#define pamrun_call(answer, ...) pamrun_call_named(answer, PAMRUN_REQUEST(__VA_ARGS__))
// The same again while the service is busy, for so many milliseconds of pauses: while it is unavailable, or rejects
// with 429 or 503. It waits as long as the service asks, or else four times, a little longer each time; where a pause
// is more than is left, it fails. What is uncertain is never tried again.
#define pamrun_retry(milliseconds, answer, ...)                                                    \
  pamrun_retry_named(milliseconds, answer, PAMRUN_REQUEST(__VA_ARGS__))

// The same until `is_done` says of an answer that it is what was waited for, as that a new credential is accepted
// everywhere, for so many milliseconds. A busy service is asked again as it asks, and one that says nothing for half a
// minute; then, and when the time is over, the last call is what comes of it:
//
//     static bool is_accepted(const pamrun_answer *answer) { return !pamrun_rejected(answer, 401); }
//     …
//     PAMRUN_TRY(pamrun_until(60 * 1000, &answer, is_accepted, "whoami"));
#define pamrun_until(milliseconds, answer, is_done, ...)                                           \
  pamrun_until_named(milliseconds, answer, is_done, PAMRUN_REQUEST(__VA_ARGS__))

// How long all pauses of one request may be together, where nothing else is known: more does not fit into the time
// that a host gives a rotation by default.
#define PAMRUN_PATIENCE (8 * 60 * 1000)

// Whether the service rejected it with this status.
bool pamrun_rejected(const pamrun_answer *answer, int status);

// The parameters of a request, after its name; the last has no name.
#define PAMRUN_REQUEST(request, ...) request, (const pamrun_value[]){__VA_ARGS__ __VA_OPT__(, )(pamrun_value){.name = {0}}}
PAMRUN_MUST_USE pamrun_result pamrun_call_named(pamrun_answer *answer, const char *request, const pamrun_value *params);
PAMRUN_MUST_USE pamrun_result pamrun_retry_named(int64_t milliseconds, pamrun_answer *answer, const char *request,
                                                 const pamrun_value *params);
PAMRUN_MUST_USE pamrun_result pamrun_until_named(int64_t milliseconds, pamrun_answer *answer,
                                                 bool (*is_done)(const pamrun_answer *), const char *request,
                                                 const pamrun_value *params);

// ---- time and log ----

// The wall clock, in milliseconds since 1970.
int64_t pamrun_now(void);
void pamrun_sleep(int64_t milliseconds);

typedef enum pamrun_level {
  PAMRUN_DEBUG, // of use to the plugin's author
  PAMRUN_INFO,  // what is going on
  PAMRUN_WARN,  // what an operator should look at
} pamrun_level;

// Writes one line for people.
void pamrun_log(pamrun_level level, pamrun_string message);

// ---- what a step is given ----

typedef struct pamrun_request {
  pamrun_string rotation_id;
  pamrun_string marker;   // the name of what this try makes
  uint32_t attempt;       // the number of the try, from 1; 0 when none will be made
  bool is_dry_run;        // it is looked at, and nothing will be changed
  pamrun_string target;   // the target's identity, once preflight has ended
  pamrun_values inputs;   // those that are there, as GROUP.KEY; of each group also GROUP.record and GROUP.role
  pamrun_values settings; // those that have a value
  pamrun_strings deliver; // the labels of the fields that a consumer is to receive
} pamrun_request;

// Whether a name at the service is the marker of any try of this rotation.
bool pamrun_made_this(const pamrun_request *request, pamrun_string name);

// ---- what a step returns ----

typedef enum pamrun_finding_level {
  PAMRUN_FINDING_INFO,    // good to know
  PAMRUN_FINDING_WARNING, // it may fail, or wants attention
  PAMRUN_FINDING_ERROR,   // the rotation will fail
} pamrun_finding_level;

typedef struct pamrun_found {
  pamrun_finding_level level;
  pamrun_string code;    // a word in kebab-case that stays the same from version to version
  pamrun_string message; // what was found, and where
  pamrun_string fix;     // what to do about it, or empty
} pamrun_found;

typedef struct pamrun_plan {
  pamrun_string creates;  // what will be made, in words for people
  pamrun_strings removes; // the ids of exactly what commit removes, of those that a listing showed
  // How many credentials the target has, and may have; `most` is 0 where the service has no fixed number.
  struct {
    uint32_t used;
    uint32_t most;
  } slots;
  pamrun_string context; // a note to the later steps, 16 KiB at most; it is journaled
  // What an operator should know; later steps do not see it.
  struct {
    pamrun_found *items;
    size_t count;
  } findings;
} pamrun_plan;

void pamrun_remove(pamrun_plan *plan, pamrun_string id);
void pamrun_finding(pamrun_plan *plan, pamrun_finding_level level, const char *code, pamrun_string message,
                    pamrun_string fix);

typedef struct pamrun_credential {
  pamrun_string id;      // of the new credential; empty where the strategy has none
  pamrun_values returns; // those that the manifest leaves to the plugin, by label
  pamrun_string expires; // RFC 3339, or empty
} pamrun_credential;

void pamrun_return(pamrun_credential *credential, pamrun_value value);

// Empty when the service accepted the new credential.
typedef struct pamrun_proof {
  pamrun_string unproven; // why it could not be asked
} pamrun_proof;

// What has become of a credential.
typedef enum pamrun_state { PAMRUN_PRESENT, PAMRUN_DISABLED, PAMRUN_GONE } pamrun_state;

typedef struct pamrun_retirement {
  pamrun_string id;
  pamrun_state state;
} pamrun_retirement;

typedef struct pamrun_retired {
  pamrun_retirement *items;
  size_t count;
} pamrun_retired;

void pamrun_retire(pamrun_retired *retired, pamrun_string id, pamrun_state state);

// ---- the plugin ----

// `id` is that of the new credential, and empty where it is not known.
typedef struct pamrun_plugin {
  // Looks, and changes nothing: do the credentials work, what is there now, what goes later? However it fails, the
  // rotation ends before anything is touched.
  pamrun_result (*preflight)(const pamrun_request *request, pamrun_plan *plan);
  // Makes the new credential, and removes nothing. Does not try again where it is unclear whether the service did
  // it: the host knows, and calls rollback.
  pamrun_result (*rotate)(const pamrun_request *request, const pamrun_plan *plan, pamrun_credential *credential);
  // Proves the new credential by a request that uses it. Fails with `wrong-credential` when the service says no.
  // Without this step nothing is proven, and nothing is removed afterwards.
  pamrun_result (*verify)(const pamrun_request *request, const pamrun_plan *plan, pamrun_string id,
                          pamrun_proof *proof);
  // Removes what the plan lists; may be called again. Without this step all of it stays.
  pamrun_result (*commit)(const pamrun_request *request, const pamrun_plan *plan, pamrun_string id,
                          pamrun_retired *retired);
  // Removes what this rotation made: `id`, and whatever `pamrun_made_this` recognises. May be called again.
  pamrun_result (*rollback)(const pamrun_request *request, const pamrun_plan *plan, pamrun_string id,
                            pamrun_retired *retired);
} pamrun_plugin;

extern const pamrun_plugin plugin;

#endif
