import type { MigrationInterface, QueryRunner } from "typeorm";

/** How a sighting is marked: whom the alert about it may reach is judged by that, not by the item's own marking. */
export class KeepMarkingOfSightingsInLog1764000000014 implements MigrationInterface {
  async up(q: QueryRunner): Promise<void> {
    await q.query(
      `ALTER TABLE log ADD COLUMN sighting_tlp smallint, ADD COLUMN sighting_pap smallint`,
    );
  }

  async down(q: QueryRunner): Promise<void> {
    await q.query(`ALTER TABLE log DROP COLUMN sighting_tlp, DROP COLUMN sighting_pap`);
  }
}
