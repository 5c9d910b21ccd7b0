import { Arg, Ctx, FieldResolver, Int, Mutation, Query, Resolver, Root } from "type-graphql";
import type { Context } from "../context";
import { ITEM_KINDS } from "../item/write-item";
import { SharedItem } from "../item/shared-item.type";
import { ItemConnection } from "../page.type";
import type { ItemView } from "../sharing/disclosure";
import { isWithheld } from "../sharing/fields";
import { ItemKind } from "../sharing/vocabulary";
import { Filter } from "../where";
import { Advisory, AdvisoryConnection, AdvisoryInput } from "./advisory.type";
import { createAdvisory } from "./create-advisory";

@Resolver(() => Advisory)
export class AdvisoryResolver {
  @Query(() => AdvisoryConnection, {
    description: "Newest first, by the time that is shown as updatedAt.",
  })
  async advisories(
    @Ctx() ctx: Context,
    @Arg("first", () => Int, { nullable: true, defaultValue: 20, description: "1 to 100." })
    first: number | null,
    @Arg("after", () => String, { nullable: true }) after: string | null,
    @Arg("text", () => String, { nullable: true }) text: string | null,
  ): Promise<ItemConnection> {
    const filter = new Filter();
    filter.text(text, { title: "title", summary: "summary", body: "body" });
    const where = filter.done();
    const reader = ctx.read(ItemKind.ADVISORY);
    return new ItemConnection(reader, { first: first ?? 20, after: after ?? null, where });
  }

  @FieldResolver(() => [SharedItem], {
    description: "The items it speaks of, those that this viewer may see.",
  })
  async about(@Ctx() ctx: Context, @Root() advisory: ItemView): Promise<ItemView[]> {
    if (isWithheld("about", advisory.withheld)) return [];
    return (await Promise.all(ITEM_KINDS.map((kind) => ctx.linked(kind, advisory.uuid)))).flat();
  }

  @Mutation(() => Advisory)
  async createAdvisory(
    @Ctx() ctx: Context,
    @Arg("input", () => AdvisoryInput) input: AdvisoryInput,
  ): Promise<ItemView | null> {
    const uuid = await createAdvisory(ctx, input);
    return ctx.read(ItemKind.ADVISORY).byId(uuid);
  }
}
