const KEPT_MS = 5_000;

/**
 * Rows that are looked at with each entry of the log, and seldom change: kept for a few seconds, until something wakes the
 * workers. Before anything is sent the row is read anew.
 */
export class KeptRows<T> {
  private readonly rows = new Map<string, { row: T; readAt: number }>();
  /** Counts what was forgotten: what was read before is not kept after. */
  private forgotten = 0;

  constructor(private readonly load: (id: string) => Promise<T | null>) {}

  async get(id: string): Promise<T | null> {
    const kept = this.rows.get(id);
    return kept && performance.now() - kept.readAt < KEPT_MS ? kept.row : this.renew(id);
  }

  async renew(id: string): Promise<T | null> {
    this.rows.delete(id);
    const readAt = performance.now();
    const { forgotten } = this;
    const row = await this.load(id);
    if (row !== null && this.forgotten === forgotten) this.rows.set(id, { row, readAt });
    return row;
  }

  /** One of them, or all. */
  forget(id?: string): void {
    this.forgotten++;
    if (id === undefined) this.rows.clear();
    else this.rows.delete(id);
  }
}
