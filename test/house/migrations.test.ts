import type { DataSource } from "typeorm";
import { migrate, openDatabase } from "../../src/database";
import { createTestDatabase, type TestDatabase } from "../support/database";

let database: TestDatabase;
let dataSource: DataSource;

beforeAll(async () => {
  database = await createTestDatabase();
  dataSource = await openDatabase(database.url);
});

afterAll(async () => {
  await dataSource.destroy();
  await database.drop();
});

/** Everything that a migration could leave behind or forget, one a line. */
const DUMPS = {
  columns: `SELECT table_name, column_name, data_type, udt_name, is_nullable, column_default,
      row_number() OVER (PARTITION BY table_name ORDER BY ordinal_position) AS place FROM information_schema.columns WHERE table_schema = 'public'`,
  indexes: "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'",
  constraints: `SELECT conrelid::regclass::text AS of, conname, pg_get_constraintdef(oid) AS def FROM pg_constraint
    WHERE connamespace = 'public'::regnamespace`,
  // Those of an extension are the extension's.
  functions: `SELECT proname, pg_get_functiondef(p.oid) AS def FROM pg_proc p WHERE pronamespace = 'public'::regnamespace
    AND prokind = 'f' AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')`,
  sequences: "SELECT sequencename, data_type FROM pg_sequences WHERE schemaname = 'public'",
  triggers:
    "SELECT tgrelid::regclass::text AS of, pg_get_triggerdef(oid) AS def FROM pg_trigger WHERE NOT tgisinternal",
  views: "SELECT viewname, definition FROM pg_views WHERE schemaname = 'public'",
  // An extension stays: it may be somebody else's too.
  types: `SELECT typname FROM pg_type t WHERE typnamespace = 'public'::regnamespace AND typtype IN ('e', 'd')
    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = t.oid AND d.deptype = 'e')`,
};

async function dump(): Promise<Record<string, string[]>> {
  const all: Record<string, string[]> = {};
  for (const [what, sql] of Object.entries(DUMPS)) {
    const rows = await dataSource.query<object[]>(sql);
    all[what] = rows.map((row) => JSON.stringify(row)).toSorted();
  }
  return all;
}

test("the migrations go up, down to nothing and up again, and the schema is the same", async () => {
  const up = await dump();
  expect(up.columns?.length).toBeGreaterThan(50);
  for (let left = dataSource.migrations.length; left; left--) await dataSource.undoLastMigration();
  const down = await dump();
  const nothing = Object.fromEntries(Object.keys(DUMPS).map((what) => [what, []]));
  expect({ ...down, columns: ofOurs(down.columns), indexes: ofOurs(down.indexes) }).toMatchObject({
    ...nothing,
    constraints: ofOurs(up.constraints, "migrations"),
    sequences: ofOurs(up.sequences, "migrations"),
  });
  await migrate(dataSource);
  expect(await dump()).toEqual(up);
});

test("each migration can be undone and done again by itself", async () => {
  const up = await dump();
  await dataSource.undoLastMigration();
  expect(await dump()).not.toEqual(up);
  await migrate(dataSource);
  expect(await dump()).toEqual(up);
});

/** Without the table in which TypeORM keeps what was run; or that alone. */
function ofOurs(lines: string[] = [], alone?: "migrations"): string[] {
  return lines.filter((line) => line.includes('"migrations') === (alone !== undefined));
}
