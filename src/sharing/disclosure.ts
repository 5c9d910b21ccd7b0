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
  until: Date | null;
}

export interface ShownSource {
  attribution: Attribution;
  organizationId: string | null;
  /** The origin group, by whose sector the source is described. */
  groupId: string | null;
}

/** An item as one viewer may see it: all that a resolver ever gets. */
export interface ItemView extends Readonly<Record<string, unknown>> {
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
  access: ShownPath[];
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
  const view: Record<string, unknown> = {};
  const redactions: Redaction[] = [];
  const show = (field: FieldName, value: unknown): void => {
    if (isWithheld(field, decision.withheld)) {
      redactions.push({ field, reason: reasonOf(field, decision) });
      view[field] = EMPTY[field] ?? null;
    } else view[field] = value;
  };
  const wording = decision.whole
    ? item.own
    : decision.wording
      ? item.wordings.get(decision.wording.releaseId)
      : undefined;
  show(kind.wording[0], wording?.title ?? null);
  if (kind.wording[1]) show(kind.wording[1], wording?.summary ?? null);
  show(kind.wording[2], wording?.description ?? null);
  for (const field of kind.fields) show(field, item.content[field] ?? EMPTY[field] ?? null);

  const shown = shownTimes(item, decision);
  const source = sourceOf(item, decision);
  const named = source.organizationId !== null;
  const stixId = named ? item.stixId : `${item.stixId.split("--")[0]}--${hubId(item.id)}`;
  if (item.kind !== "INDICATOR") view.title ??= generatedTitle(item.kind, stixId);
  return {
    ...view,
    id: globalId(kind.node, item.id),
    uuid: item.id,
    kind: item.kind,
    stixId,
    ...shown,
    state: decision.whole || shown.envelope ? item.state : "RELEASED",
    redactions,
    access: decision.paths.map(shownPath),
    shownSource: source,
    whole: decision.whole,
    withheld: decision.withheld,
  };
}

/** TLP, PAP and times: the item's own to its owner and the operator; to others those of the releases that reach them. */
function shownTimes(
  item: ItemRow,
  decision: Decision,
): { tlp: Tlp; pap: Pap; createdAt: Date; updatedAt: Date; envelope: boolean } {
  const releases = decision.paths.flatMap((p) => p.audience ?? []);
  const envelope = !decision.whole && decision.paths.some((p) => p.audience === null);
  if (decision.whole || envelope) {
    return {
      tlp: tlpOf(item.tlp),
      pap: papOf(item.pap),
      createdAt: new Date(item.createdAt),
      updatedAt: new Date(item.updatedAt),
      envelope,
    };
  }
  return {
    tlp: tlpOf(max(releases, (a) => a.tlp)),
    pap: papOf(max(releases, (a) => a.pap)),
    createdAt: new Date(-max(releases, (a) => -a.releasedAt)),
    updatedAt: new Date(max(releases, (a) => a.releasedAt)),
    envelope,
  };
}

/** The most that any path tells of the source. */
function sourceOf(item: ItemRow, decision: Decision): ShownSource {
  const best = decision.paths.reduce<HeldPath | null>(
    (most, path) => (most === null || path.attribution > most.attribution ? path : most),
    null,
  );
  const attribution = best?.attribution ?? 0;
  return {
    attribution: attributionOf(attribution),
    organizationId: attribution === 2 ? item.ownerId : null,
    groupId: attribution >= 1 ? (best?.audience?.fromGroupId ?? null) : null,
  };
}

function reasonOf(field: FieldName, decision: Decision): string {
  if (decision.paths.some((p) => p.audience === null))
    return "TLP:RED: the operator sees the envelope only";
  const byRelease = decision.paths.some(
    (p) => p.audience && isWithheld(field, p.audience.withheld),
  );
  return byRelease ? "withheld by the owner's release" : "withheld by the sharing agreement";
}

function shownPath({ kind, right, audience, until }: HeldPath): ShownPath {
  return {
    kind,
    versionId: right?.grant?.version.id ?? null,
    groupId: audience?.toGroupId ?? null,
    until: Number.isFinite(until) ? new Date(until) : null,
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
