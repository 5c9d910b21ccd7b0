import { randomUUID } from "node:crypto";
import type { Context } from "../context";
import { badInput, Problems } from "../errors";
import { mayRecordSightings, requireThat } from "../auth/rights";
import { found } from "../auth/rights";
import { uuidOf } from "../ids";
import { grantsOf } from "../sharing/agreement-periods";
import type { ShownPath } from "../sharing/disclosure";
import { EVERYONE } from "../sharing/facts";
import { papRank } from "../sharing/pap";
import { tlpRank } from "../sharing/tlp";
import { AccessPathKind, ItemKind, MembershipState } from "../sharing/vocabulary";

export interface SightingInput {
  indicatorId: string;
  seenAt: Date | null;
  count: number;
  falsePositive: boolean;
}

/**
 * Records that the viewer's organization saw an indicator, or that it was a false alarm. It goes to the indicator's
 * owner and along that one of the viewer's paths that reaches the fewest. Returns the indicator's UUID.
 */
export async function recordSighting(ctx: Context, input: SightingInput): Promise<string> {
  requireThat(mayRecordSightings(ctx.account()), "Recording a sighting needs the MEMBER role.");
  const problems = new Problems();
  if (input.count < 1 || input.count > 1_000_000)
    problems.add("count", "must be from 1 to 1000000");
  problems.throwIfAny();
  const uuid = found(uuidOf(input.indicatorId, "indicator"), "indicator");
  return ctx.change("content", async (change) => {
    const now = change.now.getTime();
    const indicator = found(await ctx.readAt(ItemKind.INDICATOR, now).byId(uuid), "indicator");
    const seenAt = input.seenAt ?? change.now;
    if (seenAt > change.now) throw badInput("seenAt", "must not be in the future");
    const { path, target, versionId, groupIds } = narrowestPath(ctx, indicator.paths, now);
    const [tlp, pap] = [tlpRank(indicator.tlp), papRank(indicator.pap)];
    await change.query(
      `INSERT INTO sighting (id, indicator_id, organization_id, account_id, seen_at, recorded_at, count, false_positive,
         tlp, pap, path, target, version_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
      [
        randomUUID(),
        uuid,
        change.by.organizationId,
        change.by.uuid,
        seenAt,
        change.now,
        input.count,
        input.falsePositive,
        tlp,
        pap,
        path,
        target,
        versionId,
      ],
    );
    change.record(input.indicatorId, null, {
      seenAt,
      count: input.count,
      falsePositive: input.falsePositive,
    });
    change.raise({
      type: "SIGHTING_ADDED",
      itemId: uuid,
      groupIds,
      sightingTlp: tlp,
      sightingPap: pap,
      ...(target && { target }),
    });
    return uuid;
  });
}

interface Along {
  path: AccessPathKind;
  target: string | null;
  versionId: string | null;
  groupIds: string[];
}

/** Of the author's paths the one that reaches the fewest; with none of its own, the owner alone. */
function narrowestPath(ctx: Context, access: readonly ShownPath[], now: number): Along {
  const { uuid, organizationId } = ctx.account();
  const has = (kind: AccessPathKind): boolean => access.some((p) => p.kind === kind);
  const along = (path: AccessPathKind, target: string | null): Along => ({
    path,
    target,
    versionId: null,
    groupIds: [],
  });
  const ownerAlone = along(AccessPathKind.OWNER, null);
  if (has(AccessPathKind.OWNER)) return ownerAlone;
  if (has(AccessPathKind.NAMED)) return along(AccessPathKind.NAMED, uuid);
  if (has(AccessPathKind.BILATERAL)) return along(AccessPathKind.BILATERAL, organizationId);
  if (!has(AccessPathKind.AGREEMENT)) {
    return has(AccessPathKind.PUBLIC) ? along(AccessPathKind.PUBLIC, EVERYONE) : ownerAlone;
  }
  const grants = grantsOf(ctx.directory, organizationId, now).filter(
    (g) =>
      g.terms.kinds.includes(ItemKind.SIGHTING) && access.some((p) => p.groupId === g.toGroupId),
  );
  const size = (groupId: string): number =>
    ctx.directory.membersOf(groupId).filter((m) => m.state === MembershipState.ACTIVE).length;
  const [grant] = grants.toSorted((a, b) => size(a.toGroupId) - size(b.toGroupId));
  if (!grant) return ownerAlone;
  return {
    path: AccessPathKind.AGREEMENT,
    target: grant.agreementId,
    versionId: grant.version.id,
    groupIds: [grant.toGroupId],
  };
}
