import type { MigrationInterface, QueryRunner } from "typeorm";

/**
 * The shared items, their releases, and `release_audience`: one row for each audience of each release, which is
 * all that a decision needs to know. A row is never edited but for `live_until`; a change ends it and adds the next.
 * TLP and PAP are stored by rank (CLEAR = 0).
 */
export class CreateItems1764000000001 implements MigrationInterface {
  async up(q: QueryRunner): Promise<void> {
    await q.query(`
      CREATE EXTENSION IF NOT EXISTS pg_trgm;

      CREATE TABLE item (
        id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
        kind text NOT NULL CHECK (kind IN ('INCIDENT', 'INDICATOR', 'ADVISORY')),
        owner_id uuid NOT NULL REFERENCES organization, created_by uuid NOT NULL,
        stix_id text NOT NULL,
        tlp smallint NOT NULL CHECK (tlp BETWEEN 0 AND 4), pap smallint NOT NULL CHECK (pap BETWEEN 0 AND 3),
        attribution smallint NOT NULL CHECK (attribution BETWEEN 0 AND 2),
        state text NOT NULL CHECK (state IN ('DRAFT', 'SUBMITTED', 'IN_ANALYSIS', 'RELEASED', 'CLOSED')),
        created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, submitted_at timestamptz,
        UNIQUE (owner_id, stix_id)
      );
      CREATE INDEX item_owner ON item (owner_id, kind, updated_at DESC, id DESC);
      CREATE INDEX item_submitted ON item (kind, updated_at DESC, id DESC) WHERE submitted_at IS NOT NULL;

      CREATE TABLE incident (
        id uuid PRIMARY KEY REFERENCES item,
        title text NOT NULL, summary text, description text, category text NOT NULL, severity text,
        occurred_at timestamptz, detected_at timestamptz, aware_at timestamptz,
        victim text, contact text, affected_systems text[], data_stolen text[]
      );
      CREATE TABLE indicator (
        id uuid PRIMARY KEY REFERENCES item,
        name text, description text, pattern text NOT NULL, pattern_type text NOT NULL,
        valid_from timestamptz, valid_until timestamptz, confidence smallint CHECK (confidence BETWEEN 0 AND 100),
        labels text[] NOT NULL DEFAULT '{}', warnings jsonb NOT NULL DEFAULT '[]'
      );
      CREATE INDEX indicator_pattern ON indicator (md5(pattern));
      CREATE INDEX indicator_labels ON indicator USING gin (labels);
      CREATE TABLE observable (
        indicator_id uuid NOT NULL REFERENCES item, position smallint NOT NULL,
        type text NOT NULL, value text NOT NULL,
        PRIMARY KEY (indicator_id, position)
      );
      CREATE INDEX observable_value ON observable (hashtextextended(value, 0));
      CREATE TABLE advisory (
        id uuid PRIMARY KEY REFERENCES item, title text NOT NULL, summary text, body text NOT NULL
      );
      CREATE TABLE link (
        source_id uuid NOT NULL REFERENCES item, target_id uuid NOT NULL REFERENCES item,
        PRIMARY KEY (source_id, target_id)
      );
      CREATE INDEX link_target ON link (target_id);

      CREATE TABLE release (
        id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
        item_id uuid NOT NULL REFERENCES item,
        state text NOT NULL CHECK (state IN ('PROPOSED', 'REJECTED', 'RELEASED', 'SUPERSEDED', 'WITHDRAWN')),
        from_group_id uuid REFERENCES sector_group,
        group_ids uuid[] NOT NULL DEFAULT '{}', organization_ids uuid[] NOT NULL DEFAULT '{}',
        account_ids uuid[] NOT NULL DEFAULT '{}', to_everyone boolean NOT NULL DEFAULT false,
        tlp smallint NOT NULL CHECK (tlp BETWEEN 0 AND 4),
        title text, summary text, description text,
        withheld_fields text[] NOT NULL,
        proposed_at timestamptz NOT NULL, proposed_by uuid NOT NULL,
        decided_at timestamptz, decided_by uuid, released_at timestamptz,
        withdrawn_at timestamptz, withdrawn_by uuid, expires_at timestamptz, reason text,
        CHECK (tlp < 4 OR (group_ids = '{}' AND organization_ids = '{}' AND NOT to_everyone)),
        CHECK (NOT to_everyone OR tlp = 0)
      );
      CREATE INDEX release_item ON release (item_id, proposed_at DESC);
      CREATE INDEX release_text ON release USING gin
        ((coalesce(title, '') || ' ' || coalesce(summary, '') || ' ' || coalesce(description, '')) gin_trgm_ops);

      CREATE TABLE release_audience (
        release_id uuid NOT NULL REFERENCES release, item_id uuid NOT NULL REFERENCES item,
        kind text NOT NULL, owner_id uuid NOT NULL,
        path text NOT NULL CHECK (path IN ('AGREEMENT', 'BILATERAL', 'NAMED', 'PUBLIC')),
        target uuid NOT NULL, from_group_id uuid, to_group_id uuid, version_id uuid REFERENCES agreement_version,
        tlp smallint NOT NULL, pap smallint NOT NULL, withheld int NOT NULL,
        released_at timestamptz NOT NULL, live_from timestamptz NOT NULL, live_until timestamptz NOT NULL DEFAULT 'infinity',
        PRIMARY KEY (item_id, target, release_id, live_from)
      );
      CREATE INDEX release_audience_target ON release_audience (target, kind, released_at DESC, item_id DESC)
        INCLUDE (tlp, pap, owner_id, version_id, live_from, live_until);

      CREATE INDEX release_audience_owner ON release_audience (owner_id, to_group_id, target);
      CREATE INDEX release_audience_end ON release_audience (live_until) WHERE live_until < 'infinity';
      CREATE INDEX release_expiry ON release (expires_at) WHERE expires_at IS NOT NULL;

      CREATE TABLE sighting (
        id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
        indicator_id uuid NOT NULL REFERENCES item, organization_id uuid NOT NULL REFERENCES organization,
        account_id uuid NOT NULL, seen_at timestamptz NOT NULL, recorded_at timestamptz NOT NULL,
        count int NOT NULL CHECK (count > 0), false_positive boolean NOT NULL,
        tlp smallint NOT NULL, pap smallint NOT NULL,
        path text NOT NULL, target uuid, version_id uuid
      );
      CREATE INDEX sighting_indicator ON sighting (indicator_id);
      CREATE INDEX sighting_target ON sighting (target);
    `);
  }

  async down(q: QueryRunner): Promise<void> {
    await q.query(
      `DROP TABLE sighting, release_audience, release, link, advisory, observable, indicator, incident, item`,
    );
  }
}
