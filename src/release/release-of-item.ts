import type { Context } from "../context";
import type { ItemView } from "../sharing/disclosure";
import type { Release } from "./release.type";

/** The releases of an item, to its owner and the operator; nobody else learns of any. */
export const releasesOfItem = async (ctx: Context, item: ItemView): Promise<Release[]> =>
  item.whole ? ctx.releasesOf(item.uuid) : [];
