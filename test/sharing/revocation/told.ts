import { type History, type Item, TLPS, type Viewer } from "./history";

/** Something that alerts are about, at its instant. */
export type Entry = { at: number } & (
  | { type: "RELEASED"; item: string; release: string }
  | { type: "UPDATED"; item: string }
  /** What ended at that instant: of one item, or of all but some. */
  | { type: "ACCESS_ENDED" | "ITEM_WITHDRAWN"; item: string | null; except?: string[] }
  | { type: "RELEASE_PROPOSED" | "RELEASE_DECIDED"; item: string }
  | { type: "MEMBERSHIP_CHANGED"; organization: string; group: string; subject: string }
  | { type: "AGREEMENT_CHANGED"; groups: string[]; subject: string }
  | { type: "AGREEMENT_SIGNED"; groups: string[]; subject: string }
  | { type: "ACCOUNT_CHANGED"; organization: string; subject: string }
);

/** One act, or one sweep of what the clock ended, at its place in the log. */
export interface Act {
  /** The organization that acts; null: the clock. */
  by: string | null;
  entries: Entry[];
}

/** One alert as this model knows it, as text: in an act no two for one viewer are alike. */
export type Told = string;

export const told = (type: string, at: number, about: string | null, tlp?: string): Told =>
  `${type} ${about ?? "-"}${tlp === undefined ? "" : ` ${tlp}`} @${at}`;

/** What an act tells a viewer, sorted, where it is delivered at `now`. */
export function toldBy(
  h: History,
  act: Act,
  viewer: string,
  includeOwn: boolean,
  now: number,
): Told[] {
  const who = h.viewers[viewer] as Viewer;
  const own = act.by !== null && act.by === who.organization && !includeOwn;
  return act.entries.flatMap((entry) => toldOf(h, entry, viewer, who, own, now)).toSorted();
}

function toldOf(
  h: History,
  entry: Entry,
  viewer: string,
  who: Viewer,
  own: boolean,
  now: number,
): Told[] {
  const { at, type } = entry;
  if (type === "ACCESS_ENDED" || type === "ITEM_WITHDRAWN") {
    const items = entry.item === null ? h.items : [h.item(entry.item)];
    // What an act on parties, or the clock, ended is told by the item's present marking: its history is not kept.
    const saw = (i: Item, t: number): boolean =>
      h.sees(viewer, i, t, entry.item === null ? now : t);
    return items
      .filter((i) => !entry.except?.includes(i.id))
      .filter((i) => saw(i, at - 1) && !saw(i, at))
      .map((i) => told(type, at, i.id));
  }
  if (own) return [];
  const carrying = (as: string, item: Item): Told[] => {
    const shown = h.shown(viewer, item, now);
    return shown ? [told(as, at, item.id, TLPS[shown.tlp])] : [];
  };
  switch (type) {
    case "RELEASED": {
      const item = h.item(entry.item);
      const reached = h.paths(viewer, item, at).some((p) => p.release === entry.release);
      return reached
        ? carrying(h.sees(viewer, item, at - 1) ? "ITEM_UPDATED" : "ITEM_RELEASED", item)
        : [];
    }
    case "UPDATED": {
      const item = h.item(entry.item);
      const [before, after] = [h.shown(viewer, item, at - 1), h.shown(viewer, item, at)];
      return after && JSON.stringify(before) !== JSON.stringify(after)
        ? carrying("ITEM_UPDATED", item)
        : [];
    }
    case "RELEASE_PROPOSED":
    case "RELEASE_DECIDED": {
      const item = h.item(entry.item);
      const concerned = who.operator || (who.organization === item.owner && who.publisher);
      return concerned && h.sees(viewer, item, at) ? carrying(type, item) : [];
    }
    case "MEMBERSHIP_CHANGED":
      return who.organization === entry.organization || inCharge(who, [entry.group])
        ? [told(type, at, entry.subject)]
        : [];
    case "AGREEMENT_SIGNED":
      return inCharge(who, entry.groups) ? [told("AGREEMENT_CHANGED", at, entry.subject)] : [];
    case "AGREEMENT_CHANGED": {
      const { organization } = who;
      const party =
        organization !== null &&
        who.admin &&
        entry.groups.some(
          (g) => h.activeAt(organization, g, at) && h.activeAt(organization, g, now),
        );
      return party || inCharge(who, entry.groups) ? [told(type, at, entry.subject)] : [];
    }
    case "ACCOUNT_CHANGED":
      return who.admin && who.organization === entry.organization
        ? [told(type, at, entry.subject)]
        : [];
  }
}

const inCharge = (who: Viewer, groups: string[]): boolean =>
  who.operator || who.coordinates.some((g) => groups.includes(g));
