import { tlpOf } from "../../src/sharing/tlp";
import { instantOf } from "../sharing/scenario-world";
import type { Community } from "./community";
import { type Door, listDoor, type Seen } from "./door";
import { type Kind, KINDS, LISTS } from "./selections";

const BOTH = ["INCIDENT", "INDICATOR"] as const;

/** Every filter, with what each of the scenario's items could be found by. */
export function filterDoors(community: Community): Door[] {
  const { tag } = community;
  const groups = Object.keys(community.scenario.groups ?? {}).flatMap((name) => {
    const worldId = community.world.id(name);
    const through = ({ verdict }: Seen): boolean =>
      verdict.audiences.some((a) => a.toGroupId === worldId);
    return BOTH.map((kind) => door(kind, { groupId: community.idOf(worldId) }, through));
  });
  const tlps = tlpsOf(community).flatMap((tlp) =>
    BOTH.map((kind) => ({
      ...door(kind, { tlp: [tlpOf(tlp)] }, ({ verdict }) => verdict.tlp === tlp),
      others: true,
    })),
  );
  const day = (n: number): string => new Date(instantOf(n)).toISOString();
  return [
    ...KINDS.flatMap((kind) =>
      textsOf(community, kind).map((text) =>
        door(kind, { text }, (s) => wordingShown(community, s).some((w) => w?.includes(text))),
      ),
    ),
    ...tlps,
    ...groups,
    door("INCIDENT", { category: `ransomware-${tag}` }, has("category")),
    door("INCIDENT", { severity: `HIGH-${tag}` }, has("severity")),
    door("INDICATOR", { value: community.value }, has("observables")),
    door("INDICATOR", { labels: [`c2-${tag}`] }, has("labels")),
    ...[
      door("INCIDENT", { occurredAfter: day(-1), occurredBefore: day(1) }, has("occurredAt")),
      door("INDICATOR", { type: "domain-name" }, has("observables")),
      // 50 where the confidence is withheld, of which it is 80.
      door("INDICATOR", { minScore: 60 }, has("score", "confidence")),
      door("INDICATOR", { validAt: day(0) }, has("validFrom", "validUntil")),
    ].map((d) => ({ ...d, others: true })),
  ];
}

const has =
  (...fields: string[]) =>
  ({ verdict }: Seen): boolean =>
    fields.every((f) => verdict.fields.has(f));

function door(kind: Kind, filter: Record<string, unknown>, shows: (seen: Seen) => boolean): Door {
  const given = Object.entries(filter)
    .map(([name, value]) => `${name}: ${literal(name, value)}`)
    .join(", ");
  return {
    name: `${LISTS[kind]} by ${given}`,
    ...listDoor(kind, kind === "ADVISORY" ? `, ${given}` : `, filter: { ${given} }`, "id"),
    whole: false,
    shows: (s) => s.item.kind === kind && shows(s),
  };
}

/** As GraphQL writes it: TLPs are an enum. */
const literal = (name: string, value: unknown): string =>
  name === "tlp" ? `[${(value as string[]).join(", ")}]` : JSON.stringify(value);

/** Everything that is said anywhere of items of one kind: by their owners, and by releases. */
function textsOf(community: Community, kind: Kind): string[] {
  const texts = community.items
    .filter((item) => item.kind === kind)
    .flatMap((item) => [
      community.said(item.own.title),
      community.said(item.own.description),
      ...[...item.wordings.keys()].flatMap((id) => Object.values(community.wordingOf(item, id))),
    ]);
  return [...new Set(texts.filter((t) => t !== null))];
}

/** The TLPs of items and of releases. */
function tlpsOf({ items }: Community): number[] {
  return [...new Set(items.flatMap((i) => [i.tlp, ...i.audiences.map((a) => a.tlp)]))];
}

/** Title and description of an item as somebody is shown them; null where one is not. */
export function wordingShown(
  community: Community,
  { item, verdict }: Seen,
): [title: string | null, description: string | null] {
  const [newest] = verdict.audiences.toSorted((a, b) => b.releasedAt - a.releasedAt);
  const said = verdict.whole
    ? {
        title: community.said(item.own.title),
        description: community.said(item.own.description),
      }
    : newest && community.wordingOf(item, newest.releaseId);
  const shown = (field: "title" | "description"): string | null =>
    verdict.fields.has(field) ? (said?.[field] ?? null) : null;
  return [shown("title"), shown("description")];
}
