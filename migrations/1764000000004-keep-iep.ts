import type { MigrationInterface, QueryRunner } from "typeorm";

/** The IEP 2.0 policy that a version was drafted from: what of it the hub does not interpret is kept here. */
export class KeepIep1764000000004 implements MigrationInterface {
  async up(q: QueryRunner): Promise<void> {
    await q.query("ALTER TABLE agreement_version ADD COLUMN iep jsonb");
  }

  async down(q: QueryRunner): Promise<void> {
    await q.query("ALTER TABLE agreement_version DROP COLUMN iep");
  }
}
