import { Ctx, Field, FieldResolver, ObjectType, Resolver, Root } from "type-graphql";
import { Account } from "../auth/account.entity";
import type { Context } from "../context";
import { MembershipState } from "../sharing/vocabulary";
import { Membership } from "./membership.entity";
import { Organization } from "./organization.entity";
import { SectorGroup } from "./sector-group.entity";

@Resolver(() => Membership)
export class MembershipResolver {
  @FieldResolver(() => Organization)
  organization(@Ctx() ctx: Context, @Root() membership: Membership): Organization | undefined {
    return ctx.directory.organizations.get(membership.organizationId);
  }

  @FieldResolver(() => SectorGroup)
  group(@Ctx() ctx: Context, @Root() membership: Membership): SectorGroup | undefined {
    return ctx.directory.groups.get(membership.groupId);
  }

  @FieldResolver(() => String, {
    nullable: true,
    description: "To the organization, the coordinators and the operator.",
  })
  reason(@Ctx() ctx: Context, @Root() membership: Membership): string | null {
    return readsReason(ctx, membership) ? membership.current.reason : null;
  }

  @FieldResolver(() => [MembershipStep], {
    description: "Every change, oldest first; with who and why to those concerned.",
  })
  history(@Ctx() ctx: Context, @Root() membership: Membership): object[] {
    const concerned = readsReason(ctx, membership);
    return membership.changes.map((change) => ({
      state: change.state,
      at: change.at,
      by: concerned ? (ctx.directory.accounts.get(change.byAccount) ?? null) : null,
      reason: concerned ? change.reason : null,
    }));
  }
}

@ObjectType({ description: "One change of a membership." })
export class MembershipStep {
  @Field(() => MembershipState) state!: MembershipState;
  @Field(() => Date) at!: Date;
  @Field(() => Account, { nullable: true }) by!: Account | null;
  @Field(() => String, { nullable: true }) reason!: string | null;
}

function readsReason(ctx: Context, membership: Membership): boolean {
  const account = ctx.maybeAccount();
  if (!account) return false;
  return (
    account.organizationId === membership.organizationId ||
    account.organizationId === ctx.directory.operatorId ||
    ctx.directory.coordinates(account.uuid, membership.groupId)
  );
}
