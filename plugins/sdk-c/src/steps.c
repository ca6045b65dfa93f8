// Exports the five steps, and converts between the interface's words and ours.
#include <stdlib.h>
#include <string.h>

#include "internal.h"
#include "rotator.h"

// Tells a host what built the plugin.
__asm__(".section \".custom_section.pamrun-sdk\",\"\",@\n"
        ".ascii \"language=c sdk=" PAMRUN_VERSION "\"\n");

// The bindings want an object file that says which world this is linked in. The host knows it: there is
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

static pamrun_record record_from_wire(const pamrun_plugin_model_vault_record_t *wire) {
  pamrun_record record = {
      .uid = from_wire(wire->uid),
      .title = from_wire(wire->title),
      .role = from_wire(wire->role),
      .fields = pamrun_allocate(wire->fields.len * sizeof(pamrun_field)),
      .field_count = wire->fields.len,
  };
  for (size_t i = 0; i < wire->fields.len; i++) {
    const pamrun_plugin_model_field_t *field = &wire->fields.ptr[i];
    record.fields[i] = (pamrun_field){
        from_wire(field->label), from_wire(field->kind), strings_from_wire(field->values)};
  }
  return record;
}

static pamrun_setting setting_from_wire(const pamrun_plugin_model_setting_t *wire) {
  pamrun_setting setting = {.key = from_wire(wire->key), .kind = wire->value.tag};
  switch (wire->value.tag) {
    case PAMRUN_PLUGIN_MODEL_SETTING_VALUE_TEXT:
      setting.text = from_wire(wire->value.val.text);
      break;
    case PAMRUN_PLUGIN_MODEL_SETTING_VALUE_INTEGER:
      setting.integer = wire->value.val.integer;
      break;
    case PAMRUN_PLUGIN_MODEL_SETTING_VALUE_NUMBER:
      setting.number = wire->value.val.number;
      break;
    case PAMRUN_PLUGIN_MODEL_SETTING_VALUE_FLAG:
      setting.integer = wire->value.val.flag;
      break;
    case PAMRUN_PLUGIN_MODEL_SETTING_VALUE_DURATION:
      setting.duration = wire->value.val.duration;
      break;
  }
  return setting;
}

static pamrun_updates updates_from_wire(pamrun_plugin_model_list_update_t list) {
  pamrun_updates updates = {pamrun_allocate(list.len * sizeof(pamrun_update)), list.len};
  for (size_t i = 0; i < list.len; i++) {
    const pamrun_plugin_model_update_t *update = &list.ptr[i];
    updates.items[i] = (pamrun_update){from_wire(update->label), from_wire(update->place),
                                       from_wire(update->kind), strings_from_wire(update->values)};
  }
  return updates;
}

// Copies the request, and frees the original.
static pamrun_request take_request(exports_pamrun_plugin_rotation_request_t *wire) {
  size_t record_count = wire->records.len;
  pamrun_record *records = pamrun_allocate(record_count * sizeof *records);
  for (size_t i = 0; i < record_count; i++) {
    records[i] = record_from_wire(&wire->records.ptr[i]);
  }
  pamrun_setting *settings = pamrun_allocate(wire->settings.len * sizeof *settings);
  for (size_t i = 0; i < wire->settings.len; i++) {
    settings[i] = setting_from_wire(&wire->settings.ptr[i]);
  }
  pamrun_string *proposed = NULL;
  if (wire->proposed.is_some) {
    proposed = pamrun_allocate(sizeof *proposed);
    *proposed = from_wire(wire->proposed.val);
  }
  pamrun_request request = {
      .rotation_id = from_wire(wire->rotation_id),
      .marker = from_wire(wire->marker),
      .attempt = wire->attempt,
      // The host puts the target first.
      .target = record_count ? records : NULL,
      .others = records + 1,
      .other_count = record_count ? record_count - 1 : 0,
      .settings = settings,
      .setting_count = wire->settings.len,
      .proposed = proposed,
      .deliver = updates_from_wire(wire->deliver),
  };
  exports_pamrun_plugin_rotation_request_free(wire);
  return request;
}

static pamrun_plan take_plan(exports_pamrun_plugin_rotation_plan_t *wire) {
  pamrun_plan plan = {
      .target = from_wire(wire->target),
      .creates = from_wire(wire->creates),
      .removes = {pamrun_allocate(wire->removes.len * sizeof(pamrun_listed)), wire->removes.len},
      .notes = strings_from_wire(wire->notes),
  };
  for (size_t i = 0; i < wire->removes.len; i++) {
    const pamrun_plugin_model_listed_t *listed = &wire->removes.ptr[i];
    plan.removes.items[i] =
        (pamrun_listed){from_wire(listed->id), from_wire(listed->label), from_option(listed->expires)};
  }
  exports_pamrun_plugin_rotation_plan_free(wire);
  return plan;
}

static pamrun_credential take_credential(exports_pamrun_plugin_rotation_credential_t *wire) {
  pamrun_credential credential = {
      .handle = from_wire(wire->handle),
      .updates = updates_from_wire(wire->updates),
      .expires = from_option(wire->expires),
  };
  exports_pamrun_plugin_rotation_credential_free(wire);
  return credential;
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

static exports_pamrun_plugin_rotation_plan_t plan_to_wire(const pamrun_plan *plan) {
  exports_pamrun_plugin_rotation_plan_t wire = {
      .target = to_wire(plan->target),
      .creates = to_wire(plan->creates),
      .removes = {allocate(plan->removes.count, sizeof *wire.removes.ptr), plan->removes.count},
      .notes = strings_to_wire(plan->notes),
  };
  for (size_t i = 0; i < plan->removes.count; i++) {
    const pamrun_listed *listed = &plan->removes.items[i];
    wire.removes.ptr[i] = (pamrun_plugin_model_listed_t){to_wire(listed->id), to_wire(listed->label),
                                                         to_option(listed->expires)};
  }
  return wire;
}

static exports_pamrun_plugin_rotation_credential_t credential_to_wire(const pamrun_credential *credential) {
  const pamrun_updates *updates = &credential->updates;
  exports_pamrun_plugin_rotation_credential_t wire = {
      .handle = to_wire(credential->handle),
      .updates = {allocate(updates->count, sizeof *wire.updates.ptr), updates->count},
      .expires = to_option(credential->expires),
  };
  for (size_t i = 0; i < updates->count; i++) {
    const pamrun_update *update = &updates->items[i];
    wire.updates.ptr[i] = (pamrun_plugin_model_update_t){to_wire(update->label), to_wire(update->place),
                                                         to_wire(update->kind), strings_to_wire(update->values)};
  }
  return wire;
}

// Writes the failure, if it is one; returns what the bindings take for success.
static bool finish(pamrun_result result, exports_pamrun_plugin_rotation_failure_t *wire) {
  if (!result) {
    return true;
  }
  static const uint8_t tags[] = {
      [PAMRUN_INVALID] = PAMRUN_PLUGIN_MODEL_FAILURE_INVALID,
      [PAMRUN_DENIED] = PAMRUN_PLUGIN_MODEL_FAILURE_DENIED,
      [PAMRUN_NOT_FOUND] = PAMRUN_PLUGIN_MODEL_FAILURE_NOT_FOUND,
      [PAMRUN_CONFLICT] = PAMRUN_PLUGIN_MODEL_FAILURE_CONFLICT,
      [PAMRUN_WRONG_CREDENTIAL] = PAMRUN_PLUGIN_MODEL_FAILURE_WRONG_CREDENTIAL,
      [PAMRUN_UNAVAILABLE] = PAMRUN_PLUGIN_MODEL_FAILURE_UNAVAILABLE,
      [PAMRUN_UNCERTAIN] = PAMRUN_PLUGIN_MODEL_FAILURE_UNCERTAIN,
      [PAMRUN_OTHER] = PAMRUN_PLUGIN_MODEL_FAILURE_OTHER,
  };
  bool known = (size_t)result->kind < sizeof tags;
  wire->tag = known ? tags[result->kind] : PAMRUN_PLUGIN_MODEL_FAILURE_OTHER;
  if (wire->tag == PAMRUN_PLUGIN_MODEL_FAILURE_UNAVAILABLE) {
    bool says_when = result->retry_after >= 0 && result->retry_after <= UINT32_MAX;
    wire->val.unavailable = (pamrun_plugin_model_outage_t){
        to_wire(result->code),
        to_wire(result->message),
        {says_when, says_when ? (uint32_t)result->retry_after : 0},
    };
  } else {
    // The other kinds share one shape.
    wire->val.other = (pamrun_plugin_model_problem_t){to_wire(result->code), to_wire(result->message)};
  }
  return false;
}

// ---- the steps ----

void exports_pamrun_plugin_rotation_describe(exports_pamrun_plugin_rotation_manifest_t *ret) {
  *ret = to_wire(plugin.manifest);
}

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
    *ret = credential_to_wire(&credential);
  }
  return finish(result, err);
}

bool exports_pamrun_plugin_rotation_verify(exports_pamrun_plugin_rotation_request_t *wire_request,
                                           exports_pamrun_plugin_rotation_plan_t *wire_plan,
                                           exports_pamrun_plugin_rotation_credential_t *wire_credential,
                                           exports_pamrun_plugin_rotation_proof_t *ret,
                                           exports_pamrun_plugin_rotation_failure_t *err) {
  pamrun_forget();
  pamrun_request request = take_request(wire_request);
  pamrun_plan plan = take_plan(wire_plan);
  pamrun_credential credential = take_credential(wire_credential);
  pamrun_proof proof = {.unproven = PAMRUN("this plugin has no way to try the new credential")};
  pamrun_result result = PAMRUN_OK;
  if (plugin.verify) {
    proof.unproven = PAMRUN("");
    result = plugin.verify(&request, &plan, &credential, &proof);
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
                                           rotator_string_t *wire_handle,
                                           exports_pamrun_plugin_rotation_list_removed_t *ret,
                                           exports_pamrun_plugin_rotation_failure_t *err) {
  pamrun_forget();
  pamrun_request request = take_request(wire_request);
  pamrun_plan plan = take_plan(wire_plan);
  pamrun_string handle = from_wire(*wire_handle);
  rotator_string_free(wire_handle);
  pamrun_removals removals = {0};
  pamrun_result result = PAMRUN_OK;
  if (plugin.commit) {
    result = plugin.commit(&request, &plan, handle, &removals);
  } else {
    for (size_t i = 0; i < plan.removes.count; i++) {
      pamrun_removal(&removals, plan.removes.items[i].id, false);
    }
  }
  if (!result) {
    *ret = (exports_pamrun_plugin_rotation_list_removed_t){allocate(removals.count, sizeof *ret->ptr),
                                                           removals.count};
    for (size_t i = 0; i < removals.count; i++) {
      ret->ptr[i] = (exports_pamrun_plugin_rotation_removed_t){to_wire(removals.items[i].id),
                                                               removals.items[i].gone};
    }
  }
  return finish(result, err);
}

bool exports_pamrun_plugin_rotation_rollback(exports_pamrun_plugin_rotation_request_t *wire_request,
                                             exports_pamrun_plugin_rotation_plan_t *wire_plan,
                                             rotator_string_t *wire_handle,
                                             exports_pamrun_plugin_rotation_undone_t *ret,
                                             exports_pamrun_plugin_rotation_failure_t *err) {
  pamrun_forget();
  pamrun_request request = take_request(wire_request);
  pamrun_plan plan = take_plan(wire_plan);
  pamrun_string handle = PAMRUN("");
  if (wire_handle) {
    handle = from_wire(*wire_handle);
    rotator_string_free(wire_handle);
  }
  pamrun_undone undone = {0};
  pamrun_result result =
      plugin.rollback
          ? plugin.rollback(&request, &plan, wire_handle ? &handle : NULL, &undone)
          : pamrun_fail(PAMRUN_OTHER, "no-rollback", PAMRUN("this plugin has no way to undo what it did"));
  if (!result) {
    *ret = (exports_pamrun_plugin_rotation_undone_t){strings_to_wire(undone.seen), strings_to_wire(undone.gone)};
  }
  return finish(result, err);
}
