// Exports the five steps, and reaches the host: converts between the interface's words and ours. In a component only.
#define _POSIX_C_SOURCE 200809L // nanosleep
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "internal.h"
#include "rotator.h"

// Tells a host what built the plugin.
__asm__(".section \".custom_section.pamrun-sdk\",\"\",@\n"
        ".ascii \"language=c sdk=" PAMRUN_VERSION "\"\n");

// The bindings want an object file that says which world this is linked in. `plugin pack` knows it: there is
// only one, and no object file has to be kept with the sources.
void __component_type_object_force_link_rotator(void);
void __component_type_object_force_link_rotator(void) {}

// ---- in: copied, so that every string ends with a zero byte ----

static pamrun_string from_wire(rotator_string_t text) { return pamrun_keep(text.ptr, text.len); }

static pamrun_string from_option(rotator_option_string_t text) {
  return text.is_some ? from_wire(text.val) : PAMRUN("");
}

static pamrun_strings strings_from_wire(rotator_list_string_t list) {
  pamrun_strings strings = {pamrun_allocate(list.len * sizeof(pamrun_string)), list.len};
  for (size_t i = 0; i < list.len; i++) {
    strings.items[i] = from_wire(list.ptr[i]);
  }
  return strings;
}

static pamrun_value value_from_wire(const pamrun_plugin_model_named_t *wire) {
  pamrun_value value = {.name = from_wire(wire->name), .text = PAMRUN("")};
  switch (wire->value.tag) {
    case PAMRUN_PLUGIN_MODEL_VALUE_TEXT:
      value.kind = PAMRUN_TEXT;
      value.text = from_wire(wire->value.val.text);
      break;
    case PAMRUN_PLUGIN_MODEL_VALUE_INTEGER:
      value.kind = PAMRUN_INTEGER;
      value.integer = wire->value.val.integer;
      break;
    case PAMRUN_PLUGIN_MODEL_VALUE_FLAG:
      value.kind = PAMRUN_FLAG;
      value.integer = wire->value.val.flag;
      break;
    case PAMRUN_PLUGIN_MODEL_VALUE_DURATION:
      value.kind = PAMRUN_DURATION;
      value.duration = wire->value.val.duration;
      break;
    case PAMRUN_PLUGIN_MODEL_VALUE_TEXTS:
      value.kind = PAMRUN_TEXTS;
      value.texts = strings_from_wire(wire->value.val.texts);
      break;
    default:
      value.kind = PAMRUN_SECRET;
  }
  return value;
}

static pamrun_values values_from_wire(const pamrun_plugin_model_named_t *items, size_t count) {
  pamrun_values values = {pamrun_allocate(count * sizeof(pamrun_value)), count};
  for (size_t i = 0; i < count; i++) {
    values.items[i] = value_from_wire(&items[i]);
  }
  return values;
}

// Copies the request, and frees the original.
static pamrun_request take_request(exports_pamrun_plugin_rotation_request_t *wire) {
  pamrun_request request = {
      .rotation_id = from_wire(wire->rotation_id),
      .marker = from_wire(wire->marker),
      .attempt = wire->attempt,
      .is_dry_run = wire->mode == PAMRUN_PLUGIN_MODEL_MODE_DRY_RUN,
      .target = from_option(wire->target),
      .inputs = values_from_wire(wire->inputs.ptr, wire->inputs.len),
      .settings = values_from_wire(wire->settings.ptr, wire->settings.len),
      .deliver = strings_from_wire(wire->deliver),
  };
  exports_pamrun_plugin_rotation_request_free(wire);
  return request;
}

static pamrun_plan take_plan(exports_pamrun_plugin_rotation_plan_t *wire) {
  pamrun_plan plan = {
      .creates = from_wire(wire->creates),
      .removes = strings_from_wire(wire->removes),
      .context = from_wire(wire->context),
  };
  if (wire->slots.is_some) {
    plan.slots.used = wire->slots.val.used;
    plan.slots.most = wire->slots.val.most;
  }
  exports_pamrun_plugin_rotation_plan_free(wire);
  return plan;
}

static pamrun_string take_id(rotator_string_t *wire) {
  if (!wire) {
    return PAMRUN("");
  }
  pamrun_string id = from_wire(*wire);
  rotator_string_free(wire);
  return id;
}

// ---- out: copied, because the bindings free each part on its own ----

static void *allocate(size_t count, size_t size) {
  void *memory = count ? calloc(count, size) : NULL;
  if (count && !memory) {
    __builtin_trap();
  }
  return memory;
}

static rotator_string_t to_wire(pamrun_string text) {
  rotator_string_t wire = {allocate(text.length, 1), text.length};
  if (text.length) {
    memcpy(wire.ptr, text.data, text.length);
  }
  return wire;
}

static rotator_option_string_t to_option(pamrun_string text) {
  return text.length ? (rotator_option_string_t){true, to_wire(text)} : (rotator_option_string_t){.is_some = false};
}

static rotator_list_string_t strings_to_wire(pamrun_strings strings) {
  rotator_list_string_t list = {allocate(strings.count, sizeof *list.ptr), strings.count};
  for (size_t i = 0; i < strings.count; i++) {
    list.ptr[i] = to_wire(strings.items[i]);
  }
  return list;
}

static pamrun_plugin_model_named_t value_to_wire(const pamrun_value *value) {
  pamrun_plugin_model_named_t wire = {.name = to_wire(value->name)};
  switch (value->kind) {
    case PAMRUN_TEXT:
      wire.value.tag = PAMRUN_PLUGIN_MODEL_VALUE_TEXT;
      wire.value.val.text = to_wire(value->text);
      break;
    case PAMRUN_INTEGER:
      wire.value.tag = PAMRUN_PLUGIN_MODEL_VALUE_INTEGER;
      wire.value.val.integer = value->integer;
      break;
    case PAMRUN_FLAG:
      wire.value.tag = PAMRUN_PLUGIN_MODEL_VALUE_FLAG;
      wire.value.val.flag = value->integer != 0;
      break;
    case PAMRUN_DURATION:
      wire.value.tag = PAMRUN_PLUGIN_MODEL_VALUE_DURATION;
      wire.value.val.duration = value->duration;
      break;
    case PAMRUN_TEXTS:
      wire.value.tag = PAMRUN_PLUGIN_MODEL_VALUE_TEXTS;
      wire.value.val.texts = strings_to_wire(value->texts);
      break;
    case PAMRUN_SECRET:
      wire.value.tag = PAMRUN_PLUGIN_MODEL_VALUE_SECRET;
  }
  return wire;
}

static pamrun_plugin_model_list_named_t values_to_wire(pamrun_values values) {
  pamrun_plugin_model_list_named_t list = {allocate(values.count, sizeof *list.ptr), values.count};
  for (size_t i = 0; i < values.count; i++) {
    list.ptr[i] = value_to_wire(&values.items[i]);
  }
  return list;
}

static exports_pamrun_plugin_rotation_plan_t plan_to_wire(const pamrun_plan *plan) {
  exports_pamrun_plugin_rotation_plan_t wire = {
      .creates = to_wire(plan->creates),
      .removes = strings_to_wire(plan->removes),
      .slots = {plan->slots.most > 0, {plan->slots.used, plan->slots.most}},
      .context = to_wire(plan->context),
      .findings = {allocate(plan->findings.count, sizeof *wire.findings.ptr), plan->findings.count},
  };
  for (size_t i = 0; i < plan->findings.count; i++) {
    const pamrun_found *found = &plan->findings.items[i];
    wire.findings.ptr[i] = (pamrun_plugin_model_finding_t){(pamrun_plugin_model_level_t)found->level,
                                                           to_wire(found->code), to_wire(found->message),
                                                           to_option(found->fix)};
  }
  return wire;
}

// The numbers of the interface are ours: both go by the order in which it lists them.
_Static_assert((int)PAMRUN_OTHER == PAMRUN_PLUGIN_MODEL_KIND_OTHER, "the kinds of a failure");
_Static_assert((int)PAMRUN_FINDING_ERROR == PAMRUN_PLUGIN_MODEL_LEVEL_ERROR, "the levels of a finding");
_Static_assert((int)PAMRUN_GONE == PAMRUN_PLUGIN_MODEL_STATE_GONE, "the states of a credential");
_Static_assert((int)PAMRUN_WARN == PAMRUN_PLUGIN_LOG_LEVEL_WARN, "the levels of a line");

// Writes the failure, if it is one; returns what the bindings take for success.
static bool finish(pamrun_result result, exports_pamrun_plugin_rotation_failure_t *wire) {
  if (!result) {
    return true;
  }
  *wire = (exports_pamrun_plugin_rotation_failure_t){(pamrun_plugin_model_kind_t)result->kind, to_wire(result->code),
                                                     to_wire(result->message), to_option(result->fix)};
  return false;
}

static bool finish_retired(pamrun_result result, const pamrun_retired *retired,
                           exports_pamrun_plugin_rotation_list_retired_t *ret,
                           exports_pamrun_plugin_rotation_failure_t *err) {
  if (!result) {
    *ret = (exports_pamrun_plugin_rotation_list_retired_t){allocate(retired->count, sizeof *ret->ptr),
                                                           retired->count};
    for (size_t i = 0; i < retired->count; i++) {
      ret->ptr[i] = (exports_pamrun_plugin_rotation_retired_t){
          to_wire(retired->items[i].id), (pamrun_plugin_model_state_t)retired->items[i].state};
    }
  }
  return finish(result, err);
}

// ---- the host ----

void pamrun_host_call(const char *request, const pamrun_value *params, pamrun_answer *answer) {
  pamrun_values given = {(pamrun_value *)params, 0};
  while (params[given.count].name.length) {
    given.count++;
  }
  rotator_string_t name = to_wire(pamrun_copy(request));
  pamrun_plugin_http_list_named_t wire_params;
  pamrun_plugin_model_list_named_t wire_given = values_to_wire(given);
  wire_params.ptr = wire_given.ptr;
  wire_params.len = wire_given.len;
  pamrun_plugin_http_answer_t success;
  pamrun_plugin_http_trouble_t trouble;
  bool is_success = pamrun_plugin_http_call(&name, &wire_params, &success, &trouble);
  rotator_string_free(&name);
  pamrun_plugin_http_list_named_free(&wire_params);
  if (is_success) {
    answer->outputs = values_from_wire(success.outputs.ptr, success.outputs.len);
    answer->item_count = success.items.len;
    answer->items = pamrun_allocate(success.items.len * sizeof *answer->items);
    for (size_t i = 0; i < success.items.len; i++) {
      const pamrun_plugin_model_listed_t *item = &success.items.ptr[i];
      answer->items[i] = (pamrun_listed){
          from_wire(item->id),         from_option(item->label), from_option(item->created),
          from_option(item->expires), item->disabled,           values_from_wire(item->outputs.ptr, item->outputs.len),
      };
    }
    pamrun_plugin_http_answer_free(&success);
    return;
  }
  switch (trouble.tag) {
    case PAMRUN_PLUGIN_HTTP_TROUBLE_REJECTED:
    case PAMRUN_PLUGIN_HTTP_TROUBLE_UNAVAILABLE: {
      const pamrun_plugin_http_rejection_t *said = &trouble.val.rejected;
      answer->trouble =
          trouble.tag == PAMRUN_PLUGIN_HTTP_TROUBLE_REJECTED ? PAMRUN_TROUBLE_REJECTED : PAMRUN_TROUBLE_UNAVAILABLE;
      answer->request = from_wire(said->request);
      answer->status = said->status;
      answer->errors = values_from_wire(said->errors.ptr, said->errors.len);
      answer->retry_after = said->retry_after.is_some ? (int64_t)said->retry_after.val : -1;
      break;
    }
    default:
      answer->trouble = trouble.tag == PAMRUN_PLUGIN_HTTP_TROUBLE_REFUSED ? PAMRUN_TROUBLE_REFUSED : PAMRUN_TROUBLE_UNCERTAIN;
      answer->reason = from_wire(trouble.val.uncertain);
  }
  pamrun_plugin_http_trouble_free(&trouble);
}

int64_t pamrun_now(void) {
  struct timespec now = {0};
  clock_gettime(CLOCK_REALTIME, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void pamrun_sleep(int64_t milliseconds) {
  if (milliseconds > 0) {
    nanosleep(&(struct timespec){.tv_sec = milliseconds / 1000, .tv_nsec = milliseconds % 1000 * 1000000}, NULL);
  }
}

void pamrun_log(pamrun_level level, pamrun_string message) {
  rotator_string_t wire = to_wire(message);
  pamrun_plugin_log_write((pamrun_plugin_log_level_t)level, &wire);
  rotator_string_free(&wire);
}

// ---- the steps ----

bool exports_pamrun_plugin_rotation_preflight(exports_pamrun_plugin_rotation_request_t *wire_request,
                                              exports_pamrun_plugin_rotation_plan_t *ret,
                                              exports_pamrun_plugin_rotation_failure_t *err) {
  pamrun_forget();
  pamrun_request request = take_request(wire_request);
  pamrun_plan plan = {0};
  pamrun_result result = plugin.preflight(&request, &plan);
  if (!result) {
    *ret = plan_to_wire(&plan);
  }
  return finish(result, err);
}

bool exports_pamrun_plugin_rotation_rotate(exports_pamrun_plugin_rotation_request_t *wire_request,
                                           exports_pamrun_plugin_rotation_plan_t *wire_plan,
                                           exports_pamrun_plugin_rotation_credential_t *ret,
                                           exports_pamrun_plugin_rotation_failure_t *err) {
  pamrun_forget();
  pamrun_request request = take_request(wire_request);
  pamrun_plan plan = take_plan(wire_plan);
  pamrun_credential credential = {0};
  pamrun_result result = plugin.rotate(&request, &plan, &credential);
  if (!result) {
    *ret = (exports_pamrun_plugin_rotation_credential_t){
        .id = to_option(credential.id),
        .returns = values_to_wire(credential.returns),
        .expires = to_option(credential.expires),
    };
  }
  return finish(result, err);
}

bool exports_pamrun_plugin_rotation_verify(exports_pamrun_plugin_rotation_request_t *wire_request,
                                           exports_pamrun_plugin_rotation_plan_t *wire_plan,
                                           rotator_string_t *wire_id, exports_pamrun_plugin_rotation_proof_t *ret,
                                           exports_pamrun_plugin_rotation_failure_t *err) {
  pamrun_forget();
  pamrun_request request = take_request(wire_request);
  pamrun_plan plan = take_plan(wire_plan);
  pamrun_string id = take_id(wire_id);
  pamrun_proof proof = {.unproven = PAMRUN("this plugin has no way to try the new credential")};
  pamrun_result result = PAMRUN_OK;
  if (plugin.verify) {
    proof.unproven = PAMRUN("");
    result = plugin.verify(&request, &plan, id, &proof);
  }
  *ret = (exports_pamrun_plugin_rotation_proof_t){.tag = PAMRUN_PLUGIN_MODEL_PROOF_VERIFIED};
  if (!result && proof.unproven.length) {
    ret->tag = PAMRUN_PLUGIN_MODEL_PROOF_UNPROVEN;
    ret->val.unproven = to_wire(proof.unproven);
  }
  return finish(result, err);
}

bool exports_pamrun_plugin_rotation_commit(exports_pamrun_plugin_rotation_request_t *wire_request,
                                           exports_pamrun_plugin_rotation_plan_t *wire_plan,
                                           rotator_string_t *wire_id,
                                           exports_pamrun_plugin_rotation_list_retired_t *ret,
                                           exports_pamrun_plugin_rotation_failure_t *err) {
  pamrun_forget();
  pamrun_request request = take_request(wire_request);
  pamrun_plan plan = take_plan(wire_plan);
  pamrun_string id = take_id(wire_id);
  pamrun_retired retired = {0};
  pamrun_result result = PAMRUN_OK;
  if (plugin.commit) {
    result = plugin.commit(&request, &plan, id, &retired);
  } else {
    for (size_t i = 0; i < plan.removes.count; i++) {
      pamrun_retire(&retired, plan.removes.items[i], PAMRUN_PRESENT);
    }
  }
  return finish_retired(result, &retired, ret, err);
}

bool exports_pamrun_plugin_rotation_rollback(exports_pamrun_plugin_rotation_request_t *wire_request,
                                             exports_pamrun_plugin_rotation_plan_t *wire_plan,
                                             rotator_string_t *wire_id,
                                             exports_pamrun_plugin_rotation_list_retired_t *ret,
                                             exports_pamrun_plugin_rotation_failure_t *err) {
  pamrun_forget();
  pamrun_request request = take_request(wire_request);
  pamrun_plan plan = take_plan(wire_plan);
  pamrun_string id = take_id(wire_id);
  pamrun_retired retired = {0};
  pamrun_result result = plugin.rollback
                             ? plugin.rollback(&request, &plan, id, &retired)
                             : pamrun_fail(PAMRUN_OTHER, "no-rollback",
                                           PAMRUN("this plugin has no way to undo what it did"), PAMRUN(""));
  return finish_retired(result, &retired, ret, err);
}
