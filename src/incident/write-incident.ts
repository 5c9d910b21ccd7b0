import type { Context } from "../context";
import { conflict, Problems } from "../errors";
import { checkList, checkText, MAX_TEXT, MAX_TITLE } from "../inputs";
import { insertItem, linkItems } from "../item/write-item";
import { mayAuthor, requireThat } from "../auth/rights";
import { narrowReleases } from "../sharing/release-audience";
import type { ItemRow } from "../sharing/disclosure";
import { maskOf, OWN_MARKING, type FieldName } from "../sharing/fields";
import { lockedItem } from "../sharing/locked-item";
import { globalId } from "../ids";
import { Pap, papOf, papRank } from "../sharing/pap";
import { tlpOf, tlpRank } from "../sharing/tlp";
import { Attribution, attributionRank, ItemKind } from "../sharing/vocabulary";
import type { Change } from "../transaction";
import type { IncidentInput } from "./incident.type";

/** By a MEMBER, PUBLISHER or ORG_ADMIN, as a draft of its organization. Returns the UUID. */
export async function createIncident(ctx: Context, input: IncidentInput): Promise<string> {
  requireThat(mayAuthor(ctx.account()), "Only a MEMBER, PUBLISHER or ORG_ADMIN creates incidents.");
  check(input);
  return ctx.change("content", async (change) => {
    const uuid = await insertItem(change, ItemKind.INCIDENT, input, Attribution.ANONYMOUS);
    await change.query(`INSERT INTO incident (${COLUMNS.join(", ")}) VALUES (${PLACES})`, [
      uuid,
      ...valuesOf(input),
    ]);
    await linkItems(
      ctx,
      change,
      uuid,
      input.indicatorIds ?? [],
      [ItemKind.INDICATOR],
      "input.indicatorIds",
    );
    ctx.wrote(uuid);
    return uuid;
  });
}

/** By an author of the owner. Replaces the whole content; raising TLP or PAP narrows live releases at once. */
export async function updateIncident(
  ctx: Context,
  id: string,
  input: IncidentInput,
  expectedUpdatedAt: Date | null,
): Promise<string> {
  requireThat(mayAuthor(ctx.account()), "Only a MEMBER, PUBLISHER or ORG_ADMIN changes incidents.");
  check(input);
  return ctx.change("content", async (change) => {
    const item = await lockedItem(ctx, change, id, "incident");
    requireThat(item.ownerId === change.by.organizationId, "Only the owner changes an incident.");
    if (item.kind !== ItemKind.INCIDENT) throw conflict("The item is no incident.");
    if (expectedUpdatedAt && expectedUpdatedAt.getTime() !== item.updatedAt) {
      throw conflict("Somebody changed the incident since; read it again.");
    }
    if (item.state === "CLOSED") throw conflict("The incident is closed.");
    await replace(ctx, change, item, input);
    ctx.wrote(item.id);
    return item.id;
  });
}

async function replace(
  ctx: Context,
  change: Change,
  item: ItemRow,
  input: IncidentInput,
): Promise<void> {
  const tlp = tlpRank(input.tlp);
  const pap = papRank(input.pap ?? Pap.AMBER);
  await change.query(
    `UPDATE item SET tlp = $2, pap = $3, attribution = $4, updated_at = $5 WHERE id = $1`,
    [item.id, tlp, pap, attributionRank(input.attribution ?? Attribution.ANONYMOUS), change.now],
  );
  const set = COLUMNS.slice(1).map((column, i) => `${column} = $${i + 2}`);
  await change.query(`UPDATE incident SET ${set.join(", ")} WHERE id = $1`, [
    item.id,
    ...valuesOf(input),
  ]);
  const before = await linksOf(change, item.id);
  await change.query(`DELETE FROM link WHERE source_id = $1`, [item.id]);
  await linkItems(
    ctx,
    change,
    item.id,
    input.indicatorIds ?? [],
    [ItemKind.INDICATOR],
    "input.indicatorIds",
  );
  const after = await linksOf(change, item.id);
  const linked = [...before, ...after].filter((id) => before.has(id) !== after.has(id));
  const narrowed =
    (tlp > item.tlp || pap > item.pap) &&
    (await narrowReleases(change, item.id, tlp > item.tlp ? tlp : 0, pap > item.pap ? pap : 0));
  const changed = [...changedFields(item, input), ...(linked.length ? ["indicators"] : [])];
  if (attributionRank(input.attribution ?? Attribution.ANONYMOUS) !== item.attribution)
    changed.push("source");
  change.record(
    globalId("incident", item.id),
    { tlp: tlpOf(item.tlp), pap: papOf(item.pap) },
    { tlp: tlpOf(tlp), pap: papOf(pap), changed },
  );
  const remarked = tlp !== item.tlp || pap !== item.pap ? OWN_MARKING : 0;
  const entry = { itemId: item.id, tlpBefore: item.tlp };
  // Whom the releases reach no more, and whom the item itself no longer admits.
  if (narrowed || tlp > item.tlp) change.raise({ type: "ACCESS_ENDED", ...entry });
  change.raise({ type: "ITEM_UPDATED", ...entry, linked, changed: maskOf(changed) | remarked });
}

async function linksOf(change: Change, uuid: string): Promise<Set<string>> {
  const rows = await change.query<{ id: string }[]>(
    "SELECT target_id AS id FROM link WHERE source_id = $1",
    [uuid],
  );
  return new Set(rows.map((row) => row.id));
}

const FIELDS = [
  "title",
  "summary",
  "description",
  "category",
  "severity",
  "occurredAt",
  "detectedAt",
  "awareAt",
  "victim",
  "contact",
  "affectedSystems",
  "dataStolen",
] as const satisfies readonly (FieldName & keyof IncidentInput)[];
const COLUMNS = [
  "id",
  "title",
  "summary",
  "description",
  "category",
  "severity",
  "occurred_at",
  "detected_at",
  "aware_at",
  "victim",
  "contact",
  "affected_systems",
  "data_stolen",
];
const PLACES = COLUMNS.map((_, i) => `$${i + 1}`).join(", ");

const valuesOf = (input: IncidentInput): unknown[] => FIELDS.map((field) => input[field] ?? null);

/** Which fields an edit changes, links and source apart. */
function changedFields(item: ItemRow, input: IncidentInput): string[] {
  const before: Record<string, unknown> = { ...item.content, ...item.own };
  return FIELDS.filter(
    (f) => JSON.stringify(before[f] ?? null) !== JSON.stringify(input[f] ?? null),
  );
}

function check(input: IncidentInput): void {
  const problems = new Problems();
  checkText(problems, "input.title", input.title, MAX_TITLE, true);
  checkText(problems, "input.summary", input.summary, MAX_TEXT);
  checkText(problems, "input.description", input.description, MAX_TEXT);
  checkText(problems, "input.category", input.category, 100, true);
  checkText(problems, "input.severity", input.severity, 50);
  checkText(problems, "input.victim", input.victim, MAX_TITLE);
  checkText(problems, "input.contact", input.contact, MAX_TITLE);
  checkList(problems, "input.affectedSystems", input.affectedSystems);
  checkList(problems, "input.dataStolen", input.dataStolen);
  problems.throwIfAny();
}
