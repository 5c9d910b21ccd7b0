import type { Context } from "../context";
import type { ItemView } from "../sharing/disclosure";
import { ITEM_KINDS } from "./write-item";

/** An item of any kind by its UUID, as the viewer may see it; null where it is hidden or missing. */
export async function findItem(ctx: Context, uuid: string): Promise<ItemView | null> {
  for (const kind of ITEM_KINDS) {
    const view = await ctx.read(kind).byId(uuid);
    if (view) return view;
  }
  return null;
}
