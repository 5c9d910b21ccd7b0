import { badInput } from "../errors";
import type { Hub } from "../hub";
import type { Channel } from "../ledger/ledger";
import { disclose, type ItemRow, type ItemView } from "./disclosure";
import type { StoredKind } from "./facts";
import { withholdingBits } from "./fields";
import { loadItems } from "./item-rows";
import { decide, type Scope } from "./policy";
import {
  COUNT,
  LINKED,
  NEWEST,
  pathsSql,
  RELEASED,
  RIGHTS,
  rightsOf,
  SHOWN,
  OWNED,
  SUBMITTED,
} from "./reader-sql";

/** SQL over `s` (the item as shown), `i` (item) and `c` (its content), with values from `$5` on. */
export interface Where {
  sql: string;
  values: unknown[];
}

export interface PageOf {
  first: number;
  after: string | null;
  where: Where | null;
}

/** One page, newest first. */
export interface Page {
  views: ItemView[];
  hasNextPage: boolean;
  hasPreviousPage: boolean;
}

const MAX_PAGE = 100;
const END = "ffffffff-ffff-ffff-ffff-ffffffffffff";

/**
 * The one way to shared content: every query here is scoped to what the viewer may see, and every item that leaves is
 * disclosed. Hidden and missing are the same.
 */
export class Reader {
  constructor(
    private readonly hub: Hub,
    private readonly scope: Scope,
    private readonly channel: Channel,
    private readonly kind: StoredKind,
  ) {}

  async byId(uuid: string): Promise<ItemView | null> {
    return (await this.byIds([uuid])).get(uuid) ?? null;
  }

  /** The visible ones among these items, by UUID. */
  async byIds(uuids: readonly string[]): Promise<Map<string, ItemView>> {
    const rows = await loadItems(this.hub.pool, this.kind, uuids, this.scope.now);
    const views = new Map<string, ItemView>();
    for (const uuid of uuids) {
      const row = rows.get(uuid);
      const view = row && this.view(row);
      if (view) views.set(uuid, view);
    }
    return views;
  }

  async page({ first, after, where }: PageOf): Promise<Page> {
    if (!Number.isInteger(first) || first < 1 || first > MAX_PAGE) {
      throw badInput("first", `must be from 1 to ${MAX_PAGE}`);
    }
    let at = after === null ? { at: Infinity, id: END } : this.position(after);
    const views: ItemView[] = [];
    const wanted = first + 1;
    // An item found by one of its older paths belongs elsewhere in the order; then the page is filled from further on.
    for (;;) {
      const found = await this.newest(wanted, at, where);
      const page = await this.byIds(found.map((f) => f.id));
      for (const { id, at: foundAt } of found) {
        const view = page.get(id);
        if (view && view.updatedAt.getTime() === foundAt) views.push(view);
      }
      const last = found.at(-1);
      if (views.length >= wanted || found.length < wanted || !last) break;
      at = last;
    }
    return {
      views: views.slice(0, first),
      hasNextPage: views.length > first,
      hasPreviousPage: after !== null,
    };
  }

  cursorOf(view: ItemView): string {
    return this.hub.itemCursor.seal({ at: view.updatedAt.getTime(), id: view.uuid });
  }

  /** What a cursor stands for. Throws BAD_USER_INPUT for one that this hub did not make. */
  position(cursor: string): Position {
    const position = this.hub.itemCursor.open(cursor);
    if (!position) throw badInput("after", "is not a cursor of this hub");
    return position;
  }

  /** How many of this kind the viewer may see. */
  async count(where: Where | null): Promise<number> {
    const values = [...rightsOf(this.scope), this.kind];
    const { rows } = where
      ? await this.hub.pool.query<{ count: number }>(
          `WITH ${RIGHTS}, ${pathsSql("")}, ${SHOWN}
           SELECT count(*)::int AS count FROM shown s JOIN item i ON i.id = s.item_id JOIN ${this.table} c ON c.id = i.id
           WHERE ${where.sql}`,
          [...values, ...where.values],
        )
      : await this.hub.pool.query<{ count: number }>({ name: "count", text: COUNT, values });
    return rows[0]?.count ?? 0;
  }

  /** The visible items that each of these items links to, newest first, by the source's UUID. */
  async linkedFrom(sources: readonly string[]): Promise<Map<string, ItemView[]>> {
    const { rows } = await this.hub.pool.query<{ source_id: string; target_id: string }>({
      name: "linked",
      text: `WITH ${RIGHTS}, ${pathsSql(LINKED)}
        SELECT source_id, target_id FROM link WHERE source_id = ANY($5::uuid[]) AND target_id IN (SELECT item_id FROM paths)`,
      values: [...rightsOf(this.scope), this.kind, sources],
    });
    const views = await this.byIds([...new Set(rows.map((r) => r.target_id))]);
    const linked = new Map(sources.map((source): [string, ItemView[]] => [source, []]));
    for (const row of rows) {
      const view = views.get(row.target_id);
      if (view) linked.get(row.source_id)?.push(view);
    }
    for (const list of linked.values()) list.sort(newestFirst);
    return linked;
  }

  /** The visible indicators that assert each of these observables, by position. */
  async asserting(
    observables: readonly ({ type: string; value: string } | null)[],
  ): Promise<ItemView[][]> {
    const known = observables.flatMap((o, i) => (o ? [{ i, ...o }] : []));
    if (!known.length) return observables.map(() => []);
    const { rows } = await this.hub.pool.query<{ i: number; item_id: string }>({
      name: "lookup",
      text: LOOKUP,
      values: [
        ...rightsOf(this.scope),
        known.map((k) => k.i),
        known.map((k) => k.type),
        known.map((k) => k.value),
      ],
    });
    const views = await this.byIds([...new Set(rows.map((r) => r.item_id))]);
    const result: ItemView[][] = observables.map(() => []);
    for (const { i, item_id } of rows) {
      const view = views.get(item_id);
      if (view) result[i]?.push(view);
    }
    return result;
  }

  private async newest(limit: number, before: Position, where: Where | null): Promise<Position[]> {
    const rights = rightsOf(this.scope);
    const at = Number.isFinite(before.at) ? new Date(before.at) : "infinity";
    const { rows } = where
      ? await this.hub.pool.query<{ item_id: string; at: string }>(
          `WITH ${RIGHTS}, ${pathsSql("")}, ${SHOWN}
           SELECT s.item_id, ms(s.at) AS at FROM shown s JOIN item i ON i.id = s.item_id JOIN ${this.table} c ON c.id = i.id
           WHERE (${where.sql}) AND (s.at, s.item_id) < ($${5 + where.values.length}::timestamptz, $${6 + where.values.length}::uuid)
           ORDER BY s.at DESC, s.item_id DESC LIMIT $${7 + where.values.length}`,
          [...rights, this.kind, ...where.values, at, before.id, limit],
        )
      : await this.hub.pool.query<{ item_id: string; at: string }>({
          name: "newest",
          text: NEWEST,
          values: [...rights, this.kind, limit, at, before.id],
        });
    return rows.map((row) => ({ at: Number(row.at), id: row.item_id }));
  }

  private get table(): string {
    return this.kind.toLowerCase();
  }

  /** Decides and discloses; null where the viewer may not see it. A failure to decide is a denial. */
  private view(row: ItemRow): ItemView | null {
    try {
      const decision = decide(this.scope, row);
      if (!decision.visible) return null;
      const view = disclose(row, decision, this.hub.hubId);
      this.hub.ledger.record(this.scope, row, decision, view, this.channel);
      return view;
    } catch (error) {
      this.hub.logger.error({ err: error, item: row.id }, "deciding failed; denied");
      return null;
    }
  }
}

const newestFirst = (a: ItemView, b: ItemView): number =>
  b.updatedAt.getTime() - a.updatedAt.getTime() || (b.uuid < a.uuid ? -1 : 1);

interface Position {
  at: number;
  id: string;
}

const OBSERVABLE_BITS = withholdingBits("observables");

const LOOKUP = `
  WITH ${RIGHTS},
  v AS (SELECT * FROM unnest($4::int[], $5::text[], $6::text[]) AS t(i, type, value)),
  hit AS (SELECT v.i, b.indicator_id AS id FROM v JOIN observable b
    ON hashtextextended(b.value, 0) = hashtextextended(v.value, 0) AND b.value = v.value AND b.type = v.type)
  SELECT h.i, a.item_id FROM hit h JOIN release_audience a ON a.item_id = h.id JOIN r ON ${RELEASED}
    WHERE (a.withheld | r.withheld) & ${OBSERVABLE_BITS} = 0
  UNION SELECT h.i, i.id FROM hit h JOIN item i ON i.id = h.id JOIN o ON ${OWNED}
  UNION SELECT h.i, i.id FROM hit h JOIN item i ON i.id = h.id JOIN p ON ${SUBMITTED} WHERE i.tlp < 4`;
