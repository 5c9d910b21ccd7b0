import { createHmac } from "node:crypto";
import type { Pool } from "pg";
import type { Context } from "../context";
import { conflict } from "../errors";
import { globalId } from "../ids";
import type { ItemRow } from "../sharing/disclosure";
import type { Change } from "../transaction";
import type { CheckedRelease } from "./check-audience";

type Audience = Pick<CheckedRelease, "groupIds" | "organizationIds" | "accountIds" | "toEveryone">;

/** The global id of a proposal that waits for the owner and shares an audience with this one; null where there is none. */
export async function pendingProposal(
  db: Pick<Pool, "query">,
  item: ItemRow,
  { groupIds, organizationIds, accountIds, toEveryone }: Audience,
  now: Date,
): Promise<string | null> {
  const { rows } = await db.query<{ id: string }>(
    `SELECT id FROM release WHERE item_id = $1 AND state = 'PROPOSED' AND (expires_at IS NULL OR expires_at > $6)
       AND (group_ids && $2::uuid[] OR organization_ids && $3::uuid[] OR account_ids && $4::uuid[] OR (to_everyone AND $5))
     ORDER BY proposed_at LIMIT 1`,
    [item.id, groupIds, organizationIds, accountIds, toEveryone, now],
  );
  return rows[0] ? globalId("release", rows[0].id) : null;
}

/** Stands for an item and its releases as they are: another once anything of them changed. */
export async function revisionOf(
  ctx: Context,
  db: Pick<Pool, "query">,
  item: ItemRow,
): Promise<string> {
  const { rows } = await db.query<{ releases: string | null }>(
    "SELECT string_agg(id::text || state, ' ' ORDER BY id) AS releases FROM release WHERE item_id = $1",
    [item.id],
  );
  return createHmac("sha256", ctx.hub.keyFor("revision"))
    .update(`${item.id} ${item.updatedAt} ${rows[0]?.releases ?? ""}`)
    .digest("base64url")
    .slice(0, 22);
}

/**
 * Of two analysts who sanitise one item at once the second gets a CONFLICT: where the first one's proposal for an audience
 * of both still waits for the owner, and where the second says what it has read and that has changed.
 */
export async function checkUndisturbed(
  ctx: Context,
  change: Change,
  item: ItemRow,
  audience: Audience,
  expectedRevision: string | null,
): Promise<void> {
  const pending = await pendingProposal(change.asPool(), item, audience, change.now);
  if (pending)
    throw conflict(
      `The proposal ${pending} for this audience waits for the owner; withdraw it to propose another.`,
    );
  if (
    expectedRevision !== null &&
    expectedRevision !== (await revisionOf(ctx, change.asPool(), item))
  )
    throw conflict("Somebody changed the item or its releases since; read them again.");
}
