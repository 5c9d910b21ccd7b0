import type { Arguments } from "../../support/client";
import { type Audience, type History, type Item, PAPS, type Release, TLPS } from "./history";
import type { Entry } from "./told";
import type { World } from "./world";

const FIELD = { INCIDENT: "Incident", INDICATOR: "Indicator", ADVISORY: "Advisory" };
const [CLEAR, RED] = [0, 4];

const content = (item: Pick<Item, "kind" | "value">, category: string): Arguments =>
  ({
    INCIDENT: { title: "An incident", category },
    INDICATOR: { name: "An indicator", pattern: `[ipv4-addr:value = '${item.value}']` },
    ADVISORY: { title: "An advisory", body: "A body" },
  })[item.kind];

export async function create(
  world: World,
  owner: string,
  kind: Item["kind"],
  tlp: number,
  pap: number,
): Promise<void> {
  const { history: h, ids } = world;
  const n = h.items.length + 1;
  const id = `${kind.toLowerCase()} ${n}`;
  const value = `198.51.100.${n}`;
  const category = kind === "INCIDENT" ? "fraud" : "";
  const marked = { tlp: TLPS[tlp], pap: PAPS[pap] };
  await world.act(
    owner,
    [`create${FIELD[kind]}`, { input: { ...content({ kind, value }, category), ...marked } }],
    () => true,
    (answer, at) => {
      ids[id] = answer.id;
      h.items.push({
        id,
        kind,
        owner,
        value,
        marks: [{ at, tlp, pap, category }],
        submittedAt: Infinity,
      });
      return [];
    },
  );
}

export async function submit(world: World, item: Item): Promise<void> {
  await world.act(
    item.owner,
    ["submitItem", { id: world.id(item.id) }],
    () => true,
    (_, at) => {
      item.submittedAt = Math.min(item.submittedAt, at);
      return [];
    },
    true,
  );
}

export async function edit(
  world: World,
  item: Item,
  tlp: number,
  pap: number,
  category: string,
): Promise<void> {
  const input = { ...content(item, category), tlp: TLPS[tlp], pap: PAPS[pap] };
  await world.act(
    item.owner,
    ["updateIncident", { id: world.id(item.id), input }],
    () => true,
    (_, at) => {
      item.marks.push({ at, tlp, pap, category });
      return [
        { type: "UPDATED", item: item.id, at },
        { type: "ACCESS_ENDED", item: item.id, at },
      ];
    },
    true,
  );
}

export interface Wanted {
  item: Item;
  from: string;
  audiences: Audience[];
  tlp: number;
  /** Milliseconds from now; null: never. */
  expiresIn: number | null;
}

/** Whether the owner may release this at an instant: section 2, “Releases”. */
function releasable(h: History, r: Omit<Wanted, "expiresIn">, at: number): boolean {
  const { item, from, audiences, tlp } = r;
  const { pap } = h.mark(item, at);
  return audiences.every(({ path, target }) => {
    if (path === "NAMED") return !h.disabled.includes(target);
    if (tlp === RED) return false;
    if (path === "PUBLIC") return tlp === CLEAR;
    if (path === "BILATERAL") return true;
    const terms = h.activeAt(item.owner, from, at) && h.standing(item.owner, from, target, at);
    return (
      terms &&
      terms.every((t) => t.kinds.includes(item.kind) && tlp <= t.tlpCeiling && pap <= t.papCeiling)
    );
  });
}

function inputOf(world: World, { item, from, audiences, tlp, expiresIn }: Wanted): Arguments {
  const to = (path: Audience["path"]): string[] =>
    audiences.filter((a) => a.path === path).map((a) => world.id(a.target));
  return {
    itemId: world.id(item.id),
    fromGroupId: to("AGREEMENT").length ? world.id(from) : null,
    groupIds: to("AGREEMENT"),
    organizationIds: to("BILATERAL"),
    accountIds: to("NAMED"),
    toEveryone: audiences.some((a) => a.path === "PUBLIC"),
    tlp: TLPS[tlp],
    expiresAt: expiresIn === null ? null : world.hub.clock.in(expiresIn),
  };
}

function added(world: World, wanted: Wanted, input: Arguments, id: string): Release {
  const { history: h, ids } = world;
  const { item, from, audiences, tlp } = wanted;
  const release: Release = {
    id: `release ${h.releases.length + 1}`,
    item: item.id,
    from,
    audiences,
    tlp,
    state: "PROPOSED",
    releasedAt: Infinity,
    expiresAt: input.expiresAt === null ? Infinity : Date.parse(input.expiresAt as string),
    withdrawnAt: Infinity,
  };
  ids[release.id] = id;
  h.releases.push(release);
  return release;
}

const goesLive = (release: Release, at: number): Entry[] => {
  Object.assign(release, { state: "RELEASED", releasedAt: at });
  return [
    { type: "RELEASED", item: release.item, release: release.id, at },
    { type: "ACCESS_ENDED", item: release.item, at },
  ];
};

export async function release(world: World, wanted: Wanted): Promise<boolean> {
  const input = inputOf(world, wanted);
  return world.act(
    wanted.item.owner,
    ["releaseItem", { input }],
    (at) => releasable(world.history, wanted, at),
    (answer, at) => goesLive(added(world, wanted, input, answer.id), at),
    true,
  );
}

/** By an analyst: live at once only where every agreement needs no approval, and the TLP is not below the item's. */
export async function propose(world: World, wanted: Wanted): Promise<string> {
  const { history: h } = world;
  const { item, from, audiences, tlp } = wanted;
  const input: Arguments = { ...inputOf(world, wanted), title: "Sanitised" };
  let state = "refused";
  await world.act(
    "operator",
    ["proposeRelease", { input }, "id state"],
    (at) => item.submittedAt <= at && releasable(h, wanted, at),
    (answer, at) => {
      const made = added(world, wanted, input, answer.id);
      const atOnce =
        tlp >= h.mark(item, at).tlp &&
        audiences.every(
          (a) =>
            a.path === "AGREEMENT" &&
            h.standing(item.owner, from, a.target, at)?.every((t) => !t.requiresApproval),
        );
      state = answer.state;
      if (state !== (atOnce ? "RELEASED" : "PROPOSED"))
        throw new Error(`${made.id} is ${state}, but by the model at once: ${atOnce}`);
      return atOnce
        ? [...goesLive(made, at), { type: "RELEASE_DECIDED", item: item.id, at }]
        : [{ type: "RELEASE_PROPOSED", item: item.id, at }];
    },
    true,
  );
  return state;
}

export async function decide(world: World, r: Release, approves: boolean): Promise<boolean> {
  const { history: h } = world;
  const item = h.item(r.item);
  const args = { id: world.id(r.id), ...(!approves && { reason: "No" }) };
  return world.act(
    item.owner,
    [approves ? "approveRelease" : "rejectRelease", args],
    (at) =>
      r.state === "PROPOSED" &&
      (!approves || (releasable(h, { ...r, item }, at) && at < r.expiresAt)),
    (_, at) => {
      const decided: Entry = { type: "RELEASE_DECIDED", item: item.id, at };
      if (approves) return [...goesLive(r, at), decided];
      r.state = "REJECTED";
      return [decided];
    },
    true,
  );
}

export async function withdraw(world: World, r: Release, by: string): Promise<boolean> {
  return world.act(
    by,
    ["withdrawRelease", { id: world.id(r.id), reason: "Withdrawn" }],
    () =>
      ["PROPOSED", "RELEASED"].includes(r.state) &&
      [world.history.item(r.item).owner, "operator"].includes(by),
    (_, at) => {
      Object.assign(r, { state: "WITHDRAWN", withdrawnAt: at });
      return [{ type: "ITEM_WITHDRAWN", item: r.item, at }];
    },
    true,
  );
}
