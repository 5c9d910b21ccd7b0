import type { MigrationInterface, QueryRunner } from "typeorm";

/**
 * `release_audience.several`: whether its item has, or ever had, another audience. What has one alone is reached by one
 * release at the most, so counting need not tell such items apart. Not known counts as several.
 */
export class CountAudiences1764000000003 implements MigrationInterface {
  async up(q: QueryRunner): Promise<void> {
    await q.query(`
      ALTER TABLE release_audience ADD several boolean NOT NULL DEFAULT true;
      UPDATE release_audience a SET several = false
        WHERE NOT EXISTS (SELECT FROM release_audience o WHERE o.item_id = a.item_id AND o.ctid <> a.ctid);
      DROP INDEX release_audience_target;
      CREATE INDEX release_audience_target ON release_audience (target, kind, released_at DESC, item_id DESC)
        INCLUDE (tlp, pap, several, owner_id, version_id, live_from, live_until);
    `);
  }

  async down(q: QueryRunner): Promise<void> {
    await q.query(`
      DROP INDEX release_audience_target;
      ALTER TABLE release_audience DROP several;
      CREATE INDEX release_audience_target ON release_audience (target, kind, released_at DESC, item_id DESC)
        INCLUDE (tlp, pap, owner_id, version_id, live_from, live_until);
    `);
  }
}
