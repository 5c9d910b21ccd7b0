import { Arg, Ctx, FieldResolver, ID, Mutation, Query, Resolver, Root } from "type-graphql";
import { Account } from "../auth/account.entity";
import { found } from "../auth/rights";
import type { Context } from "../context";
import { findItem } from "../item/find-item";
import { SharedItem } from "../item/shared-item.type";
import { Organization } from "../organization/organization.entity";
import { SectorGroup } from "../organization/sector-group.entity";
import type { ItemView } from "../sharing/disclosure";
import { audienceHistory, AudiencePeriod, organizationsReached } from "./audience-history";
import { ExplainedFinding } from "./finding.type";
import { AudiencePreview, previewAudience } from "./preview-audience";
import {
  approveRelease,
  proposeRelease,
  rejectRelease,
  releaseItem,
  withdrawRelease,
} from "./release-verbs";
import { ProposeReleaseInput, Release } from "./release.type";

@Resolver(() => Release)
export class ReleaseResolver {
  @FieldResolver(() => SharedItem)
  async item(@Ctx() ctx: Context, @Root() release: Release): Promise<ItemView> {
    return found(await findItem(ctx, release.itemId), "item");
  }

  @FieldResolver(() => SectorGroup, { nullable: true })
  fromGroup(@Ctx() ctx: Context, @Root() release: Release): SectorGroup | null {
    return ctx.directory.groups.get(release.fromGroupId ?? "") ?? null;
  }

  @FieldResolver(() => [SectorGroup])
  groups(@Ctx() ctx: Context, @Root() release: Release): SectorGroup[] {
    return release.groupIds.flatMap((id) => ctx.directory.groups.get(id) ?? []);
  }

  @FieldResolver(() => [Organization])
  organizations(@Ctx() ctx: Context, @Root() release: Release): Organization[] {
    return release.organizationIds.flatMap((id) => ctx.directory.organizations.get(id) ?? []);
  }

  @FieldResolver(() => [Account])
  accounts(@Ctx() ctx: Context, @Root() release: Release): Account[] {
    return release.accountIds.flatMap((id) => ctx.directory.accounts.get(id) ?? []);
  }

  @FieldResolver(() => [ExplainedFinding], {
    description: "Findings of the sanitising check that the release's author let stand.",
  })
  explainedFindings(@Ctx() ctx: Context, @Root() release: Release): ExplainedFinding[] {
    return release.explained.map(({ by, at, ...finding }) => ({
      ...finding,
      explainedBy: ctx.directory.accounts.get(by) ?? null,
      at: new Date(at),
    }));
  }

  @Query(() => AudiencePreview, {
    description:
      "Who would receive it, before anything is sent: computed by the same policy that enforces it.",
  })
  audiencePreview(
    @Ctx() ctx: Context,
    @Arg("input", () => ProposeReleaseInput) input: ProposeReleaseInput,
  ): Promise<AudiencePreview> {
    return previewAudience(ctx, input);
  }

  @Mutation(() => Release, {
    description:
      "By an analyst of the operator, for a submitted item; a title is required. PROPOSED until the owner decides. Refused where a finding that blocks is not named in explainedFindings, CONFLICT where another proposal for the same audience waits.",
  })
  proposeRelease(
    @Ctx() ctx: Context,
    @Arg("input", () => ProposeReleaseInput) input: ProposeReleaseInput,
    @Arg("expectedRevision", () => String, {
      nullable: true,
      description:
        "AudiencePreview.revision. Given: CONFLICT if the item or one of its releases changed since.",
    })
    expectedRevision: string | null,
  ): Promise<Release> {
    return proposeRelease(ctx, input, expectedRevision);
  }

  @Mutation(() => Release, {
    description:
      "By the owner, of exactly the proposed wording, TLP and audience: findings warn it in the preview and do not hold it up.",
  })
  approveRelease(@Ctx() ctx: Context, @Arg("id", () => ID) id: string): Promise<Release> {
    return approveRelease(ctx, id);
  }

  @Mutation(() => Release)
  rejectRelease(
    @Ctx() ctx: Context,
    @Arg("id", () => ID) id: string,
    @Arg("reason", () => String) reason: string,
  ): Promise<Release> {
    return rejectRelease(ctx, id, reason);
  }

  @Mutation(() => Release, {
    description:
      "By the owner (PUBLISHER, ORG_ADMIN): RELEASED at once. The agreements from fromGroup to each audience group must be in force and cover it.",
  })
  releaseItem(
    @Ctx() ctx: Context,
    @Arg("input", () => ProposeReleaseInput) input: ProposeReleaseInput,
  ): Promise<Release> {
    return releaseItem(ctx, input);
  }

  @Mutation(() => Release, { description: "By the owner or the operator." })
  withdrawRelease(
    @Ctx() ctx: Context,
    @Arg("id", () => ID) id: string,
    @Arg("reason", () => String) reason: string,
  ): Promise<Release> {
    return withdrawRelease(ctx, id, reason);
  }
}

@Resolver(() => SharedItem)
export class ReleasesResolver {
  @FieldResolver(() => [Release], {
    description: "To the owner and the operator; empty to everybody else.",
  })
  releases(@Ctx() ctx: Context, @Root() item: ItemView): Promise<Release[]> | Release[] {
    return item.whole ? ctx.releasesOf(item.uuid) : [];
  }

  @FieldResolver(() => [AudiencePeriod], {
    description:
      "Whom it has been opened to, under which marking and when, oldest first: to the owner and the operator; empty to everybody else.",
  })
  audienceHistory(@Ctx() ctx: Context, @Root() item: ItemView): Promise<AudiencePeriod[]> {
    return audienceHistory(ctx, item);
  }
}

@Resolver(() => AudiencePeriod)
export class AudiencePeriodResolver {
  @FieldResolver(() => [Organization], {
    description:
      "Whose employees could read it at the end of the period, or can now, by the same policy that decided. None of a HIDDEN group, and none where it is everybody.",
  })
  organizations(@Ctx() ctx: Context, @Root() period: AudiencePeriod): Organization[] {
    return organizationsReached(ctx, period);
  }
}
