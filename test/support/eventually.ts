import { setTimeout as delay } from "node:timers/promises";

const PATIENCE_MS = 10_000;

/** Asks again and again until the answer is as expected, and returns it. Throws where it never is. */
export async function eventually<T>(
  ask: () => Promise<T>,
  expected: (answer: T) => boolean,
): Promise<T> {
  for (const late = performance.now() + PATIENCE_MS; ;) {
    const answer = await ask();
    if (expected(answer)) return answer;
    if (performance.now() > late) throw new Error(`still ${JSON.stringify(answer)}`);
    await delay(10);
  }
}
