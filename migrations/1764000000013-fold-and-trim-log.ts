import type { MigrationInterface, QueryRunner } from "typeorm";

/** Edits that wait to be told of as one, and how far the log was trimmed. */
export class FoldAndTrimLog1764000000013 implements MigrationInterface {
  async up(q: QueryRunner): Promise<void> {
    await q.query(`
      CREATE TABLE log_pending (
        item_id uuid NOT NULL, actor_organization_id uuid NOT NULL, actor_account_id uuid NOT NULL,
        changed int NOT NULL, linked uuid[] NOT NULL, tlp smallint,
        edited_at timestamptz NOT NULL, due_at timestamptz NOT NULL,
        PRIMARY KEY (item_id, actor_organization_id)
      );
      CREATE INDEX log_pending_due ON log_pending (due_at);
      CREATE INDEX log_updated ON log (item_id, actor_organization_id, at) WHERE type = 'ITEM_UPDATED';
      ALTER TABLE hub ADD COLUMN log_trimmed_to bigint NOT NULL DEFAULT 0, ADD COLUMN log_kept_since timestamptz;
    `);
  }

  async down(q: QueryRunner): Promise<void> {
    await q.query(`
      ALTER TABLE hub DROP COLUMN log_trimmed_to, DROP COLUMN log_kept_since;
      DROP INDEX log_updated;
      DROP TABLE log_pending;
    `);
  }
}
