import type { Context } from "../context";
import { badInput, conflict, HubError, notFound, Problems } from "../errors";
import { globalId, uuidOf } from "../ids";
import { checkText, MAX_TITLE } from "../inputs";
import { isOperatorAdmin, isOperatorAnalyst, mayPublish, requireThat } from "../auth/rights";
import { findItem } from "../item/find-item";
import { lockedItem, lockedUnseen } from "../sharing/locked-item";
import { type ItemRow, KINDS } from "../sharing/disclosure";
import { maskOf } from "../sharing/fields";
import { tlpOf, tlpRank } from "../sharing/tlp";
import type { Change } from "../transaction";
import { byOwner, type CheckedRelease, checkRelease, recheck } from "./check-audience";
import { checkUndisturbed } from "./concurrent-proposals";
import { explainedAmong, findingsOf } from "./release-findings";
import { makeLive } from "../sharing/release-audience";
import { findRelease, insertRelease, itemOfRelease } from "./release-store";
import { type ProposeReleaseInput, type Release, ReleaseState } from "./release.type";

/** By a PUBLISHER or ORG_ADMIN of the owner: live at once. */
export async function releaseItem(ctx: Context, input: ProposeReleaseInput): Promise<Release> {
  requireThat(mayPublish(ctx.account()), "Only a PUBLISHER or ORG_ADMIN releases items.");
  const uuid = await ctx.change("content", async (change) => {
    return releaseWithin(ctx, change, await lockedItem(ctx, change, input.itemId), input);
  });
  return releaseById(ctx, uuid);
}

/** The owner's release of an item that the change has locked. Returns the release's UUID. */
export async function releaseWithin(
  ctx: Context,
  change: Change,
  item: ItemRow,
  input: ProposeReleaseInput,
): Promise<string> {
  requireThat(
    item.ownerId === change.by.organizationId,
    "Only the owner releases an item; an analyst proposes.",
  );
  if (item.state === "CLOSED") throw conflict("The item is closed.");
  const checked = checkRelease(ctx, item, input, change.now);
  const worded = byOwner(checked, item);
  // Its own act is not held up by findings; what it names as explained is kept all the same.
  const release = input.explainedFindings?.length
    ? explained(ctx, item, worded, input, change.now, false)
    : worded;
  const id = await insertRelease(change, item.id, release, true);
  await makeLive(change, item, { ...release, uuid: id }, release.audiences);
  recordRelease(change, id, item, null, "RELEASED", release);
  return id;
}

/** A release with the findings that its author explains. Throws BAD_USER_INPUT with those that it `must` and does not. */
function explained(
  ctx: Context,
  item: ItemRow,
  release: CheckedRelease,
  input: ProposeReleaseInput,
  now: Date,
  must: boolean,
): CheckedRelease {
  const problems = new Problems();
  const findings = findingsOf(ctx, item, release, now);
  const among = explainedAmong(findings, input.explainedFindings, must, problems);
  problems.throwIfAny();
  return { ...release, explained: among };
}

/** By an analyst of the operator, for a submitted item. PROPOSED, or RELEASED at once where the agreements say so. */
export async function proposeRelease(
  ctx: Context,
  input: ProposeReleaseInput,
  expectedRevision: string | null = null,
): Promise<Release> {
  requireThat(
    isOperatorAnalyst(ctx.account()),
    "Only an analyst of the operator proposes releases.",
  );
  const uuid = await ctx.change("content", async (change) => {
    const item = await lockedItem(ctx, change, input.itemId);
    if (!Number.isFinite(item.submittedAt)) throw conflict("The item was not submitted.");
    if (item.state === "CLOSED") throw conflict("The item is closed.");
    if (!input.title?.trim())
      throw badInput("input.title", "is required: a proposal carries the wording to be approved");
    const asked = checkRelease(ctx, item, input, change.now);
    await checkUndisturbed(ctx, change, item, asked, expectedRevision);
    const checked = explained(ctx, item, asked, input, change.now, true);
    const atOnce = needsNoApproval(ctx, item, checked);
    const id = await insertRelease(change, item.id, checked, atOnce);
    recordRelease(change, id, item, null, atOnce ? "RELEASED" : "PROPOSED", checked);
    if (item.state === "SUBMITTED")
      await change.query(`UPDATE item SET state = 'IN_ANALYSIS' WHERE id = $1`, [item.id]);
    const about = {
      itemId: item.id,
      releaseId: id,
      organizationId: item.ownerId,
      subject: globalId("release", id),
    };
    if (atOnce) {
      await makeLive(change, item, { ...checked, uuid: id }, checked.audiences);
      change.raise({ type: "RELEASE_DECIDED", ...about });
    } else change.raise({ type: "RELEASE_PROPOSED", ...about });
    return id;
  });
  return releaseById(ctx, uuid);
}

const CARRIES_TECHNICAL_ONLY = maskOf(["damage", "identity"]);

/** Machine-speed sharing: to groups alone, under agreements that need no approval in versions that the owner signed itself. */
function needsNoApproval(ctx: Context, item: ItemRow, release: CheckedRelease): boolean {
  const toGroupsAlone =
    release.groupIds.length > 0 &&
    !release.organizationIds.length &&
    !release.accountIds.length &&
    !release.toEveryone;
  return (
    toGroupsAlone &&
    item.ownerId !== ctx.directory.operatorId &&
    release.audiences.every((a) => a.terms !== null && !a.terms.requiresApproval) &&
    release.tlp >= item.tlp &&
    (release.withheld & CARRIES_TECHNICAL_ONLY) === CARRIES_TECHNICAL_ONLY
  );
}

/** By a PUBLISHER or ORG_ADMIN of the owner, never for it. The agreements are checked once more. */
export function approveRelease(ctx: Context, id: string): Promise<Release> {
  return decided(ctx, id, "RELEASED", async (change, release, item) => {
    const audiences = recheck(ctx, item, release, change.now);
    if (release.expiresAt && release.expiresAt <= change.now)
      throw conflict("The release's time is up.");
    await change.query(
      `UPDATE release SET state = 'RELEASED', decided_at = $2, decided_by = $3, released_at = $2 WHERE id = $1`,
      [release.uuid, change.now, change.by.uuid],
    );
    const withheld = maskOf(release.withheldFields);
    const { uuid, fromGroupId, expiresAt } = release;
    await makeLive(
      change,
      item,
      { uuid, fromGroupId, expiresAt, tlp: tlpRank(release.tlp), withheld },
      audiences,
    );
  });
}

/** By a PUBLISHER or ORG_ADMIN of the owner. */
export function rejectRelease(ctx: Context, id: string, reason: string): Promise<Release> {
  checkReason(reason);
  return decided(ctx, id, "REJECTED", async (change, release) => {
    await change.query(
      `UPDATE release SET state = 'REJECTED', decided_at = $2, decided_by = $3, reason = $4 WHERE id = $1`,
      [release.uuid, change.now, change.by.uuid, reason],
    );
  });
}

/** By a PUBLISHER or ORG_ADMIN of the owner, or by the operator. From that moment nothing serves it. */
export async function withdrawRelease(ctx: Context, id: string, reason: string): Promise<Release> {
  checkReason(reason);
  const uuid = uuidOf(id, "release") ?? "";
  await ctx.change("content", async (change) => {
    const { release, item } = await lockedRelease(ctx, change, uuid, true);
    const byOwner = item.ownerId === change.by.organizationId && mayPublish(change.by);
    requireThat(
      byOwner || isOperatorAnalyst(change.by) || isOperatorAdmin(change.by),
      "Only the owner's PUBLISHER or ORG_ADMIN, or the operator, withdraws a release.",
    );
    if (release.state === ReleaseState.WITHDRAWN)
      throw conflict("The release was withdrawn already.");
    if (release.state === ReleaseState.REJECTED) throw conflict("The release was rejected.");
    await change.query(
      `UPDATE release SET state = 'WITHDRAWN', withdrawn_at = $2, withdrawn_by = $3, reason = $4 WHERE id = $1`,
      [uuid, change.now, change.by.uuid, reason],
    );
    await change.query(
      `UPDATE release_audience SET live_until = $3 WHERE item_id = $1 AND release_id = $2 AND live_until > $3`,
      [item.id, uuid, change.now],
    );
    recordRelease(change, uuid, item, release.state, "WITHDRAWN", { reason });
    if (release.state !== ReleaseState.PROPOSED) {
      change.raise({
        type: "ITEM_WITHDRAWN",
        itemId: item.id,
        releaseId: uuid,
        groupIds: release.groupIds,
      });
    }
  });
  return releaseById(ctx, uuid);
}

/** A release as its item's owner and the operator see it; null to everybody else. */
export async function visibleRelease(ctx: Context, uuid: string): Promise<Release | null> {
  const { pool } = ctx.hub;
  const query = async (text: string, values: unknown[]) => (await pool.query(text, values)).rows;
  const found = await itemOfRelease(query, uuid, ctx.account());
  const view = found && (await ctx.read(found.kind).byId(found.itemId));
  return view?.whole ? findRelease(pool, uuid, ctx.hub.now()) : null;
}

/** The release that the viewer acted on; without its wording where it may not see the item. */
async function releaseById(ctx: Context, uuid: string): Promise<Release> {
  const release = await findRelease(ctx.hub.pool, uuid, ctx.hub.now());
  if (!release) throw notFound("release");
  if (!(await findItem(ctx, release.itemId))?.whole) {
    Object.assign(release, { title: null, summary: null, description: null, explained: [] });
  }
  return release;
}

async function decided(
  ctx: Context,
  id: string,
  decision: "RELEASED" | "REJECTED",
  work: (change: Change, release: Release, item: ItemRow) => Promise<void>,
): Promise<Release> {
  const uuid = uuidOf(id, "release") ?? "";
  await ctx.change("content", async (change) => {
    const { release, item } = await lockedRelease(ctx, change, uuid);
    requireThat(
      item.ownerId === change.by.organizationId && mayPublish(change.by),
      "Only a PUBLISHER or ORG_ADMIN of the item's owner decides on a release.",
    );
    if (release.state !== ReleaseState.PROPOSED)
      throw conflict(`The release is ${release.state} already.`);
    await work(change, release, item);
    recordRelease(change, uuid, item, release.state, decision, { tlp: tlpRank(release.tlp) });
    change.raise({
      type: "RELEASE_DECIDED",
      itemId: item.id,
      releaseId: uuid,
      organizationId: item.ownerId,
      subject: globalId("release", uuid),
    });
  });
  return releaseById(ctx, uuid);
}

/** The release and its item, locked in the order in which everybody locks them: the item first. */
async function lockedRelease(
  ctx: Context,
  change: Change,
  uuid: string,
  byOperator = false,
): Promise<{ release: Release; item: ItemRow }> {
  ctx.account();
  const found = uuid
    ? await itemOfRelease((text, values) => change.query(text, values), uuid, change.by)
    : null;
  if (!found) throw notFound("release");
  const itemId = globalId(KINDS[found.kind].node, found.itemId);
  const unseen = byOperator && (isOperatorAnalyst(change.by) || isOperatorAdmin(change.by));
  const item = unseen
    ? await lockedUnseen(change, itemId, "release")
    : await ownItem(ctx, change, itemId);
  const release = await findRelease(change.asPool(), uuid, change.now.getTime());
  if (!release) throw notFound("release");
  return { release, item };
}

/** Of another organization's item, seen or not, there is no release that the viewer could know of. */
async function ownItem(ctx: Context, change: Change, itemId: string): Promise<ItemRow> {
  return lockedItem(ctx, change, itemId, "release").catch((error: unknown) => {
    throw error instanceof HubError && error.code === "FORBIDDEN" ? notFound("release") : error;
  });
}

function checkReason(reason: string): void {
  const problems = new Problems();
  checkText(problems, "reason", reason, MAX_TITLE, true);
  problems.throwIfAny();
}

/**
 * For the audit log: what became of a release, to whom, at which TLP beside the item's own, and what it withholds; never
 * its wording.
 */
function recordRelease(
  change: Change,
  uuid: string,
  item: ItemRow,
  before: string | null,
  state: string,
  of: Partial<CheckedRelease> & { reason?: string },
): void {
  const {
    tlp,
    groupIds,
    organizationIds,
    accountIds,
    toEveryone,
    withheldFields,
    expiresAt,
    reason,
    explained,
  } = of;
  const after = {
    state,
    itemId: globalId(KINDS[item.kind].node, item.id),
    groupIds,
    organizationIds,
    accountIds,
    toEveryone,
    withheldFields,
    expiresAt,
    reason,
    ...(explained?.length && { explainedFindings: explained }),
  };
  change.record(
    globalId("release", uuid),
    before === null ? null : { state: before },
    { ...after, ...(tlp !== undefined && { tlp: tlpOf(tlp), itemTlp: tlpOf(item.tlp) }) },
    item.ownerId,
  );
}
