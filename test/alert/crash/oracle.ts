import { Client } from "pg";
import type { Act, Audience } from "./journal";
import type { EarOf } from "./ears";

/** The one whose membership of `power` changes. */
export const GUEST = "gamma";
const MEMBERS: Record<string, readonly string[]> = {
  power: ["acme", "beta", GUEST],
  water: ["acme", "delta"],
};

/** One entry of the log, as the database holds it. */
export interface Row {
  seq: number;
  type: string;
  itemId: string | null;
  /** Of the release that it is about. */
  title: string | null;
  /** Of the guest's membership, where it is about that, after it. */
  state: string | null;
}

/** The log, and the wording of what was released: what in the end has happened, whoever was told of it. */
export async function readLog(url: string, guestMembership: string): Promise<Row[]> {
  const client = new Client(url);
  await client.connect();
  try {
    const { rows } = await client.query<Row>(
      `SELECT l.seq::int, l.type, 'incident_' || l.item_id AS "itemId", r.title,
         (SELECT c.state FROM membership_change c WHERE l.type = 'MEMBERSHIP_CHANGED' AND c.at = l.at
            AND l.subject = $1 AND l.subject = 'membership_' || c.membership_id) AS state
       FROM log l LEFT JOIN release r ON r.id = l.release_id ORDER BY l.seq`,
      [guestMembership],
    );
    return rows;
  } finally {
    await client.end();
  }
}

/** One alert that somebody is entitled to by the rules. */
export interface Due {
  seq: number;
  type: string;
  itemId: string | null;
  /** The name of the group that it names. */
  group: string | null;
  /**
   * always: its place alone decides, or the right has held from its place to this day. now: the right was away meanwhile,
   * and is back. gone: the right has ended since, so whether it came depends on when.
   */
  held: "always" | "now" | "gone";
}

interface Item {
  owner: string;
  audience: Audience;
  /** Whether there is a live release, and it reached the listener at its place. */
  reached: boolean;
}

/**
 * Everything that is due to a listener, in order, by the simple rules of the test's world: a release reaches those who are
 * members at its place, and shows while they are and it stands.
 */
export function dueTo(
  { organization, filter }: EarOf,
  log: readonly Row[],
  acts: readonly Act[],
  after: number,
): { due: Due[]; titles: Map<string, Set<string>> } {
  const releases = new Map(acts.flatMap((a) => (a.kind === "release" ? [[a.title, a]] : [])));
  const items = new Map<string, Item>();
  const due: Due[] = [];
  const titles = new Map<string, Set<string>>();
  let active = false;
  const isMember = (group: string): boolean =>
    organization === GUEST
      ? group === "power" && active
      : (MEMBERS[group] ?? []).includes(organization ?? "");
  const isIn = ({ everyone, organizations, groups }: Audience): boolean =>
    everyone ||
    (organization !== null && organizations.includes(organization)) ||
    groups.some(isMember);
  const sees = (item: Item | undefined): boolean =>
    Boolean(item && (item.owner === organization || (item.reached && isIn(item.audience))));
  const add = (seq: number, type: string, itemId: string | null, group: string | null): void => {
    const types = filter?.types?.includes(type) ?? true;
    const groups = filter?.groups?.some((g) => g === group) ?? true;
    if (seq > after && types && groups) due.push({ seq, type, itemId, group, held: "always" });
  };
  /** What shows the item is no longer shown. */
  const lose = (itemId: string): void => {
    for (const one of due) if (one.itemId === itemId && SHOWS.has(one.type)) one.held = "gone";
  };
  const regain = (itemId: string): void => {
    for (const one of due) if (one.itemId === itemId && one.held === "gone") one.held = "now";
  };
  for (const { seq, type, itemId, title, state } of log) {
    const item = items.get(itemId ?? "");
    const group = item?.audience.groups[0] ?? null;
    if (type === "MEMBERSHIP_CHANGED" && state !== null) {
      const before = [...items].filter(([, one]) => sees(one)).map(([id]) => id);
      active = state === "ACTIVE";
      const now = [...items].filter(([, one]) => sees(one)).map(([id]) => id);
      if (organization === GUEST) add(seq, type, null, "power");
      const lost = before.filter((id) => !now.includes(id)).toSorted();
      for (const id of lost) lose(id);
      for (const id of now) if (!before.includes(id)) regain(id);
      // The entry of the end itself follows at once.
      if (state === "SUSPENDED") for (const id of lost) add(seq + 1, "ACCESS_ENDED", id, null);
    } else if (type === "ITEM_RELEASED" && itemId !== null) {
      const act = releases.get(title ?? "");
      if (!act) throw new Error(`nobody released ${title}`);
      const before = sees(item);
      const { audience, owner } = act;
      const reached = isIn(audience);
      items.set(itemId, { owner, audience, reached });
      if (owner === organization) continue;
      if (before && !reached) lose(itemId);
      if (!reached) continue;
      const known = titles.get(itemId) ?? new Set<string>();
      titles.set(itemId, known.add(act.title));
      add(seq, before ? "ITEM_UPDATED" : type, itemId, audience.groups[0] ?? null);
    } else if (type === "ITEM_UPDATED" && itemId !== null) {
      if (item?.owner !== organization && sees(item)) add(seq, type, itemId, group);
    } else if (type === "ITEM_WITHDRAWN" && itemId !== null && item) {
      const before = item.owner !== organization && sees(item);
      item.reached = false;
      if (!before) continue;
      lose(itemId);
      add(seq, type, itemId, group);
    }
  }
  return { due, titles };
}

const SHOWS = new Set(["ITEM_RELEASED", "ITEM_UPDATED"]);
