import type { MigrationInterface, QueryRunner } from "typeorm";

/** The ordered log of alerts, the watches, the ledger of disclosures, the audit log, and the chain over both. */
export class CreateLog1764000000002 implements MigrationInterface {
  async up(q: QueryRunner): Promise<void> {
    await q.query(`
      CREATE TABLE log (
        seq bigserial PRIMARY KEY, at timestamptz NOT NULL, type text NOT NULL,
        actor_organization_id uuid NOT NULL, actor_account_id uuid NOT NULL,
        item_id uuid, release_id uuid, target uuid,
        organization_id uuid, group_ids uuid[] NOT NULL DEFAULT '{}', subject text, changed int NOT NULL DEFAULT -1,
        count int NOT NULL DEFAULT 1
      );
      CREATE INDEX log_item ON log (item_id, seq);

      CREATE TABLE watch (
        id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
        organization_id uuid NOT NULL REFERENCES organization,
        name text NOT NULL, watched jsonb NOT NULL DEFAULT '[]', sectors text[] NOT NULL DEFAULT '{}',
        text text, min_score smallint, created_at timestamptz NOT NULL, created_by uuid NOT NULL
      );
      CREATE INDEX watch_organization ON watch (organization_id, created_at);

      CREATE TABLE disclosure (
        id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
        item_id uuid NOT NULL REFERENCES item, owner_id uuid NOT NULL,
        organization_id uuid NOT NULL, account_id uuid NOT NULL,
        path text NOT NULL, version_id uuid, group_id uuid, channel text NOT NULL, day date NOT NULL,
        first_at timestamptz NOT NULL, last_at timestamptz NOT NULL, count int NOT NULL,
        chained boolean NOT NULL DEFAULT false
      );
      CREATE INDEX disclosure_owner ON disclosure (owner_id, item_id);
      CREATE INDEX disclosure_unchained ON disclosure (first_at) WHERE NOT chained;

      CREATE TABLE audit (
        id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
        at timestamptz NOT NULL, act text NOT NULL,
        organization_id uuid NOT NULL, account_id uuid NOT NULL, key_id uuid, address text,
        subject text, about_organization_id uuid, before jsonb, after jsonb,
        chained boolean NOT NULL DEFAULT false
      );
      CREATE INDEX audit_at ON audit (at, id);
      CREATE INDEX audit_organization ON audit (organization_id, at, id);
      CREATE INDEX audit_about ON audit (about_organization_id, at, id) WHERE about_organization_id IS NOT NULL;
      CREATE INDEX audit_unchained ON audit (at) WHERE NOT chained;

      CREATE TABLE chain (
        seq bigint PRIMARY KEY, kind text NOT NULL CHECK (kind IN ('audit', 'disclosure')), entry_id uuid NOT NULL,
        hash bytea NOT NULL, at timestamptz NOT NULL, UNIQUE (entry_id)
      );
    `);
  }

  async down(q: QueryRunner): Promise<void> {
    await q.query(`DROP TABLE chain, audit, disclosure, watch, log`);
  }
}
