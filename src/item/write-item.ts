import { randomUUID } from "node:crypto";
import type { Context } from "../context";
import { Problems } from "../errors";
import { globalId, parseGlobalId } from "../ids";
import { KINDS } from "../sharing/disclosure";
import type { StoredKind } from "../sharing/facts";
import { Pap, papRank } from "../sharing/pap";
import { Tlp, tlpRank } from "../sharing/tlp";
import { Attribution, attributionRank, ItemKind } from "../sharing/vocabulary";
import type { Change } from "../transaction";

/** What every item input says of its handling. */
export interface Handling {
  tlp: Tlp;
  pap?: Pap | null;
  attribution?: Attribution | null;
}

const STIX_TYPE: Record<StoredKind, string> = {
  INCIDENT: "incident",
  INDICATOR: "indicator",
  ADVISORY: "report",
};

/**
 * Adds the row that all kinds of items share, as a draft of the viewer's organization.
 * @param stixId the owner's own id for it; null: a new one
 */
export async function insertItem(
  change: Change,
  kind: StoredKind,
  input: Handling,
  defaultAttribution: Attribution,
  stixId: string | null = null,
): Promise<string> {
  const uuid = randomUUID();
  await change.query(
    `INSERT INTO item (id, kind, owner_id, created_by, stix_id, tlp, pap, attribution, state, created_at, updated_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'DRAFT', $9, $9)`,
    [
      uuid,
      kind,
      change.by.organizationId,
      change.by.uuid,
      stixId ?? `${STIX_TYPE[kind]}--${randomUUID()}`,
      tlpRank(input.tlp),
      papRank(input.pap ?? Pap.AMBER),
      attributionRank(input.attribution ?? defaultAttribution),
      change.now,
    ],
  );
  const { tlp, pap, attribution } = input;
  change.record(globalId(KINDS[kind].node, uuid), null, { tlp, pap, attribution, state: "DRAFT" });
  return uuid;
}

/**
 * Links an item to others that the author can see. An id that is hidden and one that never was get the same answer.
 * @param path where the ids stand in the input
 */
export async function linkItems(
  ctx: Context,
  change: Change,
  sourceUuid: string,
  ids: readonly string[],
  kinds: readonly StoredKind[],
  path: string,
): Promise<void> {
  const problems = new Problems();
  if (ids.length > 1000) problems.add(path, `must have at most 1000 entries, has ${ids.length}`);
  problems.throwIfAny();
  const parsed = ids.map((id) => parseGlobalId(id));
  const visible = new Set<string>();
  for (const kind of kinds) {
    const uuids = parsed.flatMap((p) => (p?.type === kind.toLowerCase() ? [p.uuid] : []));
    for (const uuid of (await ctx.read(kind).byIds(uuids)).keys()) visible.add(uuid);
  }
  parsed.forEach((p, i) => {
    if (!p || !visible.has(p.uuid))
      problems.add(`${path}.${i}`, "is not an item that the viewer can see");
  });
  problems.throwIfAny();
  await change.query(
    `INSERT INTO link (source_id, target_id) SELECT $1, t FROM unnest($2::uuid[]) t ON CONFLICT DO NOTHING`,
    [sourceUuid, [...visible]],
  );
}

export const ITEM_KINDS = [ItemKind.INCIDENT, ItemKind.INDICATOR, ItemKind.ADVISORY] as const;
