import type { MigrationInterface, QueryRunner } from "typeorm";

/**
 * Entries of the audit log and of the disclosure ledger are chained by the transaction that writes them; what was still
 * to be chained is chained here. The log remembers to which items links changed.
 */
export class ChainEntriesAtBirth1764000000007 implements MigrationInterface {
  async up(q: QueryRunner): Promise<void> {
    await q.query(`
      DO $$
      DECLARE
        e record; n bigint; h bytea;
      BEGIN
        SELECT seq, hash INTO n, h FROM chain ORDER BY seq DESC LIMIT 1;
        n := coalesce(n, 0);
        h := coalesce(h, decode(repeat('00', 32), 'hex'));
        FOR e IN
          SELECT id, 'audit' AS kind, at, jsonb_build_object('id', id, 'at', ms(at), 'act', act, 'organization', organization_id,
            'account', account_id, 'key', key_id, 'address', address, 'subject', subject,
            'about', about_organization_id, 'before', before, 'after', after)::text AS entry
          FROM audit WHERE NOT chained
          UNION ALL
          SELECT id, 'disclosure', first_at, jsonb_build_object('id', id, 'item', item_id, 'owner', owner_id,
            'organization', organization_id, 'account', account_id, 'path', path, 'version', version_id, 'group', group_id,
            'channel', channel, 'day', day, 'firstAt', ms(first_at), 'lastAt', ms(last_at), 'count', count)::text
          FROM disclosure WHERE NOT chained
          ORDER BY at, id
        LOOP
          n := n + 1;
          h := sha256(h || convert_to(e.entry, 'UTF8'));
          INSERT INTO chain (seq, kind, entry_id, hash, at) VALUES (n, e.kind, e.id, h, now());
        END LOOP;
      END $$;

      ALTER TABLE audit DROP COLUMN chained;
      ALTER TABLE disclosure DROP COLUMN chained;
      CREATE INDEX chain_at ON chain (at, seq);

      ALTER TABLE log ADD COLUMN linked uuid[] NOT NULL DEFAULT '{}';
    `);
  }

  async down(q: QueryRunner): Promise<void> {
    await q.query(`
      ALTER TABLE log DROP COLUMN linked;
      DROP INDEX chain_at;
      ALTER TABLE disclosure ADD COLUMN chained boolean NOT NULL DEFAULT true;
      ALTER TABLE disclosure ALTER COLUMN chained SET DEFAULT false;
      CREATE INDEX disclosure_unchained ON disclosure (first_at) WHERE NOT chained;
      ALTER TABLE audit ADD COLUMN chained boolean NOT NULL DEFAULT true;
      ALTER TABLE audit ALTER COLUMN chained SET DEFAULT false;
      CREATE INDEX audit_unchained ON audit (at) WHERE NOT chained;
    `);
  }
}
