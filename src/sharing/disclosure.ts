import { globalId, type NodeType } from "../ids";
import type { AudienceFacts, ItemFacts, StoredKind } from "./facts";
import { type FieldName, isWithheld } from "./fields";
import { papOf, type Pap } from "./pap";
import type { Decision, HeldPath } from "./policy";
import { tlpOf, type Tlp } from "./tlp";
import { AccessPathKind, type Attribution, attributionOf } from "./vocabulary";

/** The wording of a release or of an item: one unit. */
export interface Wording {
  title: string | null;
  summary: string | null;
  description: string | null;
}

/** An item as its tables hold it, undisclosed: never handed to a resolver. */
export interface ItemRow extends ItemFacts {
  stixId: string;
  state: string;
  createdAt: number;
  updatedAt: number;
  /** The owner's own wording. */
  own: Wording;
  /** By release id. */
  wordings: ReadonlyMap<string, Wording>;
  /** The fields of the kind that are no wording, by their contract names. */
  content: Readonly<Record<string, unknown>>;
}

export interface Redaction {
  field: string;
  reason: string;
}

export interface ShownPath {
  kind: AccessPathKind;
  versionId: string | null;
  groupId: string | null;
}

export interface ShownSource {
  attribution: Attribution;
  organizationId: string | null;
  /** The origin group, by whose sector the source is described. */
  groupId: string | null;
}

/** An item as one viewer may see it: all that a resolver ever gets. */
export interface ItemView extends Record<string, unknown> {
  id: string;
  uuid: string;
  kind: StoredKind;
  stixId: string;
  tlp: Tlp;
  pap: Pap;
  createdAt: Date;
  updatedAt: Date;
  state: string;
  redactions: Redaction[];
  paths: ShownPath[];
  shownSource: ShownSource;
  /** Whether the viewer sees the item itself, as its owner or as the operator. */
  whole: boolean;
  withheld: number;
}

/** Which fields each kind has, and which of them carry the three parts of the wording. */
export const KINDS: Record<
  StoredKind,
  { node: NodeType; wording: [FieldName, FieldName | null, FieldName]; fields: FieldName[] }
> = {
  INCIDENT: {
    node: "incident",
    wording: ["title", "summary", "description"],
    fields: [
      "category",
      "severity",
      "occurredAt",
      "detectedAt",
      "awareAt",
      "victim",
      "contact",
      "affectedSystems",
      "dataStolen",
      "indicators",
      "source",
    ],
  },
  INDICATOR: {
    node: "indicator",
    wording: ["name", null, "description"],
    fields: [
      "pattern",
      "patternType",
      "observables",
      "validFrom",
      "validUntil",
      "confidence",
      "labels",
      "score",
      "warnings",
      "sightingCount",
      "source",
    ],
  },
  ADVISORY: {
    node: "advisory",
    wording: ["title", "summary", "body"],
    fields: ["about", "source"],
  },
};

/** The fields of an item's kind that a decision shows, wording first. */
export function shownFields(kind: StoredKind, decision: Decision): FieldName[] {
  if (!decision.visible) return [];
  const { wording, fields } = KINDS[kind];
  return [...wording, ...fields].filter(
    (f): f is FieldName => f !== null && !isWithheld(f, decision.withheld),
  );
}

/** What is shown where a list may not be: an empty one, for the contract has no null there. */
const EMPTY: Partial<Record<FieldName, unknown>> = { observables: [], labels: [], warnings: [] };

/**
 * The view of an item that a decision allows: withheld fields null (or empty) and named in `redactions`.
 * @param hubId the STIX UUID under which the item is shown where its source is not named
 */
export function disclose(
  item: ItemRow,
  decision: Decision,
  hubId: (uuid: string) => string,
): ItemView {
  const kind = KINDS[item.kind];
  const releases = decision.paths.flatMap((p) => p.audience ?? []);
  // Owner and operator are shown the item's own marking and times; others those of the releases that reach them.
  const own = releases.length < decision.paths.length;
  const source = sourceOf(item, decision);
  const stixId =
    source.organizationId !== null
      ? item.stixId
      : `${item.stixId.split("--")[0]}--${hubId(item.id)}`;
  const redactions: Redaction[] = [];
  // WHY one object filled in a fixed order: a page is many of these, and the engine keeps their shape.
  const view: ItemView = {
    id: globalId(kind.node, item.id),
    uuid: item.id,
    kind: item.kind,
    stixId,
    tlp: tlpOf(own ? item.tlp : max(releases, (a) => a.tlp)),
    pap: papOf(own ? item.pap : max(releases, (a) => a.pap)),
    createdAt: new Date(own ? item.createdAt : -max(releases, (a) => -a.releasedAt)),
    updatedAt: new Date(own ? item.updatedAt : max(releases, (a) => a.releasedAt)),
    state: own ? item.state : "RELEASED",
    redactions,
    paths: decision.paths.map(shownPath),
    shownSource: source,
    whole: decision.whole,
    withheld: decision.withheld,
  };
  const show = (field: FieldName, value: unknown): void => {
    const withheld = isWithheld(field, decision.withheld);
    if (withheld) redactions.push({ field, reason: reasonOf(field, decision) });
    if (field !== "source") view[field] = withheld ? (EMPTY[field] ?? null) : value;
  };
  const wording = decision.whole
    ? item.own
    : decision.wording && item.wordings.get(decision.wording.releaseId);
  const [title, summary, description] = kind.wording;
  show(title, wording?.title ?? null);
  if (summary) show(summary, wording?.summary ?? null);
  show(description, wording?.description ?? null);
  for (const field of kind.fields) show(field, item.content[field] ?? EMPTY[field] ?? null);
  if (title === "title") view.title ??= generatedTitle(item.kind, stixId);
  return view;
}

/** The most that any path tells of the source; of equals the most recent release that has an origin group. */
function sourceOf(item: ItemRow, decision: Decision): ShownSource {
  const best = decision.paths.reduce<HeldPath | null>(
    (most, path) => (most === null || tellsMore(path, most) ? path : most),
    null,
  );
  const attribution = best?.attribution ?? 0;
  return {
    attribution: attributionOf(attribution),
    organizationId: attribution === 2 ? item.ownerId : null,
    groupId: attribution >= 1 ? (best?.audience?.fromGroupId ?? null) : null,
  };
}

function tellsMore(a: HeldPath, b: HeldPath): boolean {
  if (a.attribution !== b.attribution) return a.attribution > b.attribution;
  const group = (p: HeldPath): number =>
    p.audience?.fromGroupId ? p.audience.releasedAt : -Infinity;
  return group(a) > group(b);
}

function reasonOf(field: FieldName, decision: Decision): string {
  if (decision.paths.some((p) => p.audience === null))
    return "TLP:RED: the operator sees the envelope only";
  const byRelease = decision.paths.some(
    (p) => p.audience && isWithheld(field, p.audience.withheld),
  );
  return byRelease ? "withheld by the owner's release" : "withheld by the sharing agreement";
}

function shownPath({ kind, right, audience }: HeldPath): ShownPath {
  return {
    kind,
    versionId: audience?.versionId ?? right?.grant?.version.id ?? null,
    groupId: audience?.toGroupId ?? null,
  };
}

const KIND_WORDS: Record<StoredKind, string> = {
  INCIDENT: "Incident",
  INDICATOR: "Indicator",
  ADVISORY: "Advisory",
};
const generatedTitle = (kind: StoredKind, stixId: string): string =>
  `${KIND_WORDS[kind]} ${stixId.split("--")[1]?.slice(0, 8) ?? ""}`;

const max = (audiences: readonly AudienceFacts[], of: (a: AudienceFacts) => number): number =>
  audiences.reduce((most, a) => Math.max(most, of(a)), -Infinity);
