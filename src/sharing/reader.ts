import { badInput } from "../errors";
import type { Hub } from "../hub";
import type { Channel } from "../ledger/ledger";
import { disclose, type ItemRow, type ItemView, type ShownPath } from "./disclosure";
import type { StoredKind } from "./facts";
import { isWithheld } from "./fields";
import { itemsIn, loadReachable, type Row } from "./item-rows";
import { LOOKUP_FEW, lookupSql, textArray } from "./lookup-sql";
import type { Instant, MaybeViewer } from "./parties";
import { endOf } from "./path-end";
import { decide, type Decision, type Scope } from "./policy";
import {
  branchesOf,
  countSql,
  filteredCountSql,
  filteredSql,
  linkedSql,
  newestSql,
  reachOf,
  rightsOf,
  walkedSql,
} from "./reader-sql";

/** A condition over `s` (the item as shown), `i` (item) and `c` (its content). */
export interface Where {
  /** @param first the number of the place at which its values begin */
  sql: (first: number) => string;
  /** SQL that restricts the ids to a few by an index, before anything else is looked at: `IN (SELECT …)`; empty: none does. */
  among: (first: number) => string;
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

/** What is shown of an item, without a word in the ledger until it is handed over. */
export interface Offer {
  view: ItemView;
  /** Says that it was handed to the viewer, or to another who is shown the same. */
  record: (viewer: MaybeViewer) => void;
}

interface Position {
  at: number;
  id: string;
}

type Observable = { type: string; value: string };

const MAX_PAGE = 100;
const END = "ffffffff-ffff-ffff-ffff-ffffffffffff";
/** So many of the newest are looked at first for those that a filter leaves. */
const WALKED = 300;
/** Up to so many values are looked up first and decided on after; for more the database decides. */
const FEW = 20;
/** Of more values so many are looked up with one query. */
const AT_ONCE = 1_000;
/** Of an owner's indicators so many are read in one go for what it costs to look at one by its id. */
const OWN_PER_VALUE = 10;

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

  /** What the viewer is shown of an item that was just read with its history; null where that is nothing. */
  offer(row: ItemRow): Offer | null {
    const shown = this.decided(row);
    if (!shown) return null;
    const { decision, view } = shown;
    return {
      view,
      record: (viewer) =>
        this.hub.ledger.record({ viewer, now: this.scope.now }, row, decision, view, this.channel),
    };
  }

  /** The visible ones among these items, by UUID. */
  async byIds(uuids: readonly string[]): Promise<Map<string, ItemView>> {
    const rows = await this.reachable(uuids);
    const views = new Map<string, ItemView>();
    for (const uuid of uuids) {
      const row = rows.get(uuid);
      const view = row && this.view(row);
      if (view) views.set(uuid, view);
    }
    return views;
  }

  /** Throws BAD_USER_INPUT for a page that is too long, or after a cursor that this hub did not make. */
  check({ first, after }: PageOf): void {
    if (!Number.isInteger(first) || first < 1 || first > MAX_PAGE) {
      throw badInput("first", `must be from 1 to ${MAX_PAGE}`);
    }
    if (after !== null) this.position(after);
  }

  async page({ first, after, where }: PageOf): Promise<Page> {
    let from = after === null ? { at: Infinity, id: END } : this.position(after);
    const views: ItemView[] = [];
    const wanted = first + 1;
    // What a filter leaves is mostly among the newest; where it is not, everything is looked at.
    let walking = where !== null && !where.among(1);
    // An item found by another than its shown time belongs elsewhere in the order; the page is filled from further on.
    for (;;) {
      const { rows, end } =
        walking && where
          ? await this.walked(wanted, from, where)
          : { rows: await this.newest(wanted, from, where), end: null };
      const found = itemsIn(this.kind, rows);
      for (const { row, item } of found) {
        const view = this.view(item, views.length < first);
        if (view && view.updatedAt.getTime() === Number(row.at)) views.push(view);
      }
      if (views.length >= wanted) break;
      const last = found.at(-1)?.row;
      if (last && found.length >= wanted) from = { at: Number(last.at), id: last.id };
      else if (end) {
        from = end;
        walking = false;
      } else break;
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

  /** How many of this kind the viewer may see, of those that a filter leaves. */
  async count(where: Where | null): Promise<number> {
    const branches = branchesOf(this.scope);
    const rights = rightsOf(this.scope);
    const { rows } = where
      ? await this.hub.pool.query<{ count: number }>(
          filteredCountSql(this.kind, branches, where.sql(4), where.among(4)),
          [...rights, ...where.values],
        )
      : await this.hub.pool.query<{ count: number }>({
          name: `count ${this.kind} ${branches}`,
          text: countSql(this.kind, branches),
          values: rights,
        });
    return rows[0]?.count ?? 0;
  }

  /** The visible items that each of these items links to, newest first, by the source's UUID. */
  async linkedFrom(sources: readonly string[]): Promise<Map<string, ItemView[]>> {
    const branches = branchesOf(this.scope);
    const { rows } = await this.hub.pool.query<{ source_id: string; target_id: string }>({
      name: `linked ${this.kind} ${branches}`,
      text: linkedSql(this.kind, branches),
      values: [...rightsOf(this.scope), sources],
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

  /** The visible indicators that assert each of these observables, by position; nothing where none does. */
  async asserting(observables: readonly (Observable | null)[]): Promise<Map<number, ItemView[]>> {
    const known = observables.flatMap((observable, i) => (observable ? [i] : []));
    const result = new Map<number, ItemView[]>();
    // WHY in parts: what the database sent for one is let go before the next, which spares the collector half of its work.
    for (let from = 0; from < known.length; from += AT_ONCE) {
      const positions = known.slice(from, from + AT_ONCE);
      const rows = await this.lookedUp(positions.flatMap((i) => observables[i] ?? []));
      for (const { row, item } of itemsIn(this.kind, rows)) {
        const view = this.view(item, (shown) => !isWithheld("observables", shown));
        if (!view) continue;
        const position = positions[row.i - 1] ?? -1;
        const views = result.get(position);
        if (views) views.push(view);
        else result.set(position, [view]);
      }
    }
    return result;
  }

  private async lookedUp(observables: readonly Observable[]): Promise<(Row & { i: number })[]> {
    const asked = [
      textArray(observables.map((o) => o.type)),
      textArray(observables.map((o) => o.value)),
    ];
    const branches = branchesOf(this.scope);
    const { rows } = await this.hub.pool.query<Row & { i: number }>(
      observables.length <= FEW
        ? {
            name: "lookup few",
            text: LOOKUP_FEW,
            values: [...reachOf(this.scope), new Date(this.scope.now), ...asked],
          }
        : {
            name: `lookup ${branches}`,
            text: lookupSql(branches),
            values: [
              ...rightsOf(this.scope),
              ...asked,
              ...(branches ? [OWN_PER_VALUE * observables.length] : []),
            ],
          },
    );
    return rows;
  }

  private reachable(uuids: readonly string[]): Promise<Map<string, ItemRow>> {
    return loadReachable(this.hub.pool, this.kind, uuids, reachOf(this.scope), this.scope.now);
  }

  /** What a filter leaves of the newest pairs; `end`: where that ended, null: there is nothing beyond it. */
  private async walked(
    limit: number,
    before: Position,
    where: Where,
  ): Promise<{ rows: (Row & { at: string })[]; end: Position | null }> {
    const { rows } = await this.hub.pool.query<
      Row & { at: string; walked: number; end_at: string; end_id: string }
    >(walkedSql(this.kind, branchesOf(this.scope), where.sql(8)), [
      ...this.pageValues(WALKED, before),
      limit,
      ...where.values,
    ]);
    const [row] = rows;
    const end = row?.walked === WALKED ? { at: Number(row.end_at), id: row.end_id } : null;
    return { rows: rows.filter((r) => (r.id as string | null) !== null), end };
  }

  private pageValues(limit: number, { at, id }: Position): unknown[] {
    const before = Number.isFinite(at) ? new Date(at) : "infinity";
    return [...rightsOf(this.scope), limit, before, id];
  }

  private async newest(
    limit: number,
    before: Position,
    where: Where | null,
  ): Promise<(Row & { at: string })[]> {
    const branches = branchesOf(this.scope);
    const values = this.pageValues(limit, before);
    const { rows } = where
      ? await this.hub.pool.query<Row & { at: string }>(
          filteredSql(this.kind, branches, where.sql(7), where.among(7)),
          [...values, ...where.values],
        )
      : await this.hub.pool.query<Row & { at: string }>({
          name: `newest ${this.kind} ${branches}`,
          text: newestSql(this.kind, branches),
          values,
        });
    return rows;
  }

  /**
   * As `decided`, and said to the ledger.
   * @param shown whether this view leaves the reader, and so stands in the ledger; may depend on what is withheld
   */
  private view(
    row: ItemRow,
    shown: boolean | ((withheld: number) => boolean) = true,
  ): ItemView | null {
    const found = this.decided(row, typeof shown === "function" ? shown : undefined);
    if (found && shown)
      this.hub.ledger.record(this.scope, row, found.decision, found.view, this.channel);
    return found?.view ?? null;
  }

  /** Decides and discloses; null where the viewer may not see it. A failure to decide is a denial. */
  private decided(
    row: ItemRow,
    wanted?: (withheld: number) => boolean,
  ): { decision: Decision; view: ItemView } | null {
    try {
      const decision = decide(this.scope, row);
      if (!decision.visible || wanted?.(decision.withheld) === false) return null;
      const view = disclose(row, decision, this.hub.hubId);
      view.source = this.named(view);
      view.access = view.paths.map((path, i) =>
        accessPath(this.hub, path, () => {
          const held = decision.paths[i];
          return held ? endOf(this.hub.directory, this.scope, held) : Infinity;
        }),
      );
      return { decision, view };
    } catch (error) {
      this.hub.logger.error({ err: error, item: row.id }, "deciding failed; denied");
      return null;
    }
  }

  /** The source as it is shown, with what the directory knows of it. */
  private named({ shownSource: { attribution, organizationId, groupId } }: ItemView): object {
    const { organizations, groups } = this.hub.directory;
    return {
      attribution,
      organization: organizationId === null ? null : (organizations.get(organizationId) ?? null),
      sector: groupId === null ? null : (groups.get(groupId)?.sector ?? null),
    };
  }
}

/**
 * A path as clients see it.
 * @param end when it ends; asked only where a client does, as it may take a look at what is to come
 */
export function accessPath(
  { directory }: Hub,
  { kind, versionId, groupId }: ShownPath,
  end: () => Instant,
): object {
  return {
    kind,
    agreementVersion: versionId === null ? null : (directory.versions.get(versionId) ?? null),
    group: groupId === null ? null : (directory.groups.get(groupId) ?? null),
    get until(): Date | null {
      const until = end();
      return Number.isFinite(until) ? new Date(until) : null;
    },
  };
}

const newestFirst = (a: ItemView, b: ItemView): number =>
  b.updatedAt.getTime() - a.updatedAt.getTime() || (b.uuid < a.uuid ? -1 : 1);
