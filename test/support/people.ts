import { randomBytes } from "node:crypto";
import type { Client } from "./client";
import type { TestHub } from "./hub";

interface OrganizationRow {
  id: string;
  name: string;
  kind: string;
}

interface AccountRow {
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
  await insertRows(hub, [
    [
      "organization (id, name, kind, created_at, version)",
      "id uuid, name text, kind text, created_at timestamptz, version bigint",
      organizations,
    ],
    [
      "account (id, organization_id, email, display_name, roles, affiliation, created_at, version)",
      `id uuid, organization_id uuid, email text, display_name text, roles text[], affiliation text,
        created_at timestamptz, version bigint`,
      accounts.map((a) => ({ ...a, email: `${a.id}@example.jp`, display_name: a.id })),
    ],
  ]);
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
  const rings = new Map<string, KeyRing>();
  const rows = accounts.flatMap((id) => {
    const key = (by: string): { client: Client; row: object } => {
      const secret = randomBytes(32).toString("base64url");
      const hash = `\\x${hub.running.hub.credentialHash(secret).toString("hex")}`;
      const row = { account_id: id, name: "Test", prefix: "test", hash, created_by: by };
      return { client: hub.as(secret), row };
    };
    const [own, foreign] = [key(id), key("f0f0f0f0-0000-4000-8000-000000000000")];
    rings.set(id, { own: own.client, foreign: foreign.client });
    return [own.row, foreign.row];
  });
  await insertRows(hub, [
    [
      "api_key (account_id, name, prefix, hash, created_by, created_at, version)",
      "account_id uuid, name text, prefix text, hash bytea, created_by uuid, created_at timestamptz, version bigint",
      rows,
    ],
  ]);
  return rings;
}

/** Adds rows of party tables under a new version of the policy clock, and waits until the directory has them. */
async function insertRows(
  { running: { hub }, clock }: TestHub,
  tables: readonly (readonly [columns: string, types: string, rows: readonly object[]])[],
): Promise<void> {
  await hub.dataSource.transaction(async (manager) => {
    const [row] = await manager.query<[{ version: string }]>(
      `WITH next AS (UPDATE hub SET policy_version = policy_version + 1 RETURNING policy_version)
       SELECT policy_version AS version FROM next`,
    );
    for (const [columns, types, rows] of tables) {
      const list = columns.slice(columns.indexOf("(") + 1, -1);
      const common = { created_at: new Date(clock.now()), version: row.version };
      await manager.query(
        `INSERT INTO ${columns} SELECT ${list} FROM jsonb_to_recordset($1::jsonb) AS t(${types})`,
        [JSON.stringify(rows.map((one) => ({ ...one, ...common })))],
      );
    }
  });
  await hub.directory.refresh();
}
