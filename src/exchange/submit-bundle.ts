import { Field, ID, Int, ObjectType } from "type-graphql";
import type { Context } from "../context";
import type { LogEntry } from "../alert/log";
import { badInput, HubError } from "../errors";
import { globalId } from "../ids";
import { checkIndicator, insertIndicator } from "../indicator/write-indicator";
import { mayAuthor, mayPublish, requireThat } from "../auth/rights";
import { releaseWithin } from "../release/release-verbs";
import { lockedItem } from "../sharing/locked-item";
import { type Tlp, tlpRank } from "../sharing/tlp";
import type { Attribution } from "../sharing/vocabulary";
import type { Change } from "../transaction";
import { addsTo, freeStixId, merge, repeated } from "./merge-repeat";
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
    const unmarked = !object.marked && known !== null && tlpRank(input.tlp) > known.tlp;
    if (unmarked && (await addsTo(change, known.id, input))) {
      throw badInput(
        "object_marking_refs",
        "what a repeat without a marking adds is RED, which is above what is there; mark it, or give `tlp`",
      );
    }
    const uuid =
      known?.id ??
      (await insertIndicator(change, input, observables, await freeStixId(change, objectId)));
    if (known) {
      result.merged++;
      if (!unmarked) await merge(change, known, input);
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

/** Folds what one batch released alike into one alert with a count, and what it did to one item into one. */
function fold(change: Change): void {
  const folded = new Map<string, LogEntry>();
  for (const entry of change.entries) {
    const key =
      entry.type === "ITEM_RELEASED" ? (entry.alike ?? "") : `${entry.type} ${entry.itemId}`;
    const first = folded.get(key);
    if (!first) folded.set(key, entry);
    else if (entry.type === "ITEM_RELEASED") add(first, entry);
    else first.changed = (first.changed ?? -1) | (entry.changed ?? -1);
  }
  change.entries.splice(0, change.entries.length, ...folded.values());
}

function add(first: LogEntry, { itemId = "", releaseId = "" }: LogEntry): void {
  first.count = (first.count ?? 1) + 1;
  first.foldedItems ??= [first.itemId ?? ""];
  first.foldedReleases ??= [first.releaseId ?? ""];
  first.foldedItems.push(itemId);
  first.foldedReleases.push(releaseId);
}
