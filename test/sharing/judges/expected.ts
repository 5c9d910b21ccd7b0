import { globalId } from "../../../src/ids";
import { attributionOf } from "../../../src/sharing/vocabulary";
import { papOf } from "../../../src/sharing/pap";
import { tlpOf } from "../../../src/sharing/tlp";
import type { WorldItem } from "../generated-world";
import type { Verdict } from "../oracle";
import { withholds } from "../worlds/consent";
import { rfc3339 } from "../worlds/time";

/** An item that somebody sees, and what the oracle says of it. */
export interface Seen {
  item: WorldItem;
  verdict: Verdict;
}

/** Everything that somebody sees, by the item's id. */
export type Sight = ReadonlyMap<string, Seen>;

export type Kind = `${WorldItem["kind"]}`;
const NODE = { INCIDENT: "incident", INDICATOR: "indicator", ADVISORY: "advisory" } as const;
const TYPE = { INCIDENT: "Incident", INDICATOR: "Indicator", ADVISORY: "Advisory" } as const;

export const idOf = ({ kind, id }: WorldItem): string => globalId(NODE[kind], id);

/** The fields that can be withheld from an item of a kind. */
export const FIELDS_OF: Record<Kind, readonly string[]> = {
  INCIDENT:
    "title summary description category severity occurredAt detectedAt awareAt victim contact affectedSystems dataStolen indicators source".split(
      " ",
    ),
  INDICATOR:
    "name description pattern patternType validFrom validUntil confidence labels score sightingCount observables warnings source".split(
      " ",
    ),
  ADVISORY: "title summary body about source".split(" "),
};

export const shownFields = ({ item, verdict }: Seen): string[] =>
  verdict.visible ? FIELDS_OF[item.kind].filter((f) => verdict.fields.has(f)) : [];

/** Newest first, as lists are. */
export const inOrder = (seen: Iterable<Seen>): Seen[] =>
  [...seen].toSorted(
    (a, b) => b.verdict.updatedAt - a.verdict.updatedAt || (b.item.id < a.item.id ? -1 : 1),
  );

export const ofKind = (sight: Sight, kind: Kind): Seen[] =>
  inOrder([...sight.values()].filter((s) => s.item.kind === kind));

/** An item as a client must be shown it: the fields of the selections of `test/doors`, in their order. */
export type Shown = Record<string, unknown>;

/**
 * @param sight for what it links to
 * @param hubId under which it is known where its source is not named
 */
export function expected(seen: Seen, sight: Sight, hubId: (uuid: string) => string): Shown {
  const { item, verdict } = seen;
  const named = verdict.attribution === 2;
  const stixId = named ? item.stixId : `${item.stixId.split("--")[0]}--${hubId(item.id)}`;
  const values = contentOf(seen, sight, `${TYPE[item.kind]} ${stixId.split("--")[1]?.slice(0, 8)}`);
  return {
    __typename: TYPE[item.kind],
    id: idOf(item),
    stixId,
    kind: item.kind,
    tlp: tlpOf(verdict.tlp),
    pap: papOf(verdict.pap),
    createdAt: rfc3339(verdict.createdAt),
    updatedAt: rfc3339(verdict.updatedAt),
    source: {
      attribution: attributionOf(verdict.attribution),
      organization: named ? { id: globalId("organization", item.ownerId) } : null,
      // The sector of a generated group is its id.
      sector: verdict.sourceGroup,
    },
    access: sorted(verdict.access.map(accessOf)),
    redactions: sorted(
      FIELDS_OF[item.kind]
        .filter((f) => !verdict.fields.has(f))
        .map((field) => ({ field, reason: reasonOf(field, verdict) })),
    ),
    releases: verdict.whole
      ? sorted([...item.wordings.keys()].map((id) => ({ id: globalId("release", id) })))
      : [],
    ...(item.kind === "INCIDENT" && { state: verdict.own ? item.state : "RELEASED" }),
    ...values,
  };
}

/** Lists of which the order means nothing, in one that does. */
export const sorted = <T>(list: readonly T[]): T[] =>
  list
    .map((one) => [JSON.stringify(one), one] as const)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([, one]) => one);

const accessOf = ({ kind, audience, until }: Verdict["access"][number]): object => ({
  kind,
  group: audience?.toGroupId ? { id: globalId("group", audience.toGroupId) } : null,
  agreementVersion: audience?.versionId ? { id: globalId("version", audience.versionId) } : null,
  until: Number.isFinite(until) ? rfc3339(until) : null,
});

function reasonOf(field: string, { own, audiences }: Verdict): string {
  if (own) return "TLP:RED: the operator sees the envelope only";
  return audiences.some((a) => withholds(a.withheldFields, field))
    ? "withheld by the owner's release"
    : "withheld by the sharing agreement";
}

/** What is shown where nothing may be. */
const EMPTY: Record<string, unknown> = {
  observables: [],
  labels: [],
  warnings: [],
  sightingCount: 0,
  indicators: { totalCount: 0, nodes: [] },
  about: [],
};

/** The fields of the item's kind, those withheld empty. */
function contentOf(seen: Seen, sight: Sight, generatedTitle: string): Shown {
  const { item, verdict } = seen;
  const says = wordingOf(seen);
  const linked = (kind: Kind): { id: string }[] =>
    ofKind(sight, kind)
      .filter((s) => item.links.includes(s.item.id))
      .map((s) => ({ id: idOf(s.item) }));
  const values: Shown = {
    ...item.content,
    title: says?.title,
    name: says?.title,
    summary: says?.summary,
    description: says?.description,
    body: says?.description,
    indicators: { totalCount: linked("INDICATOR").length, nodes: linked("INDICATOR") },
    about: [...linked("INCIDENT"), ...linked("INDICATOR"), ...linked("ADVISORY")],
    score: scoreOf(verdict, item.content),
    sightingCount: timesSeen(verdict),
    warnings: (item.content.warnings as { list: string }[] | undefined)?.map(({ list }) => ({
      list,
    })),
  };
  const shown = FIELDS_OF[item.kind]
    .filter((f) => f !== "source")
    .map((f) => [f, (verdict.fields.has(f) ? values[f] : EMPTY[f]) ?? EMPTY[f] ?? null] as const);
  const content = Object.fromEntries(shown);
  if ("title" in content) content.title ??= generatedTitle;
  return content;
}

/** The owner's own, or that of the most recent release that reaches the viewer. */
function wordingOf({ item, verdict }: Seen): WorldItem["own"] | undefined {
  if (verdict.whole) return item.own;
  const [newest] = verdict.audiences.toSorted((a, b) => b.releasedAt - a.releasedAt);
  return newest && item.wordings.get(newest.releaseId);
}

/** Of what the viewer is shown: 50 where it is shown no confidence. */
export function scoreOf({ fields, sightings }: Verdict, content: WorldItem["content"]): number {
  const confidence = fields.has("confidence") ? (content.confidence as number | null) : null;
  const warned = fields.has("warnings") && (content.warnings as object[] | undefined)?.length;
  const seenBy = new Set(sightings.filter((s) => !s.falsePositive).map((s) => s.organizationId));
  const falseAlarms = sightings.filter((s) => s.falsePositive).length;
  const told = fields.has("sightingCount") ? 5 * seenBy.size - 15 * falseAlarms : 0;
  return Math.min(100, Math.max(0, (confidence ?? 50) + told - (warned ? 20 : 0)));
}

export const timesSeen = ({ sightings }: Verdict): number =>
  sightings.reduce((sum, s) => sum + (s.falsePositive ? 0 : s.count), 0);
