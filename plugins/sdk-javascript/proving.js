// Trying a new credential until the service has made up its mind.

import { clock } from './host.js';

const OUTAGE = 30_000;
const FIRST = 2_000;
const LONGEST = 15_000;

/**
 * Tries again while a new credential spreads from backend to backend: as long as `attempt` throws
 * `wrongCredential`, for so many milliseconds, and while the service is `unavailable`, for half a minute.
 */
export async function untilAccepted(attempt, milliseconds = 60_000) {
  const now = () => clock.now().getTime();
  const began = now();
  let silentSince;
  let pause = FIRST;
  for (;;) {
    let wait;
    try {
      return await attempt();
    } catch (failure) {
      if (failure.kind === 'wrong-credential') {
        silentSince = undefined;
        const left = began + milliseconds - now();
        if (left <= 0) {
          throw failure;
        }
        wait = Math.min(pause, left);
        pause = Math.min(2 * pause, LONGEST);
      } else if (failure.kind === 'unavailable') {
        silentSince ??= now();
        wait = Math.max(FIRST, 1000 * (failure.retryAfter ?? 0));
        // A service that asks for more is not waited for.
        if (wait > silentSince + OUTAGE - now()) {
          throw failure;
        }
      } else {
        throw failure;
      }
    }
    await clock.sleep(wait);
  }
}
