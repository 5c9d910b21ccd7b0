import type { MigrationInterface, QueryRunner } from "typeorm";

/** Webhooks, each with its place in the log, and what came of each attempt to deliver. */
export class CreateWebhooks1764000000010 implements MigrationInterface {
  async up(q: QueryRunner): Promise<void> {
    await q.query(`
      CREATE TABLE webhook (
        id uuid PRIMARY KEY,
        organization_id uuid NOT NULL REFERENCES organization,
        name text NOT NULL, url text NOT NULL, filter jsonb,
        account_id uuid NOT NULL REFERENCES account, key_id uuid NOT NULL REFERENCES api_key,
        secret text NOT NULL, former_secret text, former_until timestamptz,
        state text NOT NULL CHECK (state IN ('ACTIVE', 'OPEN', 'PAUSED', 'DISABLED')), reason text,
        seq bigint NOT NULL, sub bigint NOT NULL,
        failures int NOT NULL DEFAULT 0, next_attempt_at timestamptz,
        revision int NOT NULL DEFAULT 1,
        created_at timestamptz NOT NULL, created_by uuid NOT NULL
      );
      CREATE INDEX webhook_organization ON webhook (organization_id, created_at, id);

      CREATE TABLE webhook_delivery (
        number bigserial PRIMARY KEY,
        webhook_id uuid NOT NULL REFERENCES webhook ON DELETE CASCADE,
        at timestamptz NOT NULL, attempt int NOT NULL, seq bigint NOT NULL, sub bigint NOT NULL, type text NOT NULL,
        status smallint, error text, duration_ms int NOT NULL
      );
      CREATE INDEX webhook_delivery_newest ON webhook_delivery (webhook_id, number);
      CREATE INDEX webhook_delivery_oldest ON webhook_delivery (webhook_id, at);
    `);
  }

  async down(q: QueryRunner): Promise<void> {
    await q.query(`DROP TABLE webhook_delivery, webhook`);
  }
}
