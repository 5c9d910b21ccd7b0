import type { MigrationInterface, QueryRunner } from "typeorm";

/**
 * Every process keeps all watches in memory and follows them by number. Numbers are in commit order: whoever takes the
 * next one holds the hub's row until the commit. A watch that was deleted leaves an empty row, so that all hear of it.
 */
export class NumberWatches1764000000012 implements MigrationInterface {
  async up(q: QueryRunner): Promise<void> {
    await q.query(`
      ALTER TABLE hub ADD COLUMN watch_version bigint NOT NULL DEFAULT 0;
      ALTER TABLE watch ADD COLUMN version bigint NOT NULL DEFAULT 0, ADD COLUMN removed_at timestamptz;
      CREATE INDEX watch_version ON watch (version);
      CREATE FUNCTION number_watch() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          UPDATE hub SET watch_version = watch_version + 1 RETURNING watch_version INTO NEW.version;
          RETURN NEW;
        END $$;
      CREATE TRIGGER number_watch BEFORE INSERT OR UPDATE ON watch FOR EACH ROW EXECUTE FUNCTION number_watch();
    `);
  }

  async down(q: QueryRunner): Promise<void> {
    await q.query(`
      DROP TRIGGER number_watch ON watch;
      DROP FUNCTION number_watch();
      DROP INDEX watch_version;
      DELETE FROM watch WHERE removed_at IS NOT NULL;
      ALTER TABLE watch DROP COLUMN version, DROP COLUMN removed_at;
      ALTER TABLE hub DROP COLUMN watch_version;
    `);
  }
}
