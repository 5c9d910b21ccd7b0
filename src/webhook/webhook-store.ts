import type { Hub } from "../hub";
import { Sealed } from "../sealed";
import { Webhook } from "./webhook.type";

type Row = Omit<Webhook, "position" | "id"> & { seq: string; sub: string };

const COLUMNS = `id AS uuid, organization_id AS "organizationId", name, url, filter, account_id AS "accountId",
  key_id AS "keyId", secret, former_secret AS "formerSecret", former_until AS "formerUntil", state, reason, seq, sub, failures,
  next_attempt_at AS "nextAttemptAt", revision, created_at AS "createdAt"`;

const webhookOf = ({ seq, sub, ...row }: Row): Webhook =>
  Object.assign(new Webhook(), row, { position: { seq: Number(seq), sub: Number(sub) } });

/** Those of an organization, oldest first. */
export async function webhooksOf(hub: Hub, organizationId: string): Promise<Webhook[]> {
  const { rows } = await hub.pool.query<Row>(
    `SELECT ${COLUMNS} FROM webhook WHERE organization_id = $1 ORDER BY created_at, id`,
    [organizationId],
  );
  return rows.map(webhookOf);
}

export async function loadWebhook(hub: Hub, uuid: string): Promise<Webhook | null> {
  const { rows } = await hub.pool.query<Row>({
    name: "webhook",
    text: `SELECT ${COLUMNS} FROM webhook WHERE id = $1`,
    values: [uuid],
  });
  return rows[0] ? webhookOf(rows[0]) : null;
}

/** The UUIDs of those that deliver, or are probed. */
export async function workingWebhooks(hub: Hub): Promise<string[]> {
  const { rows } = await hub.pool.query<{ id: string }>(
    "SELECT id FROM webhook WHERE state IN ('ACTIVE', 'OPEN') ORDER BY id",
  );
  return rows.map(({ id }) => id);
}

/** Keeps secrets as the database holds them: sealed with a key that follows from the hub's own secret. */
export class SecretSafe {
  private readonly sealed: Sealed;

  constructor(hub: Hub) {
    this.sealed = new Sealed(hub.keyFor("webhook secret"));
  }

  seal(secret: string): string {
    return this.sealed.seal(Buffer.from(secret), true);
  }

  /** Throws for what this hub did not seal. */
  open(sealed: string): string {
    const secret = this.sealed.open(sealed);
    if (!secret) throw new Error("a webhook's secret was not sealed by this hub");
    return secret.toString();
  }
}
