import { Field, ID, Int, ObjectType } from "type-graphql";
import type { Context } from "../context";
import type { LogEntry } from "../alert/log";
import { badInput, HubError } from "../errors";
import { globalId } from "../ids";
import type { IndicatorInput } from "../indicator/indicator.type";
import { raiseMarking } from "../item/raise-marking";
import { checkIndicator, insertIndicator } from "../indicator/write-indicator";
import { mayAuthor, mayPublish, requireThat } from "../auth/rights";
import { releaseWithin } from "../release/release-verbs";
import { maskOf } from "../sharing/fields";
import { lockedItem } from "../sharing/locked-item";
import { papRank } from "../sharing/pap";
import { type Tlp, tlpRank } from "../sharing/tlp";
import { type Attribution, ItemKind } from "../sharing/vocabulary";
import type { Change } from "../transaction";
import { readBundle, type ReadObject } from "./stix/read-bundle";

@ObjectType()
export class BundleProblem {
  @Field(() => String, { nullable: true }) objectId!: string | null;
  @Field(() => String) message!: string;
}

@ObjectType({ description: "What became of each object of a bundle." })
export class SubmittedBundle {
  @Field(() => Int, { description: "Stored anew." }) accepted = 0;
  @Field(() => Int, {
    description:
      "Repeats of what the organization has already; their labels and validity were added to it.",
  })
  merged = 0;
  @Field(() => Int, { description: "Not stored; each is named in `problems`." }) rejected = 0;
  @Field(() => [BundleProblem]) problems: BundleProblem[] = [];
  @Field(() => [ID]) itemIds: string[] = [];
}

export interface BundleOptions {
  /** Of unmarked objects; absent: RED. */
  tlp: Tlp | null;
  attribution: Attribution;
  fromGroupId: string | null;
  releaseToGroupIds: string[];
}

/** Small, so that one submission never holds the log back for long. */
const BATCH = 200;

/** By a MEMBER, PUBLISHER or ORG_ADMIN; releasing needs the latter two. Each object stands or falls by itself. */
export async function submitBundle(
  ctx: Context,
  bundle: unknown,
  options: BundleOptions,
): Promise<SubmittedBundle> {
  const account = ctx.account();
  requireThat(mayAuthor(account), "Only a MEMBER, PUBLISHER or ORG_ADMIN submits bundles.");
  requireThat(
    !options.releaseToGroupIds.length || mayPublish(account),
    "Only a PUBLISHER or ORG_ADMIN releases items.",
  );
  const objects = readBundle(bundle, options.tlp);
  const result = new SubmittedBundle();
  for (let i = 0; i < objects.length; i += BATCH) {
    const batch = objects.slice(i, i + BATCH);
    await ctx.change("content", async (change) => {
      // What one organization submits at once follows each other, so that its repeats are found.
      await change.query("SELECT pg_advisory_xact_lock(hashtextextended($1, 1))", [
        change.by.organizationId,
      ]);
      for (const object of batch) await submitOne(ctx, change, object, options, result);
      fold(change);
    });
  }
  result.itemIds = [...new Set(result.itemIds)];
  return result;
}

async function submitOne(
  ctx: Context,
  change: Change,
  object: ReadObject,
  options: BundleOptions,
  result: SubmittedBundle,
): Promise<void> {
  const { objectId } = object;
  if ("problem" in object) {
    result.rejected++;
    result.problems.push({ objectId, message: object.problem });
    return;
  }
  const { input } = object;
  input.attribution = options.attribution;
  try {
    const observables = checkIndicator(input, "object");
    const known = await repeated(ctx, change, objectId, input);
    if (known && !object.marked && tlpRank(input.tlp) > known.tlp) {
      throw badInput(
        "object_marking_refs",
        "a repeat without a marking is RED, which is above what the organization has; mark it, or give `tlp`",
      );
    }
    const uuid =
      known?.id ??
      (await insertIndicator(change, input, observables, await freeStixId(change, objectId)));
    if (known) {
      result.merged++;
      await merge(change, known, input);
    } else result.accepted++;
    const id = globalId("indicator", uuid);
    result.itemIds.push(id);
    if (options.releaseToGroupIds.length && !known) {
      const item = await lockedItem(ctx, change, id, "indicator", true);
      const release = {
        itemId: id,
        fromGroupId: options.fromGroupId,
        groupIds: options.releaseToGroupIds,
        tlp: input.tlp,
      };
      await releaseWithin(ctx, change, item, release);
    }
  } catch (error) {
    if (!(error instanceof HubError)) throw error;
    const stored =
      result.itemIds.length && error.message.includes("input.") ? "stored, but not released: " : "";
    if (!stored) result.rejected++;
    result.problems.push({ objectId, message: stored + error.message });
  }
}

interface Known {
  id: string;
  tlp: number;
  pap: number;
}

/**
 * The organization's own indicator of the same STIX id or pattern, of those that the account sees or wrote itself.
 * Others' are never looked at.
 */
async function repeated(
  ctx: Context,
  change: Change,
  stixId: string | null,
  input: IndicatorInput,
): Promise<Known | null> {
  const [row] = await change.query<Known[]>(
    `SELECT id, tlp, pap FROM (
       SELECT i.*, 1 AS n FROM item i JOIN indicator c ON c.id = i.id WHERE i.owner_id = $1 AND i.stix_id = $2
       UNION ALL SELECT i.*, 2 FROM item i JOIN indicator c ON c.id = i.id
         WHERE i.owner_id = $1 AND md5(c.pattern) = md5($3) AND c.pattern = $3) i
     WHERE tlp = ANY($4::smallint[]) OR created_by = $5 ORDER BY n, created_at, id LIMIT 1`,
    [
      change.by.organizationId,
      stixId,
      input.pattern,
      ctx.scope().owner?.admitted ?? [],
      change.by.uuid,
    ],
  );
  return row ?? null;
}

/** The STIX id, unless an item that the account does not see bears it already: then a new one, and nothing is told. */
async function freeStixId(change: Change, stixId: string | null): Promise<string | null> {
  const taken = await change.query<object[]>(
    "SELECT 1 FROM item WHERE owner_id = $1 AND stix_id = $2",
    [change.by.organizationId, stixId],
  );
  return taken.length ? null : stixId;
}

/**
 * Adds the labels and the validity of a repeat to what is there; its readers are told where that changes anything. A
 * repeat that is marked stricter makes the whole stricter, before anything of it is shown.
 */
async function merge(change: Change, known: Known, input: IndicatorInput): Promise<void> {
  const { id: uuid } = known;
  const tlp = tlpRank(input.tlp);
  const pap = input.pap ? papRank(input.pap) : 0;
  if (tlp > known.tlp || pap > known.pap)
    await raiseMarking(change, ItemKind.INDICATOR, uuid, { tlp, pap });
  const [changed] = await change.query<{ labels: boolean; until: boolean }[]>(
    `WITH was AS (SELECT id, labels, valid_until FROM indicator WHERE id = $1), now AS (
       UPDATE indicator SET labels = (SELECT coalesce(array_agg(DISTINCT l), '{}') FROM unnest(labels || $2::text[]) l),
         valid_until = CASE WHEN valid_until IS NULL OR $3::timestamptz IS NULL THEN NULL ELSE greatest(valid_until, $3) END
       WHERE id = $1 RETURNING id, labels, valid_until)
     SELECT NOT (now.labels <@ was.labels) AS labels, now.valid_until IS DISTINCT FROM was.valid_until AS until
     FROM now JOIN was ON was.id = now.id`,
    [uuid, input.labels ?? [], input.validUntil ?? null],
  );
  const fields = [
    ...(changed?.labels ? ["labels"] : []),
    ...(changed?.until ? ["validUntil"] : []),
  ];
  if (!fields.length) return;
  await change.query("UPDATE item SET updated_at = $2 WHERE id = $1", [uuid, change.now]);
  change.record(globalId("indicator", uuid), {}, { changed: fields });
  change.raise({ type: "ITEM_UPDATED", itemId: uuid, changed: maskOf(fields) });
}

/** Folds what one batch released alike into one alert with a count, and what it did to one item into one. */
function fold(change: Change): void {
  const folded = new Map<string, LogEntry>();
  for (const entry of change.entries) {
    const key =
      entry.type === "ITEM_RELEASED" ? (entry.alike ?? "") : `${entry.type} ${entry.itemId}`;
    const first = folded.get(key);
    if (!first) folded.set(key, entry);
    else if (entry.type === "ITEM_RELEASED") first.count = (first.count ?? 1) + 1;
    else first.changed = (first.changed ?? -1) | (entry.changed ?? -1);
  }
  change.entries.splice(0, change.entries.length, ...folded.values());
}
