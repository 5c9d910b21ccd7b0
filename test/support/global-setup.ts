import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { migrate, openDatabase } from "../../src/database";
import type { EmbeddedPostgres } from "../../src/embedded-postgres";
import { startEmbeddedPostgres } from "../../src/embedded-postgres";
import { locateCluster } from "../../src/postgres/cluster";
import { stopLeftBehind } from "../../src/postgres/postmaster";
import { startOf } from "../../src/postgres/running-process";
import { SERVER, TEMPLATE, dropDatabase, execute, urlOf } from "./database";

const PREFIX = "musubi-test-";

/** What global-teardown takes down; both run in jest's main process. */
declare global {
  var takeDownTestDatabases: (() => Promise<void>) | undefined;
}

/** Tests trade durability for speed; all else is as in the hub. */
const SETTINGS = {
  fsync: "off",
  synchronous_commit: "off",
  full_page_writes: "off",
  max_connections: "300",
};

/** One migrated template database for the whole run, on the embedded PostgreSQL or on that of TEST_DATABASE_URL. */
export default async function globalSetup(): Promise<void> {
  const external = process.env.TEST_DATABASE_URL || process.env.DATABASE_URL;
  const template = `musubi_template_${process.pid}`;
  let dataDir: string | undefined;
  let postgres: EmbeddedPostgres | undefined;

  globalThis.takeDownTestDatabases = async () => {
    if (external) await dropDatabase(external, template);
    await postgres?.stop();
    if (postgres) rmSync(postgres.directory, { recursive: true, force: true });
    if (dataDir) rmSync(dataDir, { recursive: true, force: true });
  };

  try {
    if (!external) {
      await removeLeftBehind();
      dataDir = mkdtempSync(join(tmpdir(), `${PREFIX}${process.pid}-`));
      chmodSync(dataDir, 0o711);
      postgres = await startEmbeddedPostgres({ dataDir, settings: SETTINGS });
    }
    const server = external ?? postgres!.url;
    await execute(server, `CREATE DATABASE ${template}`);
    const dataSource = await openDatabase(urlOf(server, template));
    try {
      await migrate(dataSource);
    } finally {
      await dataSource.destroy();
    }
    process.env[SERVER] = server;
    process.env[TEMPLATE] = template;
  } catch (error) {
    // jest does not call the teardown of a setup that failed.
    await globalThis.takeDownTestDatabases();
    throw error;
  }
}

/** Of runs that were killed. */
async function removeLeftBehind(): Promise<void> {
  const me = process.getuid?.();
  for (const entry of readdirSync(tmpdir(), { withFileTypes: true })) {
    const pid =
      entry.name.startsWith(PREFIX) && Number(entry.name.slice(PREFIX.length).split("-")[0]);
    if (!pid || startOf(pid) !== undefined || !entry.isDirectory()) continue;
    const dataDir = join(tmpdir(), entry.name);
    if (statSync(dataDir).uid !== me) continue;
    const cluster = locateCluster(dataDir);
    await stopLeftBehind(cluster, () => {});
    for (const path of [cluster.home, dataDir]) rmSync(path, { recursive: true, force: true });
  }
}
