import { Ctx, FieldResolver, Resolver, Root } from "type-graphql";
import { Account } from "../auth/account.entity";
import { coordinates, readsMembership, readsVersion } from "../auth/rights";
import type { Context } from "../context";
import { activePeriods, contains, stateOf } from "../sharing/agreement-periods";
import { AgreementState, MembershipState } from "../sharing/vocabulary";
import { AgreementSignature, AgreementVersion, SharingAgreement } from "./agreement.entity";
import { Organization } from "./organization.entity";
import { SectorGroup } from "./sector-group.entity";

@Resolver(() => SharingAgreement)
export class SharingAgreementResolver {
  @FieldResolver(() => SectorGroup)
  from(@Ctx() ctx: Context, @Root() agreement: SharingAgreement): SectorGroup | undefined {
    return ctx.directory.groups.get(agreement.fromGroupId);
  }

  @FieldResolver(() => SectorGroup)
  to(@Ctx() ctx: Context, @Root() agreement: SharingAgreement): SectorGroup | undefined {
    return ctx.directory.groups.get(agreement.toGroupId);
  }

  @FieldResolver(() => AgreementVersion, { nullable: true })
  inForce(@Ctx() ctx: Context, @Root() agreement: SharingAgreement): AgreementVersion | null {
    return (
      versionsOf(ctx, agreement).find((v) => stateOfVersion(ctx, v) === AgreementState.IN_FORCE) ??
      null
    );
  }

  @FieldResolver(() => [AgreementVersion], {
    description: "By number; drafts to the coordinators alone.",
  })
  versions(@Ctx() ctx: Context, @Root() agreement: SharingAgreement): AgreementVersion[] {
    return versionsOf(ctx, agreement);
  }
}

@Resolver(() => AgreementVersion)
export class AgreementVersionResolver {
  @FieldResolver(() => SharingAgreement)
  agreement(@Ctx() ctx: Context, @Root() version: AgreementVersion): SharingAgreement | undefined {
    return ctx.directory.agreements.get(version.agreementId);
  }

  @FieldResolver(() => AgreementState)
  state(@Ctx() ctx: Context, @Root() version: AgreementVersion): AgreementState {
    return stateOfVersion(ctx, version);
  }

  @FieldResolver(() => [AgreementSignature], {
    description:
      "Those of organizations whose membership the viewer may know of, and that signed as its members.",
  })
  signatures(@Ctx() ctx: Context, @Root() version: AgreementVersion): AgreementSignature[] {
    const account = ctx.maybeAccount();
    const agreement = ctx.directory.agreements.get(version.agreementId);
    if (!agreement || !account) return [];
    return [...ctx.directory.signatures.values()]
      .filter((s) => s.versionId === version.uuid)
      .filter((s) =>
        [agreement.fromGroupId, agreement.toGroupId].some((g) =>
          readsSignature(ctx, account, s, g),
        ),
      )
      .toSorted((a, b) => a.signedAt.getTime() - b.signedAt.getTime());
  }

  @FieldResolver(() => [Organization], {
    description:
      "Active members of either group that have not signed: to the groups' coordinators and the operator.",
  })
  unsigned(@Ctx() ctx: Context, @Root() version: AgreementVersion): Organization[] {
    const account = ctx.maybeAccount();
    const agreement = ctx.directory.agreements.get(version.agreementId);
    if (!account || !agreement) return [];
    const groups = [...new Set([agreement.fromGroupId, agreement.toGroupId])];
    const signers = new Set(
      [...ctx.directory.signatures.values()]
        .filter((s) => s.versionId === version.uuid)
        .map((s) => s.organizationId),
    );
    const members = groups
      .filter((g) => coordinates(account, g, ctx.directory))
      .flatMap((g) => ctx.directory.membersOf(g))
      .filter((m) => m.state === MembershipState.ACTIVE && !signers.has(m.organizationId));
    const missing = new Set(members.map((m) => m.organizationId));
    return ctx.answering([...missing].flatMap((id) => ctx.directory.organizations.get(id) ?? []));
  }
}

@Resolver(() => AgreementSignature)
export class AgreementSignatureResolver {
  @FieldResolver(() => Organization)
  organization(
    @Ctx() ctx: Context,
    @Root() signature: AgreementSignature,
  ): Organization | undefined {
    return ctx.directory.organizations.get(signature.organizationId);
  }

  @FieldResolver(() => Account)
  signedBy(@Ctx() ctx: Context, @Root() signature: AgreementSignature): Account | undefined {
    return ctx.directory.accounts.get(signature.accountId);
  }
}

/**
 * Whether an account knows a signature as that of a member of one of the two groups.
 * INVARIANT: who signed as a member of the other group alone is not told here, or it shows who is in a HIDDEN one.
 */
function readsSignature(
  { directory }: Context,
  by: Account,
  { organizationId, signedAt }: AgreementSignature,
  groupId: string,
): boolean {
  const membership = directory.membership(organizationId, groupId);
  if (!membership || !readsMembership(by, membership, directory)) return false;
  const changes = directory.membershipChanges(organizationId, groupId);
  const at = signedAt.getTime();
  if (activePeriods(changes, at).some((period) => contains(period, at))) return true;
  // Who joined after it had signed is no gap in what the group's coordinators know of their members.
  return coordinates(by, groupId, directory) && directory.isActiveMember(organizationId, groupId);
}

function versionsOf(ctx: Context, agreement: SharingAgreement): AgreementVersion[] {
  const account = ctx.maybeAccount();
  return [...ctx.directory.versions.values()]
    .filter((v) => v.agreementId === agreement.uuid && readsVersion(account, v, ctx.directory))
    .toSorted((a, b) => a.number - b.number);
}

function stateOfVersion(ctx: Context, version: AgreementVersion): AgreementState {
  const agreement = ctx.directory.agreement(version.agreementId);
  const fact = agreement?.versions.find((v) => v.id === version.uuid);
  return agreement && fact ? stateOf(agreement, fact, ctx.hub.now()) : AgreementState.DRAFT;
}
