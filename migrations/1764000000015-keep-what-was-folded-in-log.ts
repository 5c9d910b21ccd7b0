import type { MigrationInterface, QueryRunner } from "typeorm";

/** All that one entry for many tells of: each is judged by itself when it is delivered, and compared with watches. */
export class KeepWhatWasFoldedInLog1764000000015 implements MigrationInterface {
  async up(q: QueryRunner): Promise<void> {
    await q.query(
      `ALTER TABLE log ADD COLUMN folded_items uuid[] NOT NULL DEFAULT '{}', ADD COLUMN folded_releases uuid[] NOT NULL DEFAULT '{}'`,
    );
  }

  async down(q: QueryRunner): Promise<void> {
    await q.query(`ALTER TABLE log DROP COLUMN folded_items, DROP COLUMN folded_releases`);
  }
}
