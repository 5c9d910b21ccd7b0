import { tlpOf } from "../../src/sharing/tlp";
import { papOf } from "../../src/sharing/pap";
import { attributionOf } from "../../src/sharing/vocabulary";
import { DAY, instantOf } from "../sharing/scenario-world";
import { oracle } from "../sharing/oracle";
import { FIELDS } from "../sharing/worlds/consent";
import type { Asker, Community } from "./community";
import type { Door, Seen } from "./door";
import { wordingShown } from "./filter-doors";
import { LISTS, type Shown } from "./selections";

/** So many doors one document asks. */
const DOORS_A_DOCUMENT = 24;

/** What somebody sees of the scenario's items at an instant of it, says the oracle. */
export function seenBy(community: Community, { viewer }: Asker, now: number): Seen[] {
  return community.items
    .map((item) => ({ item, verdict: oracle(community.at(now), viewer, item) }))
    .filter(({ verdict }) => verdict.visible);
}

/** How many items each list counts for somebody that are none of the scenario's: beacons apart, they stay as many. */
export type Others = Map<string, number>;

/**
 * Asks at doors as somebody, at this moment, and expects of each what the oracle says: the same items with the same
 * fields. Returns the items by id.
 * @param others how many others each list counted before; they are counted anew
 */
export async function expectDoors(
  community: Community,
  asker: Asker,
  now: number,
  doors: readonly Door[],
  others: Others,
): Promise<Map<string, Shown>> {
  const seen = seenBy(community, asker, now);
  const answers = await askAll(asker, doors);
  const ids = new Map(community.items.map((i) => [community.idOf(i.id), i.id]));
  const whole = new Map<string, Shown>();
  const came: Record<string, string[]> = {};
  const must: Record<string, string[]> = {};
  const counted: Record<string, number> = {};
  const mustCount: Record<string, number> = {};
  doors.forEach((door, i) => {
    const items = door.items(answers[i]).filter((item) => ids.has(item.id));
    came[door.name] = items.map((item) => ids.get(item.id) ?? "").toSorted();
    must[door.name] = seen
      .filter(door.shows)
      .map((s) => s.item.id)
      .toSorted();
    if (door.count) {
      const beacons = door.name === LISTS.ADVISORY ? community.hub.beacons : 0;
      const more = door.count(answers[i]) - items.length - beacons;
      counted[door.name] = more;
      mustCount[door.name] = door.others ? (others.get(door.name) ?? more) : 0;
      others.set(door.name, more);
    }
    if (!door.whole) return;
    for (const item of (items as Shown[]).map(inOrder)) {
      // The same fields at each door.
      expect({ [door.name]: item }).toEqual({ [door.name]: whole.get(item.id) ?? item });
      whole.set(item.id, item);
    }
  });
  expect(came).toEqual(must);
  expect(counted).toEqual(mustCount);
  for (const s of seen) expectFields(community, s, whole.get(community.idOf(s.item.id)));
  return whole;
}

/** The order in which the database finds paths means nothing. */
export const inOrder = (item: Shown): Shown => ({
  ...item,
  access: item.access.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)),
});

async function askAll({ client }: Asker, doors: readonly Door[]): Promise<unknown[]> {
  const answers: unknown[] = [];
  for (let i = 0; i < doors.length; i += DOORS_A_DOCUMENT) {
    const some = doors.slice(i, i + DOORS_A_DOCUMENT);
    const { data, errors } = await client.query(
      `{ ${some.map((door, n) => `d${n}: ${door.ask}`).join("\n")} }`,
    );
    expect(errors).toBeUndefined();
    answers.push(...some.map((_, n) => data?.[`d${n}`]));
  }
  return answers;
}

/** Each field that the oracle allows has what its owner, or the release, says; each other one is empty and redacted. */
function expectFields(community: Community, seen: Seen, view: Shown | undefined): void {
  const { item, verdict } = seen;
  if (!view) throw new Error(`${item.id} came out of no door`);
  const fields = FIELDS.filter((f) => f in view);
  const hidden = fields.filter((f) => !verdict.fields.has(f));
  const attribution = attributionOf(verdict.attribution);
  const own = verdict.paths.some((path) => path === "OWNER" || path === "OPERATOR");
  expect({
    ...view,
    redacted: view.redactions.map((r) => r.field).toSorted(),
    paths: [...new Set(view.access.map((a) => a.kind))].toSorted(),
    attribution: view.source.attribution,
    organization: view.source.organization?.id ?? null,
    created: community.dayOf(view.createdAt),
    updated: own ? null : community.dayOf(view.updatedAt),
  }).toMatchObject({
    ...valuesOf(community, seen, view, hidden),
    tlp: tlpOf(verdict.tlp),
    pap: papOf(own ? (community.marked.get(item.id) ?? item.pap) : verdict.pap),
    redacted: hidden.toSorted(),
    paths: [...new Set(verdict.paths)],
    attribution,
    organization: attribution === "NAMED" ? community.idOf(item.ownerId) : null,
    created: (verdict.createdAt - instantOf(0)) / DAY,
    updated: own ? null : (verdict.updatedAt - instantOf(0)) / DAY,
  });
  if (!own) expect(view.releases).toEqual([]);
}

const EMPTY: Record<string, unknown> = {
  observables: [],
  labels: [],
  warnings: [],
  sightingCount: 0,
  indicators: { totalCount: 0, nodes: [] },
  about: [],
};

/** The values of the fields of an item that stand in its view. */
function valuesOf(
  community: Community,
  seen: Seen,
  view: Shown,
  hidden: readonly string[],
): Record<string, unknown> {
  const { item, verdict } = seen;
  const content = community.contentOf(item);
  const [title, description] = wordingShown(community, seen);
  const short = view.stixId.split("--")[1]?.slice(0, 8);
  const { __typename: type } = view;
  const wording = {
    title: title ?? `${type} ${short}`,
    name: title,
    description,
    body: description,
    summary: verdict.whole ? community.said(item.own.summary) : null,
  };
  const values: Record<string, unknown> = {
    ...content,
    ...wording,
    patternType: "stix",
    validFrom: null,
    validUntil: null,
    observables: [{ type: "domain-name", value: community.value }],
    score: verdict.fields.has("confidence") ? content.confidence : 50,
  };
  const shown = FIELDS.filter((f) => f in view && f !== "source").map((f) => {
    const empty = EMPTY[f] ?? null;
    const value = f === "occurredAt" ? instantText(values[f]) : values[f];
    const generated = f === "title" && hidden.includes(f);
    return [f, hidden.includes(f) && !generated ? empty : (value ?? empty)] as const;
  });
  return Object.fromEntries(shown);
}

const instantText = (value: unknown): unknown =>
  typeof value === "string" ? new Date(value).toISOString() : value;
