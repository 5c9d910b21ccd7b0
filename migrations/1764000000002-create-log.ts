import type { MigrationInterface, QueryRunner } from "typeorm";

/** The ordered log of alerts, the watches, and the ledger of disclosures. */
export class CreateLog1764000000002 implements MigrationInterface {
  async up(q: QueryRunner): Promise<void> {
    await q.query(`
      CREATE TABLE log (
        seq bigserial PRIMARY KEY, at timestamptz NOT NULL, type text NOT NULL,
        actor_organization_id uuid NOT NULL, actor_account_id uuid NOT NULL,
        item_id uuid, release_id uuid, target uuid,
        organization_id uuid, group_ids uuid[] NOT NULL DEFAULT '{}', subject text, changed int NOT NULL DEFAULT -1,
        count int NOT NULL DEFAULT 1
      );
      CREATE INDEX log_item ON log (item_id, seq);

      CREATE TABLE watch (
        id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
        organization_id uuid NOT NULL REFERENCES organization,
        name text NOT NULL, watched jsonb NOT NULL DEFAULT '[]', sectors text[] NOT NULL DEFAULT '{}',
        text text, min_score smallint, created_at timestamptz NOT NULL, created_by uuid NOT NULL
      );
      CREATE INDEX watch_organization ON watch (organization_id, created_at);

      CREATE TABLE disclosure (
        item_id uuid NOT NULL REFERENCES item, owner_id uuid NOT NULL,
        organization_id uuid NOT NULL, account_id uuid NOT NULL,
        path text NOT NULL, version_id uuid, group_id uuid, channel text NOT NULL, day date NOT NULL,
        first_at timestamptz NOT NULL, last_at timestamptz NOT NULL, count int NOT NULL,
        id uuid NOT NULL DEFAULT gen_random_uuid() UNIQUE
      );
      CREATE UNIQUE INDEX disclosure_entry ON disclosure
        (item_id, account_id, path, coalesce(version_id, '00000000-0000-0000-0000-000000000000'), channel, day);
      CREATE INDEX disclosure_owner ON disclosure (owner_id, first_at, id);
    `);
  }

  async down(q: QueryRunner): Promise<void> {
    await q.query(`DROP TABLE disclosure, watch, log`);
  }
}
