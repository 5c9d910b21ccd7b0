import { setMaxListeners } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { Client } from "pg";
import type { Hub } from "./hub";

/** So long a hub waits before it asks again for the lock, or finds out that it lost it. */
const EVERY_MS = 1_000;
/** A connection that does not answer for so long is taken for lost. */
const PATIENCE_MS = 5_000;

export interface Duty {
  /** Does the work until `signal` fires, and finishes what is under way. */
  perform(signal: AbortSignal): Promise<void>;
  /** There may be something new to do. */
  wake(): void;
}

/**
 * Work that exactly one of the hubs on a database does: the one that holds an advisory lock, on a connection of its own.
 * When it ends, however it ends, the database lets go of the lock, and the next one takes over within a second or two.
 * A hub that is cut off from the database may go on for some seconds: what it writes must say what it expects to find.
 */
export class SoleDuty {
  private readonly closing = new AbortController();
  private serving: Promise<void> = Promise.resolve();

  /**
   * @param lock number of the advisory lock
   * @param channel the channel of NOTIFY that wakes the duty
   */
  constructor(
    private readonly hub: Hub,
    private readonly lock: number,
    private readonly channel: string,
    private readonly duty: Duty,
  ) {}

  open(): void {
    this.serving = this.serveAgain();
  }

  async close(): Promise<void> {
    this.closing.abort();
    await this.serving;
  }

  private async serveAgain(): Promise<void> {
    while (!this.closing.signal.aborted) {
      const client = new Client({
        connectionString: this.hub.databaseUrl,
        keepAlive: true,
        query_timeout: PATIENCE_MS,
      });
      const lost = new AbortController();
      client.on("error", () => lost.abort());
      client.on("end", () => lost.abort());
      try {
        await client.connect();
        await this.serve(client, lost);
      } catch (err) {
        this.hub.logger.warn({ err }, "the connection of a sole duty was lost; will try again");
      }
      await client.end().catch(() => undefined);
      await this.rest(this.closing.signal);
    }
  }

  private async serve(client: Client, lost: AbortController): Promise<void> {
    const ended = AbortSignal.any([this.closing.signal, lost.signal]);
    setMaxListeners(0, ended); // each worker that rests listens to it
    while (!(await this.isOurs(client))) {
      await this.rest(ended);
      if (ended.aborted) return;
    }
    client.on("notification", () => this.duty.wake());
    await client.query(`LISTEN ${this.channel}`);
    const work = this.duty.perform(ended);
    try {
      while (!ended.aborted) {
        await this.rest(ended);
        if (!ended.aborted) await client.query("SELECT 1");
      }
    } finally {
      lost.abort();
      await work;
    }
  }

  private async isOurs(client: Client): Promise<boolean> {
    const { rows } = await client.query<{ ours: boolean }>(
      "SELECT pg_try_advisory_lock($1) AS ours",
      [this.lock],
    );
    return rows[0]?.ours ?? false;
  }

  private async rest(signal: AbortSignal): Promise<void> {
    await delay(EVERY_MS, undefined, { signal }).catch(() => undefined);
  }
}
