import { setTimeout as delay } from "node:timers/promises";
import { type AlertSubscription, subscribe, type Transport } from "../../support/alerts";
import type { Arguments } from "../../support/client";
import type { Random } from "./journal";

/** Who listens, to what and how. */
export interface EarOf {
  name: string;
  /** null: the anonymous viewer. */
  organization: string | null;
  key: string | null;
  over: Transport;
  filter: { types?: string[]; groups?: ("power" | "water")[] } | null;
}

export interface Heard {
  cursor: string;
  type: string;
  itemId: string | null;
  groupId: string | null;
  /** Of the item as it is shown. */
  title: string | null;
}

export const HEARD = `cursor type itemId group { id } item { id tlp ... on Incident { title } }`;
/** A subscription that brings nothing for so long is given up and made anew. */
const PATIENCE_MS = 10_000;
/** How often it leaves after an alert. */
const LEAVES = 0.15;
/** So long what is due at the end may take. */
const LONGEST_MS = 25_000;

/** A subscriber that comes back with its last cursor after whatever end, at any node, for as long as it is not stopped. */
export class Ear {
  readonly heard: Heard[] = [];
  connections = 0;
  private current: AlertSubscription | null = null;
  private over = false;
  private readonly waiting = new Set<() => void>();

  constructor(
    readonly of: EarOf,
    private readonly urls: readonly string[],
    private cursor: string,
    readonly asked: Arguments | null,
    private readonly random: Random,
  ) {}

  async run(): Promise<void> {
    while (!this.over) {
      const options = { after: this.cursor, selection: HEARD, over: this.of.over };
      this.current = subscribe(this.random.of(this.urls), this.of.key, async () => "", {
        ...options,
        ...(this.asked && { filter: this.asked }),
      });
      this.connections++;
      try {
        // It leaves now and then by itself: so it misses little, and comes back where the log ends.
        do this.take(await this.current.next(PATIENCE_MS));
        while (this.random.next() > LEAVES);
      } catch {
        // Whatever it was, it comes back.
      }
      await this.current.close();
      if (!this.over) await delay(this.random.whole(0, 200));
    }
  }

  /** Resolves when what it has heard is enough, or when it has waited for too long. */
  async until(enough: () => boolean): Promise<void> {
    const late = delay(LONGEST_MS, true, { ref: false });
    for (let over = false; !enough() && !over;) {
      const more = new Promise<boolean>((resolve) => this.waiting.add(() => resolve(false)));
      over = await Promise.race([late, more]);
    }
  }

  async stop(): Promise<void> {
    this.over = true;
    await this.current?.close();
  }

  private take(alert: Awaited<ReturnType<AlertSubscription["next"]>>): void {
    const { cursor, type, itemId, item, group } = alert;
    const title = typeof item?.title === "string" ? item.title : null;
    this.heard.push({ cursor, type, itemId, groupId: group?.id ?? null, title });
    this.cursor = cursor;
    for (const wake of this.waiting) wake();
    this.waiting.clear();
  }
}
