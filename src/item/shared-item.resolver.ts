import { Arg, Ctx, ID, Mutation, Query, Resolver } from "type-graphql";
import type { Context } from "../context";
import { Node } from "../node.type";
import type { ItemView } from "../sharing/disclosure";
import { SharedItem } from "./shared-item.type";
import { findNode } from "../find-node";
import { submitItem } from "./submit-item";

@Resolver(() => SharedItem)
export class SharedItemResolver {
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
