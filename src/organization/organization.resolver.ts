import {
  Arg,
  Ctx,
  Field,
  FieldResolver,
  ID,
  Mutation,
  ObjectType,
  Query,
  Resolver,
  Root,
} from "type-graphql";
import { Account } from "../auth/account.entity";
import { readsAgreement, readsMembership } from "../auth/rights";
import type { Context } from "../context";
import { WHOLE_ENTRY } from "../cursors";
import { AccessPath } from "../item/shared-item.type";
import { grantsOf } from "../sharing/agreement-periods";
import { accessPath } from "../sharing/reader";
import { AccessPathKind, MembershipState } from "../sharing/vocabulary";
import { AgreementVersion, SharingAgreement } from "./agreement.entity";
import {
  draftAgreement,
  proposeAgreement,
  signAgreement,
  terminateAgreement,
} from "./change-agreement";
import {
  acceptMembership,
  endMembership,
  inviteMember,
  requestMembership,
  resumeMembership,
  suspendMembership,
} from "./change-membership";
import { appointCoordinator, dismissCoordinator } from "./change-coordinators";
import { createOrganization } from "./create-organization";
import { mergeOrganization } from "./merge-organization";
import { updateOrganization } from "./update-organization";
import { createSectorGroup } from "./create-sector-group";
import { Membership } from "./membership.entity";
import { Organization } from "./organization.entity";
import {
  CreateOrganizationInput,
  CreateSectorGroupInput,
  DraftAgreementInput,
  UpdateOrganizationInput,
} from "./organization.type";
import { SectorGroup } from "./sector-group.entity";

@ObjectType({ description: "Who asks, and by which grants it reads what others share." })
export class Viewer {
  @Field(() => Account, { nullable: true }) account!: Account | null;
  @Field(() => Organization, { nullable: true }) organization!: Organization | null;
  @Field(() => [AccessPath]) grants!: AccessPath[];
}

const visibleMemberships = (ctx: Context, memberships: readonly Membership[]): Membership[] => {
  const account = ctx.maybeAccount();
  return ctx.answering(memberships.filter((m) => readsMembership(account, m, ctx.directory)));
};

@Resolver()
export class PartyResolver {
  @Query(() => Viewer)
  viewer(@Ctx() ctx: Context): object {
    const account = ctx.maybeAccount();
    if (!account) return { account: null, organization: null, grants: [] };
    const grants = grantsOf(ctx.directory, account.organizationId, ctx.hub.now()).map((grant) =>
      accessPath(
        ctx.hub,
        {
          kind: AccessPathKind.AGREEMENT,
          versionId: grant.version.id,
          groupId: grant.toGroupId,
        },
        () => grant.until,
      ),
    );
    return {
      account,
      organization: ctx.directory.organizations.get(account.organizationId),
      grants,
    };
  }

  @Query(() => [Organization], {
    description: "By name, present or former. To the anonymous viewer: the hub's operator alone.",
  })
  organizations(
    @Ctx() ctx: Context,
    @Arg("text", () => String, { nullable: true }) text: string | null,
  ): Organization[] {
    const known = ctx.session ? [...ctx.directory.organizations.values()] : [];
    const operator = ctx.directory.organizations.get(ctx.directory.operatorId ?? "");
    if (ctx.session) ctx.account();
    else if (operator) known.push(operator);
    const wanted = text?.toLowerCase() ?? "";
    return known
      .filter((o) =>
        [o.name, o.nameJa, ...o.formerNames].some((n) => n?.toLowerCase().includes(wanted)),
      )
      .toSorted((a, b) => a.name.localeCompare(b.name));
  }

  @Query(() => [SectorGroup])
  sectorGroups(@Ctx() ctx: Context): SectorGroup[] {
    if (!ctx.maybeAccount()) return [];
    return [...ctx.directory.groups.values()].toSorted((a, b) => a.slug.localeCompare(b.slug));
  }

  @Mutation(() => Organization)
  createOrganization(
    @Ctx() ctx: Context,
    @Arg("input", () => CreateOrganizationInput) input: CreateOrganizationInput,
  ): Promise<Organization> {
    return createOrganization(ctx, input);
  }

  @Mutation(() => Organization, {
    description: "A new name or description, by the operator's admin; ids stay as they are.",
  })
  updateOrganization(
    @Ctx() ctx: Context,
    @Arg("id", () => ID) id: string,
    @Arg("input", () => UpdateOrganizationInput) input: UpdateOrganizationInput,
  ): Promise<Organization> {
    return updateOrganization(ctx, id, input);
  }

  @Mutation(() => Organization, {
    description:
      "By the operator's admin: its memberships end and its accounts are disabled. What it could read is not opened to the successor; its items stay its own.",
  })
  mergeOrganization(
    @Ctx() ctx: Context,
    @Arg("id", () => ID) id: string,
    @Arg("intoId", () => ID) intoId: string,
    @Arg("reason", () => String) reason: string,
  ): Promise<Organization> {
    return mergeOrganization(ctx, id, intoId, reason);
  }

  @Mutation(() => SectorGroup)
  createSectorGroup(
    @Ctx() ctx: Context,
    @Arg("input", () => CreateSectorGroupInput) input: CreateSectorGroupInput,
  ): Promise<SectorGroup> {
    return createSectorGroup(ctx, input);
  }

  @Mutation(() => SectorGroup)
  appointCoordinator(
    @Ctx() ctx: Context,
    @Arg("groupId", () => ID) groupId: string,
    @Arg("accountId", () => ID) accountId: string,
  ): Promise<SectorGroup> {
    return appointCoordinator(ctx, groupId, accountId);
  }

  @Mutation(() => SectorGroup, {
    description: "CONFLICT for the last coordinator, unless leaveNone says that it is meant.",
  })
  dismissCoordinator(
    @Ctx() ctx: Context,
    @Arg("groupId", () => ID) groupId: string,
    @Arg("accountId", () => ID) accountId: string,
    @Arg("leaveNone", () => Boolean, { nullable: true, defaultValue: false })
    leaveNone: boolean | null,
  ): Promise<SectorGroup> {
    return dismissCoordinator(ctx, groupId, accountId, leaveNone ?? false);
  }

  @Mutation(() => Membership)
  inviteMember(
    @Ctx() ctx: Context,
    @Arg("groupId", () => ID) groupId: string,
    @Arg("organizationId", () => ID) organizationId: string,
  ): Promise<Membership> {
    return inviteMember(ctx, groupId, organizationId);
  }

  @Mutation(() => Membership)
  requestMembership(
    @Ctx() ctx: Context,
    @Arg("groupId", () => ID) groupId: string,
  ): Promise<Membership> {
    return requestMembership(ctx, groupId);
  }

  @Mutation(() => Membership, {
    description: "By the invited organization, or by a coordinator for a request.",
  })
  acceptMembership(@Ctx() ctx: Context, @Arg("id", () => ID) id: string): Promise<Membership> {
    return acceptMembership(ctx, id);
  }

  @Mutation(() => Membership)
  suspendMembership(
    @Ctx() ctx: Context,
    @Arg("id", () => ID) id: string,
    @Arg("reason", () => String) reason: string,
  ): Promise<Membership> {
    return suspendMembership(ctx, id, reason);
  }

  @Mutation(() => Membership)
  resumeMembership(@Ctx() ctx: Context, @Arg("id", () => ID) id: string): Promise<Membership> {
    return resumeMembership(ctx, id);
  }

  @Mutation(() => Membership)
  endMembership(
    @Ctx() ctx: Context,
    @Arg("id", () => ID) id: string,
    @Arg("reason", () => String) reason: string,
  ): Promise<Membership> {
    return endMembership(ctx, id, reason);
  }

  @Mutation(() => AgreementVersion)
  draftAgreement(
    @Ctx() ctx: Context,
    @Arg("input", () => DraftAgreementInput) input: DraftAgreementInput,
  ): Promise<AgreementVersion> {
    return draftAgreement(ctx, input);
  }

  @Mutation(() => AgreementVersion, {
    description: "In force at effectiveFrom, for those who signed.",
  })
  proposeAgreement(
    @Ctx() ctx: Context,
    @Arg("versionId", () => ID) versionId: string,
  ): Promise<AgreementVersion> {
    return proposeAgreement(ctx, versionId);
  }

  @Mutation(() => AgreementVersion)
  signAgreement(
    @Ctx() ctx: Context,
    @Arg("versionId", () => ID) versionId: string,
  ): Promise<AgreementVersion> {
    return signAgreement(ctx, versionId);
  }

  @Mutation(() => AgreementVersion)
  terminateAgreement(
    @Ctx() ctx: Context,
    @Arg("versionId", () => ID) versionId: string,
    @Arg("reason", () => String) reason: string,
  ): Promise<AgreementVersion> {
    return terminateAgreement(ctx, versionId, reason);
  }
}

@Resolver(() => Viewer)
export class ViewerResolver {
  @FieldResolver(() => String, {
    description:
      "The present end of the log. A client that has no cursor yet subscribes after this one and misses nothing.",
  })
  async alertCursor(@Ctx() ctx: Context): Promise<string> {
    await ctx.hub.log.caughtUp();
    return ctx.hub.logCursor.seal({ seq: ctx.hub.log.position, sub: WHOLE_ENTRY }, true);
  }
}

@Resolver(() => Organization)
export class OrganizationResolver {
  @FieldResolver(() => [Membership], { description: "Those that the viewer may know of." })
  memberships(@Ctx() ctx: Context, @Root() organization: Organization): Membership[] {
    return visibleMemberships(ctx, ctx.directory.membershipsOf(organization.uuid));
  }

  @FieldResolver(() => Organization, {
    nullable: true,
    description: "The organization into which it merged.",
  })
  successor(@Ctx() ctx: Context, @Root() organization: Organization): Organization | null {
    return ctx.directory.organizations.get(organization.successorId ?? "") ?? null;
  }
}

@Resolver(() => SectorGroup)
export class SectorGroupResolver {
  @FieldResolver(() => [Account])
  coordinators(@Ctx() ctx: Context, @Root() group: SectorGroup): Account[] {
    return ctx.directory.coordinatorsOf(group.uuid);
  }

  @FieldResolver(() => [Membership], { description: "Those that the viewer may know of." })
  memberships(
    @Ctx() ctx: Context,
    @Root() group: SectorGroup,
    @Arg("state", () => MembershipState, { nullable: true }) state: MembershipState | null,
  ): Membership[] {
    return visibleMemberships(ctx, ctx.directory.membersOf(group.uuid)).filter(
      (m) => !state || m.state === state,
    );
  }

  @FieldResolver(() => [SharingAgreement], {
    description: "From and to this group; to its members and the operator.",
  })
  agreements(@Ctx() ctx: Context, @Root() group: SectorGroup): SharingAgreement[] {
    const account = ctx.maybeAccount();
    return ctx.answering(
      [...ctx.directory.agreements.values()].filter(
        (a) =>
          (a.fromGroupId === group.uuid || a.toGroupId === group.uuid) &&
          readsAgreement(account, a, ctx.directory),
      ),
    );
  }
}
