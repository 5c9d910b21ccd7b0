import type { Pool } from "pg";
import { byAge, type Matches, type WatchedItem, WatchIndex } from "./watch-index";
import { type Watch, watchesSince } from "./watch-store";

/** The watches of all organizations in memory, kept current by their numbers at each reading of the log. */
export class Watches {
  /** Another one after each change of a watch. */
  version = "-1";
  private readonly index = new WatchIndex();
  private readonly byUuid = new Map<string, Watch>();
  private readonly byOrganization = new Map<string, Watch[]>();
  private refreshing: Promise<void> | null = null;

  constructor(private readonly pool: Pick<Pool, "query">) {}

  /** As the directory's: reads what is newer, unless it has everything up to `version`. */
  async refresh(version?: bigint): Promise<void> {
    if (version !== undefined && BigInt(this.version) >= version) return;
    const running = this.refreshing;
    if (running) await running;
    this.refreshing ??= this.read().finally(() => (this.refreshing = null));
    await this.refreshing;
  }

  /** Those of one organization, oldest first. */
  of(organizationId: string): readonly Watch[] {
    return this.byOrganization.get(organizationId) ?? [];
  }

  /** One search for the watches of all organizations. */
  matching(item: WatchedItem): Matches {
    return this.index.matching(item);
  }

  private async read(): Promise<void> {
    const changes = await watchesSince(this.pool, this.version);
    if (!changes) return;
    const { version, added, removed } = changes;
    this.version = version;
    const gone = removed.flatMap((uuid) => this.byUuid.get(uuid) ?? []);
    for (const watch of gone) {
      this.byUuid.delete(watch.uuid);
      this.index.remove(watch);
    }
    for (const watch of added) {
      this.byUuid.set(watch.uuid, watch);
      this.index.add(watch);
    }
    this.list(gone, added);
  }

  private list(gone: readonly Watch[], added: readonly Watch[]): void {
    for (const id of new Set([...gone, ...added].map((watch) => watch.organizationId))) {
      const left = this.of(id).filter((watch) => this.byUuid.has(watch.uuid));
      const all = [...left, ...added.filter((watch) => watch.organizationId === id)];
      this.byOrganization.set(id, all.toSorted(byAge));
    }
  }
}
