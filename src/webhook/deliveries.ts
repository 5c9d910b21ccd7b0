import type { Context } from "../context";
import { badInput } from "../errors";
import type { AlertType } from "../alert/alert.type";
import type { DeliveryError } from "./delivery-error";
import type { Webhook, WebhookDeliveryConnection } from "./webhook.type";

interface Row {
  /** In the order of the attempts. */
  number: string;
  at: Date;
  attempt: number;
  seq: string;
  sub: string;
  type: AlertType;
  status: number | null;
  error: DeliveryError | null;
  durationMs: number;
}

/** The attempts to deliver to a webhook, newest first. Throws BAD_USER_INPUT for a page that cannot be. */
export async function deliveriesOf(
  ctx: Context,
  hook: Webhook,
  first: number,
  after: string | null,
): Promise<WebhookDeliveryConnection> {
  if (first < 1 || first > 100) throw badInput("first", "must be from 1 to 100");
  const from = after === null ? null : ctx.hub.itemCursor.open(after);
  if (after !== null && from?.id !== hook.uuid)
    throw badInput("after", "is not a cursor of this hub");
  const { rows } = await ctx.hub.pool.query<Row>(
    `SELECT number, at, attempt, seq, sub, type, status, error, duration_ms AS "durationMs" FROM webhook_delivery
     WHERE webhook_id = $1 AND ($2::bigint IS NULL OR number < $2) ORDER BY number DESC LIMIT $3`,
    [hook.uuid, from?.at ?? null, first + 1],
  );
  const edges = rows.slice(0, first).map(({ number, seq, sub, type, ...row }) => ({
    cursor: ctx.hub.itemCursor.seal({ at: Number(number), id: hook.uuid }),
    node: {
      ...row,
      alertType: type,
      cursor: ctx.hub.logCursor.seal({ seq: Number(seq), sub: Number(sub) }),
    },
  }));
  return {
    edges,
    nodes: edges.map((e) => e.node),
    pageInfo: {
      hasNextPage: rows.length > first,
      hasPreviousPage: after !== null,
      startCursor: edges[0]?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
  };
}
