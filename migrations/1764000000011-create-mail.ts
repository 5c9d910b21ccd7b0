import type { MigrationInterface, QueryRunner } from "typeorm";

/** What each account wants by e-mail, its places in the log, and what came of each mail. */
export class CreateMail1764000000011 implements MigrationInterface {
  async up(q: QueryRunner): Promise<void> {
    await q.query(`
      CREATE TABLE mail (
        account_id uuid PRIMARY KEY REFERENCES account, key_id uuid NOT NULL REFERENCES api_key,
        address text NOT NULL, language text NOT NULL, time_zone text NOT NULL,
        state text NOT NULL CHECK (state IN ('UNCONFIRMED', 'ACTIVE', 'STOPPED', 'KEY_ENDED', 'REFUSED')),
        code text, code_at timestamptz,
        pending text CHECK (pending IN ('CONFIRMATION', 'NOTICE')),
        immediate text[] NOT NULL, digest text[], digest_hour smallint, digest_due_at timestamptz,
        seq bigint NOT NULL, sub bigint NOT NULL, digest_seq bigint NOT NULL, digest_sub bigint NOT NULL,
        failures int NOT NULL DEFAULT 0, next_attempt_at timestamptz,
        problem text, problem_at timestamptz,
        revision int NOT NULL DEFAULT 1
      );

      CREATE TABLE mail_delivery (
        number bigserial PRIMARY KEY,
        account_id uuid NOT NULL REFERENCES account,
        at timestamptz NOT NULL, kind text NOT NULL, message_id text NOT NULL, accepted boolean NOT NULL, code smallint
      );
      CREATE INDEX mail_delivery_newest ON mail_delivery (account_id, number);
    `);
  }

  async down(q: QueryRunner): Promise<void> {
    await q.query(`DROP TABLE mail_delivery, mail`);
  }
}
