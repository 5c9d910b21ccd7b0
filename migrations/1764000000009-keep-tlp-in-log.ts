import type { MigrationInterface, QueryRunner } from "typeorm";

/** What an item's TLP was at its entries' places in the log, and immediately before: whom it admits is judged by it. */
export class KeepTlpInLog1764000000009 implements MigrationInterface {
  async up(q: QueryRunner): Promise<void> {
    await q.query(`ALTER TABLE log ADD COLUMN tlp smallint, ADD COLUMN tlp_before smallint`);
  }

  async down(q: QueryRunner): Promise<void> {
    await q.query(`ALTER TABLE log DROP COLUMN tlp, DROP COLUMN tlp_before`);
  }
}
