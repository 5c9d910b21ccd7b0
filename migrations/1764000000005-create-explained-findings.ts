import type { MigrationInterface, QueryRunner } from "typeorm";

/** The findings of the sanitising check that somebody looked at and let stand, with their release; never what was found. */
export class CreateExplainedFindings1764000000005 implements MigrationInterface {
  async up(q: QueryRunner): Promise<void> {
    await q.query(`
      CREATE TABLE explained_finding (
        release_id uuid NOT NULL REFERENCES release, id text NOT NULL,
        field text NOT NULL, kind text NOT NULL,
        explained_by uuid NOT NULL, at timestamptz NOT NULL,
        PRIMARY KEY (release_id, id)
      );
    `);
  }

  async down(q: QueryRunner): Promise<void> {
    await q.query(`DROP TABLE explained_finding`);
  }
}
