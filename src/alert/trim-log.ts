import type { Hub } from "../hub";

const EVERY_MS = 60_000;
const AT_ONCE = 1_000;
const TRIM_LOCK = 7_264_004;
const DAY_MS = 24 * 60 * 60 * 1_000;

/**
 * Deletes what the log has kept long enough, oldest first, in small transactions that nobody who appends waits for. Of
 * several processes one does it at a time. How far it came is remembered: a reader that was further back is told so.
 */
export class LogTrim {
  private readonly timer: NodeJS.Timeout;
  private running: Promise<void> = Promise.resolve();
  private closed = false;

  constructor(private readonly hub: Hub) {
    this.timer = setInterval(() => void this.run(), EVERY_MS).unref();
  }

  /** Trims now, after a trimming that is under way. */
  run(): Promise<void> {
    this.running = this.running
      .then(() => this.trimAll())
      .catch((err: unknown) =>
        this.hub.logger.error({ err }, "trimming the log failed; will try again"),
      );
    return this.running;
  }

  async close(): Promise<void> {
    this.closed = true;
    clearInterval(this.timer);
    await this.running;
  }

  private async trimAll(): Promise<void> {
    for (let full = true; full && !this.closed;) full = (await this.trim()) === AT_ONCE;
  }

  /** @returns how many rows went; 0 where another process is at it */
  private trim(): Promise<number> {
    const since = new Date(this.hub.now() - this.hub.config.logDays * DAY_MS);
    return this.hub.dataSource.transaction(async (manager) => {
      const [lock] = await manager.query<[{ ours: boolean }]>(
        `SELECT pg_try_advisory_xact_lock(${TRIM_LOCK}) AS ours`,
      );
      if (!lock.ours) return 0;
      const [gone] = await manager.query<[{ upto: string | null; rows: string }]>(TRIM, [since]);
      if (gone.upto === null) return 0;
      await manager.query("UPDATE hub SET log_trimmed_to = $1, log_kept_since = $2", [
        gone.upto,
        since,
      ]);
      return Number(gone.rows);
    });
  }
}

/**
 * WHY by number and not by time: the log is read by number, so what is gone must be all up to one. Instants may cross by
 * a little; what is behind a younger row waits for it. And the primary key finds the oldest without an index of its own.
 */
const TRIM = `
  WITH oldest AS MATERIALIZED (
    SELECT seq, at FROM log WHERE seq > (SELECT log_trimmed_to FROM hub) ORDER BY seq LIMIT ${AT_ONCE}),
  upto AS MATERIALIZED (
    SELECT max(seq) AS seq FROM (SELECT seq, bool_and(at < $1) OVER (ORDER BY seq) AS past FROM oldest) o WHERE past),
  gone AS (
    DELETE FROM log WHERE seq > (SELECT log_trimmed_to FROM hub) AND seq <= (SELECT seq FROM upto) RETURNING seq)
  SELECT (SELECT seq FROM upto) AS upto, count(*) AS rows FROM gone`;
