import type { Hub } from "./hub";
import type { Duty } from "./sole-duty";
import type { Change } from "./transaction";

/** The channel of NOTIFY by which the hub that delivers learns that there is something new to do. */
export const WORKERS_CHANNEL = "musubi_deliveries";

/** Wakes the workers, on whichever hub they run, once the change is committed. */
export const wakeWorkers = async (change: Change): Promise<void> =>
  void (await change.query(`NOTIFY ${WORKERS_CHANNEL}`));

/** What a worker waits for before its next step: what comes first of all that is named. */
export interface Pause {
  /** An instant in milliseconds. */
  until?: number;
  /** Rows of the log after this number. */
  after?: number;
}

/** Work on things that do not wait for each other, one step of one thing at a time. */
export interface Work {
  /** What there is to work on now. */
  ids(): Promise<string[]>;
  /** Does one step. Returns what to wait for before the next; "done": nothing more, until `ids` names it again. */
  step(id: string, signal: AbortSignal): Promise<Pause | "done">;
  /** What was kept in memory of the database may be old. */
  forget(): void;
  /** Called when no further step follows. */
  end?(): Promise<void>;
}

/** At the latest after so long everything is looked at again, whatever notification was lost. */
const POLL_MS = 5_000;
const AFTER_FAILURE_MS = 1_000;

/** Works on many things side by side, on each in order. */
export class Workers implements Duty {
  private readonly resting = new Set<() => void>();
  private wakes = 0;

  constructor(
    private readonly hub: Hub,
    private readonly works: readonly Work[],
  ) {}

  /** Everything is looked at anew; for tests too, after they moved the clock. */
  wake(): void {
    this.wakes++;
    for (const work of this.works) work.forget();
    for (const resume of this.resting) resume();
  }

  async perform(signal: AbortSignal): Promise<void> {
    const running = new Map<string, Promise<void>>();
    while (!signal.aborted) {
      const seen = this.wakes;
      for (const [n, work] of this.works.entries()) {
        for (const id of await this.idsOf(work)) {
          const key = `${n} ${id}`;
          if (running.has(key)) continue;
          const done = this.workOn(work, id, signal).finally(() => running.delete(key));
          running.set(key, done);
        }
      }
      await this.rest({}, seen, signal);
    }
    await Promise.all(running.values());
    for (const work of this.works) await work.end?.();
  }

  private async idsOf(work: Work): Promise<string[]> {
    return work.ids().catch((err: unknown) => {
      this.hub.logger.error({ err }, "what is to be delivered could not be read; will try again");
      return [];
    });
  }

  private async workOn(work: Work, id: string, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const seen = this.wakes;
      const pause = await work.step(id, signal).catch((err: unknown) => {
        this.hub.logger.error({ err, id }, "a delivery failed within the hub; will try again");
        return { until: this.hub.now() + AFTER_FAILURE_MS };
      });
      if (pause === "done") return;
      await this.rest(pause, seen, signal);
    }
  }

  /** @param seen the number of wakes before that was done after which to rest: none is missed between */
  private async rest({ until, after }: Pause, seen: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted || this.wakes !== seen) return;
    const over = new AbortController();
    await new Promise<void>((resolve) => {
      const ms = Math.min(POLL_MS, Math.max(0, (until ?? Infinity) - this.hub.now()));
      const timer = setTimeout(end, ms);
      const resting = this.resting;
      function end(): void {
        clearTimeout(timer);
        resting.delete(end);
        signal.removeEventListener("abort", end);
        over.abort();
        resolve();
      }
      resting.add(end);
      signal.addEventListener("abort", end);
      if (after !== undefined) void this.hub.log.changed(after, over.signal).then(end);
    });
  }
}
