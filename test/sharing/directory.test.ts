import type { DataSource } from "typeorm";
import { openDatabase } from "../../src/database";
import { Directory } from "../../src/sharing/directory";
import { createTestDatabase } from "../support/database";

test("a directory that is cleared while it is being read is complete after the next reading", async () => {
  const database = await createTestDatabase();
  const dataSource = await openDatabase(database.url);
  try {
    await dataSource.query("UPDATE hub SET policy_version = 1");
    await dataSource.query(
      "INSERT INTO organization (name, kind, created_at, version) VALUES ('Aoba', 'MEMBER', now(), 1)",
    );
    const directory = new Directory(dataSource);
    await directory.refresh();
    const blocker = dataSource.createQueryRunner();
    await blocker.startTransaction();
    await blocker.query("LOCK TABLE api_key IN ACCESS EXCLUSIVE MODE");
    await dataSource.query("UPDATE hub SET policy_version = 2");
    const reading = directory.refresh();
    while (!(await waits(dataSource)));
    directory.clear();
    await blocker.commitTransaction();
    await blocker.release();
    await reading;
    await directory.refresh();
    expect([...directory.organizations.values()].map((o) => o.name)).toEqual(["Aoba"]);
  } finally {
    await dataSource.destroy();
    await database.drop();
  }
});

/** Whether somebody waits for a lock. */
async function waits(dataSource: DataSource): Promise<boolean> {
  const [row] = await dataSource.query<[{ waits: boolean }]>(
    `SELECT EXISTS (SELECT FROM pg_locks JOIN pg_database d ON d.oid = database
       WHERE NOT granted AND d.datname = current_database()) AS waits`,
  );
  return row.waits;
}
