import type { Pool } from "pg";
import type { World } from "./generated-world";
import {
  agreementsOf,
  audiencesOf,
  itemsOf,
  partiesOf,
  releasesOf,
  type Rows,
} from "./worlds/rows-of";

/** Forgets all parties and items. */
export async function clear(pool: Pick<Pool, "query">): Promise<void> {
  await pool.query(
    "TRUNCATE organization, account, sector_group, sharing_agreement, agreement_version, item, release CASCADE",
  );
}

/**
 * Adds worlds by plain SQL, under a new version of the policy clock.
 * @param released those of which the audiences are added as well; of the others the hub is to release the items itself
 */
export async function insertWorlds(
  pool: Pick<Pool, "query">,
  worlds: readonly World[],
  released: readonly World[] = worlds,
): Promise<void> {
  const version = await nextVersion(pool);
  const items = worlds.flatMap((w) => w.items);
  const tables = [
    ...partiesOf(worlds, version),
    ...agreementsOf(worlds, version),
    ...itemsOf(items),
    releasesOf(items),
    audiencesOf(released.flatMap((w) => w.items)),
  ];
  for (const rows of tables) await insert(pool, rows);
}

/** Gives each account one key, which bears the account's id: made by itself or by another, as its world says. */
export async function insertKeys(
  pool: Pick<Pool, "query">,
  worlds: readonly World[],
): Promise<void> {
  const version = await nextVersion(pool);
  await insert(pool, {
    table: "api_key",
    columns:
      "id uuid, account_id uuid, name text, prefix text, hash bytea, created_by uuid, created_at timestamptz, version bigint",
    rows: worlds.flatMap((w) =>
      w.accounts.map(({ id, viewer }) => ({
        id,
        account_id: id,
        name: "Test",
        prefix: "test",
        hash: `\\x${id.replaceAll("-", "")}`,
        created_by: viewer.ownCredential ? id : ANOTHER,
        created_at: new Date(0),
        version,
      })),
    ),
  });
}

const ANOTHER = "f0f0f0f0-0000-4000-8000-000000000000";

async function nextVersion(pool: Pick<Pool, "query">): Promise<number> {
  const { rows } = await pool.query<{ version: string }>(
    "UPDATE hub SET policy_version = policy_version + 1 RETURNING policy_version AS version",
  );
  return Number(rows[0]?.version);
}

async function insert(pool: Pick<Pool, "query">, { table, columns, rows }: Rows): Promise<void> {
  const names = columns.replaceAll(/ \S+(?=,|$)/g, "");
  await pool.query(
    `INSERT INTO ${table} (${names}) SELECT ${names} FROM jsonb_to_recordset($1::jsonb) AS t(${columns})
     ${table === "organization" ? "ON CONFLICT DO NOTHING" : ""}`,
    [JSON.stringify(rows)],
  );
}
