import { Arg, Ctx, FieldResolver, ID, Mutation, Query, Resolver, Root } from "type-graphql";
import type { Context } from "../context";
import { Node } from "../node.type";
import { Organization } from "../organization/organization.entity";
import { SectorGroup } from "../organization/sector-group.entity";
import { AgreementVersion } from "../organization/agreement.entity";
import type { ItemView, ShownPath, ShownSource } from "../sharing/disclosure";
import { AccessPath, SharedItem, Source } from "./shared-item.type";
import { findNode } from "../find-node";
import { submitItem } from "./submit-item";

@Resolver(() => SharedItem)
export class SharedItemResolver {
  @FieldResolver(() => Source)
  source(@Root() item: ItemView): ShownSource {
    return item.shownSource;
  }

  @Query(() => Node, {
    nullable: true,
    description: "Anything by its id; null where it is hidden or missing.",
  })
  node(@Ctx() ctx: Context, @Arg("id", () => ID) id: string): Promise<object | null> {
    return findNode(ctx, id);
  }

  @Mutation(() => SharedItem)
  async submitItem(@Ctx() ctx: Context, @Arg("id", () => ID) id: string): Promise<ItemView | null> {
    const item = await submitItem(ctx, id);
    return ctx.read(item.kind).byId(item.id);
  }
}

@Resolver(() => Source)
export class SourceResolver {
  @FieldResolver(() => Organization, { nullable: true })
  organization(@Ctx() ctx: Context, @Root() source: ShownSource): Organization | null {
    return ctx.directory.organizations.get(source.organizationId ?? "") ?? null;
  }

  @FieldResolver(() => String, { nullable: true })
  sector(@Ctx() ctx: Context, @Root() source: ShownSource): string | null {
    return ctx.directory.groups.get(source.groupId ?? "")?.sector ?? null;
  }
}

@Resolver(() => AccessPath)
export class AccessPathResolver {
  @FieldResolver(() => AgreementVersion, { nullable: true })
  agreementVersion(@Ctx() ctx: Context, @Root() path: ShownPath): AgreementVersion | null {
    return ctx.directory.versions.get(path.versionId ?? "") ?? null;
  }

  @FieldResolver(() => SectorGroup, { nullable: true })
  group(@Ctx() ctx: Context, @Root() path: ShownPath): SectorGroup | null {
    return ctx.directory.groups.get(path.groupId ?? "") ?? null;
  }
}
