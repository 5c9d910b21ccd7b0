import { Field, ID, ObjectType } from "type-graphql";
import { Account } from "../auth/account.entity";
import type { Context } from "../context";
import { globalId } from "../ids";
import { Organization } from "../organization/organization.entity";
import { SectorGroup } from "../organization/sector-group.entity";
import { holds } from "../sharing/condition";
import type { ItemView } from "../sharing/disclosure";
import type { AudienceFacts } from "../sharing/facts";
import { Pap, papOf } from "../sharing/pap";
import { RELEASE_RULE, scopeOf } from "../sharing/policy";
import { Tlp, tlpOf } from "../sharing/tlp";
import { AccessPathKind, Affiliation, Roster } from "../sharing/vocabulary";

@ObjectType({
  description:
    "That an audience could read an item from one instant until another under one marking. A marking that is raised, a release that is withdrawn, superseded or expired ends it.",
})
export class AudiencePeriod {
  @Field(() => ID, { description: "Of the release." }) releaseId!: string;
  @Field(() => AccessPathKind) path!: AccessPathKind;
  @Field(() => SectorGroup, { nullable: true }) group!: SectorGroup | null;
  @Field(() => Organization, { nullable: true }) organization!: Organization | null;
  @Field(() => Account, { nullable: true }) account!: Account | null;
  @Field(() => Tlp) tlp!: Tlp;
  @Field(() => Pap) pap!: Pap;
  @Field(() => Date) from!: Date;
  @Field(() => Date, { nullable: true, description: "Exclusive. Null: no end is set." })
  until!: Date | null;
  /** For `organizations`. */
  audience!: AudienceFacts;
}

/** Whom an item has ever been opened to, oldest first: to its owner and the operator; empty to everybody else. */
export async function audienceHistory(ctx: Context, item: ItemView): Promise<AudiencePeriod[]> {
  if (!item.whole) return [];
  const audiences = await ctx.audiencesOf(item.uuid);
  return audiences
    .filter((a) => a.liveFrom < a.liveUntil)
    .toSorted((a, b) => a.liveFrom - b.liveFrom)
    .map((audience) => periodOf(ctx, audience));
}

function periodOf(ctx: Context, audience: AudienceFacts): AudiencePeriod {
  const { path, target, toGroupId, liveFrom, liveUntil } = audience;
  const { groups, organizations, accounts } = ctx.directory;
  return {
    releaseId: globalId("release", audience.releaseId),
    path,
    group: groups.get(toGroupId ?? "") ?? null,
    organization: path === AccessPathKind.BILATERAL ? (organizations.get(target) ?? null) : null,
    account: path === AccessPathKind.NAMED ? (accounts.get(target) ?? null) : null,
    tlp: tlpOf(audience.tlp),
    pap: papOf(audience.pap),
    from: new Date(liveFrom),
    until: Number.isFinite(liveUntil) ? new Date(liveUntil) : null,
    audience,
  };
}

/** The organizations that a period's audience consisted of at its end, or does now: the employees of each, at the least. */
export function organizationsReached(ctx: Context, { audience }: AudiencePeriod): Organization[] {
  const { directory } = ctx;
  const at = Math.min(ctx.hub.now(), audience.liveUntil - 1);
  return ctx
    .answering(candidates(directory, audience))
    .flatMap((id) => directory.organizations.get(id) ?? [])
    .filter((organization) => {
      const employee = {
        organizationId: organization.uuid,
        organizationKind: organization.kind,
        accountId: audience.path === AccessPathKind.NAMED ? audience.target : "",
        roles: [],
        affiliation: Affiliation.EMPLOYEE,
        ownCredential: true,
      };
      const rights = scopeOf(employee, directory, at).rightsTo(audience.target);
      return rights.some((right) => holds(RELEASE_RULE, audience, right));
    })
    .toSorted((a, b) => a.name.localeCompare(b.name));
}

/** The organizations that the audience may consist of, but for the owner. */
function candidates(directory: Context["directory"], audience: AudienceFacts): string[] {
  const group = directory.groups.get(audience.toGroupId ?? "");
  if (audience.path === AccessPathKind.BILATERAL) return [audience.target];
  if (audience.path === AccessPathKind.NAMED)
    return [directory.accounts.get(audience.target)?.organizationId ?? ""];
  return group?.roster === Roster.OPEN
    ? directory
        .membersOf(group.uuid)
        .map((m) => m.organizationId)
        .filter((id) => id !== audience.ownerId)
    : [];
}
