// Trying a new credential until the service has made up its mind.
#include "internal.h"

// How long a service that says nothing is waited for, and the first and the longest pause.
enum { OUTAGE = 30 * 1000, FIRST = 2 * 1000, LONGEST = 15 * 1000 };

bool pamrun_not_yet(pamrun_trial *trial, pamrun_result result) {
  if (!result) {
    return false;
  }
  uint64_t wait;
  uint64_t left;
  if (result->kind == PAMRUN_WRONG_CREDENTIAL) {
    trial->silent = 0;
    wait = trial->pause ? trial->pause : FIRST;
    trial->pause = 2 * wait < LONGEST ? 2 * wait : LONGEST;
    left = trial->window > trial->waited ? trial->window - trial->waited : 0;
    // The last trial is at the end of the window.
    wait = wait < left ? wait : left;
  } else if (result->kind == PAMRUN_UNAVAILABLE) {
    uint64_t asked = result->retry_after > 0 ? (uint64_t)result->retry_after * 1000 : FIRST;
    wait = asked > FIRST ? asked : FIRST;
    left = trial->silent < OUTAGE ? OUTAGE - trial->silent : 0;
    // A service that asks for more is not waited for.
    left = wait > left ? 0 : left;
    trial->silent += wait;
  } else {
    return false;
  }
  if (!left) {
    return false;
  }
  trial->waited += wait;
  pamrun_sleep(wait);
  return true;
}
