import type { MigrationInterface, QueryRunner } from "typeorm";

/**
 * The type of a viewer's release rights as queries get them; a NULL `retention_ms` is no limit.
 * `release_audience.several`: whether its item has, or ever had, another audience. What has one alone is reached by one
 * release at the most, so counting need not tell such items apart. Not known counts as several.
 */
export class ReadFaster1764000000003 implements MigrationInterface {
  async up(q: QueryRunner): Promise<void> {
    await q.query(`
      CREATE TYPE release_right AS (
        target uuid, kinds text[], owners uuid[], owners_any boolean, versions uuid[], versions_any boolean,
        tlp_ceiling smallint, pap_ceiling smallint, admitted smallint[], held_from timestamptz, held_until timestamptz,
        retention_ms bigint, withheld int);

      DROP INDEX item_owner, item_submitted;
      CREATE INDEX item_owner ON item (owner_id, kind, updated_at DESC, id DESC) INCLUDE (tlp);
      CREATE INDEX item_submitted ON item (kind, updated_at DESC, id DESC) INCLUDE (tlp, submitted_at, owner_id)
        WHERE submitted_at IS NOT NULL;

      DROP INDEX indicator_labels;

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
      DROP TYPE release_right;
      DROP INDEX item_owner, item_submitted;
      CREATE INDEX item_owner ON item (owner_id, kind, updated_at DESC, id DESC);
      CREATE INDEX item_submitted ON item (kind, updated_at DESC, id DESC) WHERE submitted_at IS NOT NULL;
      CREATE INDEX indicator_labels ON indicator USING gin (labels);
      DROP INDEX release_audience_target;
      ALTER TABLE release_audience DROP several;
      CREATE INDEX release_audience_target ON release_audience (target, kind, released_at DESC, item_id DESC)
        INCLUDE (tlp, pap, owner_id, version_id, live_from, live_until);
    `);
  }
}
