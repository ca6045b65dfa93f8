// Reading what a step is given, and building what it returns.
#include <stdlib.h>
#include <string.h>

#include "internal.h"
#include "rotator.h"

pamrun_result pamrun_fail(pamrun_failure_kind kind, const char *code, pamrun_string message) {
  pamrun_failure *failure = pamrun_allocate(sizeof *failure);
  *failure = (pamrun_failure){.kind = kind, .code = pamrun_copy(code), .message = message, .retry_after = -1};
  return failure;
}

pamrun_result pamrun_unavailable(const char *code, pamrun_string message, int64_t retry_after) {
  pamrun_failure *failure = pamrun_allocate(sizeof *failure);
  *failure = (pamrun_failure){
      .kind = PAMRUN_UNAVAILABLE, .code = pamrun_copy(code), .message = message, .retry_after = retry_after};
  return failure;
}

pamrun_string pamrun_field_or_empty(const pamrun_record *record, const char *label) {
  for (size_t i = 0; record && i < record->field_count; i++) {
    const pamrun_field *field = &record->fields[i];
    if (pamrun_is(field->label, label)) {
      return field->values.count ? field->values.items[0] : PAMRUN("");
    }
  }
  return PAMRUN("");
}

pamrun_result pamrun_field_text(const pamrun_record *record, const char *label, pamrun_string *value) {
  *value = pamrun_field_or_empty(record, label);
  if (value->length) {
    return PAMRUN_OK;
  }
  if (!record) {
    return pamrun_fail(PAMRUN_INVALID, "record-missing", pamrun_format("no record has the field %s", label));
  }
  return pamrun_fail(PAMRUN_INVALID, "field-missing",
                     pamrun_format("the record \"%s\" (%s) has no value in its field %s", record->title.data,
                                   record->uid.data, label));
}

const pamrun_record *pamrun_record_with(const pamrun_request *request, const char *label) {
  for (size_t i = 0; i < request->other_count; i++) {
    if (pamrun_field_or_empty(&request->others[i], label).length) {
      return &request->others[i];
    }
  }
  return NULL;
}

bool pamrun_made_this(const pamrun_request *request, pamrun_string name) {
  // The marker ends with a dot and the number of the try; all tries of a rotation are its own.
  const char *dot = strrchr(request->marker.data, '.');
  size_t stem = dot ? (size_t)(dot - request->marker.data) + 1 : request->marker.length;
  if (name.length <= stem || memcmp(name.data, request->marker.data, stem) != 0) {
    return false;
  }
  return strspn(name.data + stem, "0123456789") == name.length - stem;
}

static pamrun_result find_setting(const pamrun_request *request, const char *key, uint8_t kind, const char *type,
                                  const pamrun_setting **found) {
  for (size_t i = 0; i < request->setting_count; i++) {
    const pamrun_setting *setting = &request->settings[i];
    if (!pamrun_is(setting->key, key)) {
      continue;
    }
    if (setting->kind != kind) {
      return pamrun_fail(PAMRUN_INVALID, "setting-missing", pamrun_format("the setting %s is not %s", key, type));
    }
    *found = setting;
    return PAMRUN_OK;
  }
  return pamrun_fail(PAMRUN_INVALID, "setting-missing", pamrun_format("the setting %s has no value", key));
}

pamrun_result pamrun_setting_text(const pamrun_request *request, const char *key, pamrun_string *value) {
  const pamrun_setting *found;
  PAMRUN_TRY(find_setting(request, key, PAMRUN_PLUGIN_MODEL_SETTING_VALUE_TEXT, "a text", &found));
  *value = found->text;
  return PAMRUN_OK;
}

pamrun_result pamrun_setting_integer(const pamrun_request *request, const char *key, int64_t *value) {
  const pamrun_setting *found;
  PAMRUN_TRY(find_setting(request, key, PAMRUN_PLUGIN_MODEL_SETTING_VALUE_INTEGER, "a whole number", &found));
  *value = found->integer;
  return PAMRUN_OK;
}

pamrun_result pamrun_setting_number(const pamrun_request *request, const char *key, double *value) {
  const pamrun_setting *found;
  PAMRUN_TRY(find_setting(request, key, PAMRUN_PLUGIN_MODEL_SETTING_VALUE_NUMBER, "a number", &found));
  *value = found->number;
  return PAMRUN_OK;
}

pamrun_result pamrun_setting_flag(const pamrun_request *request, const char *key, bool *value) {
  const pamrun_setting *found;
  PAMRUN_TRY(find_setting(request, key, PAMRUN_PLUGIN_MODEL_SETTING_VALUE_FLAG, "yes or no", &found));
  *value = found->integer != 0;
  return PAMRUN_OK;
}

pamrun_result pamrun_setting_duration(const pamrun_request *request, const char *key, uint64_t *value) {
  const pamrun_setting *found;
  PAMRUN_TRY(find_setting(request, key, PAMRUN_PLUGIN_MODEL_SETTING_VALUE_DURATION, "a duration", &found));
  *value = found->duration;
  return PAMRUN_OK;
}

static void add_text(pamrun_strings *list, pamrun_string text) {
  list->items = pamrun_grow(list->items, list->count, sizeof *list->items);
  list->items[list->count++] = text;
}

void pamrun_plan_remove(pamrun_plan *plan, pamrun_listed credential) {
  plan->removes.items = pamrun_grow(plan->removes.items, plan->removes.count, sizeof *plan->removes.items);
  plan->removes.items[plan->removes.count++] = credential;
}

void pamrun_plan_note(pamrun_plan *plan, pamrun_string note) { add_text(&plan->notes, note); }

void pamrun_update_field(pamrun_credential *credential, const char *place, const char *kind, const char *label,
                         pamrun_string value) {
  pamrun_update update = {
      .label = pamrun_copy(label), .place = pamrun_copy(place), .kind = pamrun_copy(kind)};
  add_text(&update.values, value);
  pamrun_updates *updates = &credential->updates;
  updates->items = pamrun_grow(updates->items, updates->count, sizeof *updates->items);
  updates->items[updates->count++] = update;
}

void pamrun_update_secret(pamrun_credential *credential, const char *label, pamrun_string value) {
  pamrun_update_field(credential, "custom", "secret", label, value);
}

void pamrun_update_text(pamrun_credential *credential, const char *label, pamrun_string value) {
  pamrun_update_field(credential, "custom", "text", label, value);
}

pamrun_string pamrun_credential_value(const pamrun_credential *credential, const char *label) {
  for (size_t i = 0; i < credential->updates.count; i++) {
    const pamrun_update *update = &credential->updates.items[i];
    if (pamrun_is(update->label, label) && update->values.count) {
      return update->values.items[0];
    }
  }
  return PAMRUN("");
}

void pamrun_removal(pamrun_removals *removals, pamrun_string id, bool gone) {
  removals->items = pamrun_grow(removals->items, removals->count, sizeof *removals->items);
  removals->items[removals->count++] = (pamrun_removed){id, gone};
}

void pamrun_undone_seen(pamrun_undone *undone, pamrun_string id, bool gone) {
  add_text(&undone->seen, id);
  if (gone) {
    add_text(&undone->gone, id);
  }
}
