import type { MigrationInterface, QueryRunner } from "typeorm";

/** Organizations are renamed and merge; what they were called, and what became of them, stays on record. */
export class MergeOrganizations1764000000006 implements MigrationInterface {
  async up(q: QueryRunner): Promise<void> {
    await q.query(`
      ALTER TABLE organization
        ADD COLUMN former_names text[] NOT NULL DEFAULT '{}',
        ADD COLUMN successor_id uuid REFERENCES organization,
        ADD COLUMN merged_at timestamptz,
        ADD COLUMN merge_reason text,
        ADD CONSTRAINT organization_merged CHECK ((successor_id IS NULL) = (merged_at IS NULL)),
        ADD CONSTRAINT organization_successor CHECK (successor_id <> id);
    `);
  }

  async down(q: QueryRunner): Promise<void> {
    await q.query(`
      ALTER TABLE organization DROP CONSTRAINT organization_successor, DROP CONSTRAINT organization_merged,
        DROP COLUMN merge_reason, DROP COLUMN merged_at, DROP COLUMN successor_id, DROP COLUMN former_names;
    `);
  }
}
