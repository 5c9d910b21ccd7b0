import type { MigrationInterface, QueryRunner } from "typeorm";

/**
 * The parties and what they agreed on. Every row bears the `version` of the policy clock at its last change,
 * so that a node brings its directory up to date by reading only what is newer than what it has.
 */
export class CreateParties1764000000000 implements MigrationInterface {
  async up(q: QueryRunner): Promise<void> {
    await q.query(`
      -- STABLE like what it calls, so that it is inlined: called as a function it would cost ten times as much.
      CREATE FUNCTION ms(timestamptz) RETURNS bigint LANGUAGE sql STABLE PARALLEL SAFE AS
        $$ SELECT CASE WHEN isfinite($1) THEN (date_part('epoch', $1) * 1000)::bigint END $$;

      CREATE TABLE hub (
        one boolean PRIMARY KEY DEFAULT true CHECK (one),
        secret bytea NOT NULL,
        filling boolean NOT NULL DEFAULT false,
        swept_until timestamptz,
        policy_version bigint NOT NULL DEFAULT 0,
        policy_changed_at timestamptz NOT NULL DEFAULT '-infinity'
      );
      INSERT INTO hub (secret) VALUES (uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()));

      CREATE TABLE organization (
        id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
        name text NOT NULL, name_ja text,
        kind text NOT NULL CHECK (kind IN ('MEMBER', 'AUTHORITY', 'OPERATOR', 'PEER_HUB')),
        sectors text[] NOT NULL DEFAULT '{}', country text,
        created_at timestamptz NOT NULL, version bigint NOT NULL
      );
      CREATE UNIQUE INDEX organization_one_operator ON organization (kind) WHERE kind = 'OPERATOR';
      CREATE UNIQUE INDEX organization_name ON organization (lower(name));

      CREATE TABLE account (
        id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
        organization_id uuid NOT NULL REFERENCES organization,
        email text NOT NULL, display_name text NOT NULL,
        roles text[] NOT NULL,
        affiliation text NOT NULL CHECK (affiliation IN ('EMPLOYEE', 'CONTRACTOR', 'CLIENT')),
        created_at timestamptz NOT NULL, created_by uuid, disabled_at timestamptz, version bigint NOT NULL
      );
      CREATE UNIQUE INDEX account_email ON account (organization_id, lower(email)) WHERE disabled_at IS NULL;

      CREATE TABLE api_key (
        id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
        account_id uuid NOT NULL REFERENCES account,
        name text NOT NULL, prefix text NOT NULL, hash bytea NOT NULL UNIQUE,
        created_by uuid NOT NULL, created_at timestamptz NOT NULL,
        expires_at timestamptz, revoked_at timestamptz, last_used_at timestamptz, version bigint NOT NULL
      );
      CREATE INDEX api_key_account ON api_key (account_id);

      CREATE TABLE sector_group (
        id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
        slug text NOT NULL UNIQUE, name text NOT NULL, name_ja text, sector text NOT NULL, description text,
        roster text NOT NULL CHECK (roster IN ('OPEN', 'HIDDEN')),
        created_at timestamptz NOT NULL, version bigint NOT NULL
      );
      CREATE TABLE coordinator (
        id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
        group_id uuid NOT NULL REFERENCES sector_group, account_id uuid NOT NULL REFERENCES account,
        appointed_at timestamptz NOT NULL, appointed_by uuid NOT NULL, ended_at timestamptz, version bigint NOT NULL
      );
      CREATE UNIQUE INDEX coordinator_current ON coordinator (group_id, account_id) WHERE ended_at IS NULL;

      CREATE TABLE membership (
        id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
        organization_id uuid NOT NULL REFERENCES organization, group_id uuid NOT NULL REFERENCES sector_group,
        version bigint NOT NULL, UNIQUE (organization_id, group_id)
      );
      CREATE TABLE membership_change (
        id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
        membership_id uuid NOT NULL REFERENCES membership,
        state text NOT NULL CHECK (state IN ('INVITED', 'REQUESTED', 'ACTIVE', 'SUSPENDED', 'ENDED')),
        at timestamptz NOT NULL, by_account uuid NOT NULL, by_operator boolean NOT NULL, reason text,
        version bigint NOT NULL
      );
      CREATE INDEX membership_change_membership ON membership_change (membership_id, at);

      CREATE TABLE sharing_agreement (
        id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
        title text NOT NULL,
        from_group_id uuid NOT NULL REFERENCES sector_group, to_group_id uuid NOT NULL REFERENCES sector_group,
        version bigint NOT NULL, UNIQUE (from_group_id, to_group_id)
      );
      CREATE TABLE agreement_version (
        id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
        agreement_id uuid NOT NULL REFERENCES sharing_agreement, number int NOT NULL,
        title text NOT NULL, terms jsonb NOT NULL, sign_within text NOT NULL,
        drafted_at timestamptz NOT NULL, drafted_by uuid NOT NULL,
        proposed_at timestamptz, proposed_by uuid,
        effective_from timestamptz, effective_until timestamptz,
        terminated_at timestamptz, terminated_by uuid, termination_reason text,
        version bigint NOT NULL, UNIQUE (agreement_id, number)
      );
      CREATE TABLE agreement_signature (
        id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
        version_id uuid NOT NULL REFERENCES agreement_version, organization_id uuid NOT NULL REFERENCES organization,
        account_id uuid NOT NULL REFERENCES account, signed_at timestamptz NOT NULL, version bigint NOT NULL,
        UNIQUE (version_id, organization_id)
      );
    `);
    for (const table of VERSIONED) {
      await q.query(`CREATE INDEX ${table}_version ON ${table} (version)`);
    }
  }

  async down(q: QueryRunner): Promise<void> {
    await q.query(
      `DROP TABLE ${VERSIONED.toReversed().join(", ")}, hub CASCADE; DROP FUNCTION ms(timestamptz)`,
    );
  }
}

const VERSIONED = [
  "organization",
  "account",
  "api_key",
  "sector_group",
  "coordinator",
  "membership",
  "membership_change",
  "sharing_agreement",
  "agreement_version",
  "agreement_signature",
];
