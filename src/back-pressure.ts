import { setImmediate as turn, setTimeout as delay } from "node:timers/promises";

/** Bytes that may wait for one connection; past it, it ends, to be resumed by cursor. */
export const MOST_WAITING = 1024 * 1024;
/** Up to so many it is given more of the past. */
const FEW_WAITING = 64 * 1024;
const LOOK_MS = 20;

/** @param waiting bytes that wait for a connection; 0 once it has ended */
export async function untilFewWait(waiting: () => number): Promise<void> {
  // What is held back until the end of the turn leaves first.
  if (waiting() > FEW_WAITING) await turn();
  while (waiting() > FEW_WAITING) await delay(LOOK_MS);
}
