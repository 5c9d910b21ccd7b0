import type { Context } from "../context";
import { conflict } from "../errors";
import { mayAuthor, requireThat } from "../auth/rights";
import { lockedItem } from "../sharing/locked-item";
import type { ItemRow } from "../sharing/disclosure";

/**
 * Hands an item to the operator's analysts, with those linked items that its owner owns. By an author of the owner.
 * Submitting again changes nothing. Returns the item's UUID and kind.
 */
export async function submitItem(ctx: Context, id: string): Promise<ItemRow> {
  requireThat(mayAuthor(ctx.account()), "Only a MEMBER, PUBLISHER or ORG_ADMIN submits items.");
  return ctx.change("content", async (change) => {
    const item = await lockedItem(ctx, change, id);
    requireThat(item.ownerId === change.by.organizationId, "Only the owner submits an item.");
    if (item.state === "CLOSED") throw conflict("The item is closed.");
    await change.query(
      `UPDATE item SET submitted_at = $3, state = CASE state WHEN 'DRAFT' THEN 'SUBMITTED' ELSE state END
       WHERE submitted_at IS NULL AND owner_id = $2
         AND (id = $1 OR id IN (SELECT target_id FROM link WHERE source_id = $1))`,
      [item.id, change.by.organizationId, change.now],
    );
    if (!Number.isFinite(item.submittedAt))
      change.record(id, { state: item.state }, { submittedAt: change.now });
    return item;
  });
}
