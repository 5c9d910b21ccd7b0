import { randomBytes } from "node:crypto";
import type { TestHub } from "./hub";
import type { Client } from "./client";

export interface OrganizationRow {
  id: string;
  name: string;
  kind: string;
}

export interface AccountRow {
  id: string;
  organization_id: string;
  roles: readonly string[];
  affiliation: string;
}

/** Adds organizations and accounts by plain SQL: many at once, in a moment. Ids are UUIDs. */
export async function insertPeople(
  hub: TestHub,
  organizations: readonly OrganizationRow[],
  accounts: readonly AccountRow[],
): Promise<void> {
  const { pool, directory } = hub.running.hub;
  const common = { created_at: new Date(hub.clock.now()), version: await nextVersion(hub) };
  await pool.query(
    `INSERT INTO organization (id, name, kind, created_at, version) SELECT id, name, kind, created_at, version
     FROM jsonb_to_recordset($1::jsonb) AS t(id uuid, name text, kind text, created_at timestamptz, version bigint)`,
    [JSON.stringify(organizations.map((o) => ({ ...o, ...common })))],
  );
  await pool.query(
    `INSERT INTO account (id, organization_id, email, display_name, roles, affiliation, created_at, version)
     SELECT id, organization_id, id || '@example.jp', id, roles, affiliation, created_at, version
     FROM jsonb_to_recordset($1::jsonb) AS t(id uuid, organization_id uuid, roles text[], affiliation text,
       created_at timestamptz, version bigint)`,
    [JSON.stringify(accounts.map((a) => ({ ...a, ...common })))],
  );
  await directory.refresh();
}

/** Clients of one account: with a key of its own making, and with one that another account made for it. */
export interface KeyRing {
  own: Client;
  foreign: Client;
}

/** Gives accounts their keys by plain SQL. Returns them by the account's UUID. */
export async function insertKeys(
  hub: TestHub,
  accounts: readonly string[],
): Promise<Map<string, KeyRing>> {
  const { running } = hub;
  const version = await nextVersion(hub);
  const rings = new Map<string, KeyRing>();
  const rows = accounts.flatMap((id) => {
    const [own, foreign] = [randomBytes(32), randomBytes(32)].map((b) => b.toString("base64url"));
    if (!own || !foreign) throw new RangeError("no key");
    rings.set(id, { own: hub.as(own), foreign: hub.as(foreign) });
    const row = (secret: string, by: string): object => ({
      account_id: id,
      hash: running.hub.credentialHash(secret).toString("hex"),
      created_by: by,
      created_at: new Date(hub.clock.now()),
      version,
    });
    return [row(own, id), row(foreign, "f0f0f0f0-0000-4000-8000-000000000000")];
  });
  await running.hub.pool.query(
    `INSERT INTO api_key (account_id, name, prefix, hash, created_by, created_at, version)
     SELECT account_id, 'Test', left(hash, 8), decode(hash, 'hex'), created_by, created_at, version
     FROM jsonb_to_recordset($1::jsonb) AS t(account_id uuid, hash text, created_by uuid, created_at timestamptz,
       version bigint)`,
    [JSON.stringify(rows)],
  );
  await running.hub.directory.refresh();
  return rings;
}

async function nextVersion({ running: { hub } }: TestHub): Promise<number> {
  const { rows } = await hub.pool.query<{ version: string }>(
    "UPDATE hub SET policy_version = policy_version + 1 RETURNING policy_version AS version",
  );
  return Number(rows[0]?.version);
}
