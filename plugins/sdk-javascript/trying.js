// Trying again, where that is safe and of use.

import { clock, log } from './host.js';
import { Rejected, Unavailable } from './trouble.js';

// How long all pauses of one request may be together, where nothing else is known: more does not fit into the time
// that a host gives a rotation by default.
const PATIENCE = 480_000;
// The pauses between tries, as long as the service asks for no other.
const PAUSES = [2_000, 4_000, 8_000, 16_000];
// What a pause that is asked for counts at least: a service that never asks for more than a second is not asked for
// ever. So long is also waited for one that asks to slow down, and does not say for how long.
const LEAST = 5_000;

// The first and the longest pause between probes, and how long a service that says nothing is asked again.
const FIRST = 2_000;
const LONGEST = 15_000;
const OUTAGE = 30_000;

const now = () => clock.now().getTime();

/** Does it again while the service is busy, for so many milliseconds of pauses. */
export function retry(action, window = PATIENCE) {
  const pauseFor = patience(window);
  for (;;) {
    try {
      return action();
    } catch (trouble) {
      const pause = isBusy(trouble) ? pauseFor(asked(trouble)) : undefined;
      if (pause === undefined) {
        throw trouble;
      }
      log.info(`trying again in ${pause} ms: ${trouble.message}`);
      clock.sleep(pause);
    }
  }
}

/** Probes until there is something, for so many milliseconds. */
export function until(probe, window = 60_000) {
  const end = now() + window;
  const pauseFor = patience(PATIENCE);
  let nextPause = FIRST;
  let silentSince;
  for (;;) {
    let pause;
    try {
      const found = probe();
      const left = end - now();
      if (found || left <= 0) {
        return found;
      }
      silentSince = undefined;
      pause = Math.min(nextPause, left);
      nextPause = Math.min(2 * nextPause, LONGEST);
    } catch (trouble) {
      if (isBusy(trouble) && asked(trouble) === undefined) {
        silentSince ??= now();
        const left = silentSince + OUTAGE - now();
        pause = left > 0 ? Math.min(FIRST, left) : undefined;
      } else if (isBusy(trouble)) {
        silentSince = undefined;
        pause = pauseFor(asked(trouble));
      }
      if (pause === undefined) {
        throw trouble;
      }
    }
    clock.sleep(pause);
  }
}

/** What gives the pause before the next try, and nothing where that is more than there is left. */
function patience(window) {
  const pauses = [...PAUSES];
  let left = window;
  return (wanted) => {
    const pause = wanted ?? pauses.shift();
    left -= wanted === undefined ? pause ?? 0 : Math.max(pause, LEAST);
    return left >= 0 ? pause : undefined;
  };
}

const isBusy = (trouble) =>
  trouble instanceof Unavailable || (trouble instanceof Rejected && [429, 503].includes(trouble.status));

/** How long the service asks to wait. A time of 0 is no invitation to ask without a pause. */
const asked = ({ status, retryAfter }) => retryAfter || (status === 429 ? LEAST : undefined);
