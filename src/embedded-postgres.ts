import type { ChildProcess } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Cluster } from "./postgres/cluster";
import { SUPERUSER, createCluster, locateCluster, passwordOf } from "./postgres/cluster";
import { lockDirectory } from "./postgres/directory-lock";
import { ensureDatabase } from "./postgres/ensure-database";
import { freePort, launch, shutDown, stopLeftBehind } from "./postgres/postmaster";

const DATABASE = "musubi";
const RESTART_PAUSE_MS = 1_000;

const SETTINGS: Record<string, string> = {
  listen_addresses: "127.0.0.1",
  unix_socket_directories: "",
  max_connections: "100",
  shared_buffers: "256MB",
  effective_cache_size: "1GB",
  max_wal_size: "2GB",
  wal_compression: "on",
  random_page_cost: "1.1",
  jit: "off",
  timezone: "UTC",
  log_timezone: "UTC",
  // The sharing policy does not reach the server's log, so neither statements nor values may.
  log_min_error_statement: "panic",
  log_error_verbosity: "terse",
};

export interface EmbeddedPostgres {
  /** `postgres://…` for the database "musubi", as its superuser; stays the same until `stop`. */
  url: string;
  /** Where the database's files are: in the data directory, or where its `postgres.location` says. */
  directory: string;
  /** Breaks off open connections, shuts the server down and waits for it. To call it again does nothing. */
  stop(): Promise<void>;
}

export interface EmbeddedPostgresOptions {
  /** The hub's data directory; created if it is missing. */
  dataDir: string;
  log?: (message: string) => void;
  /** PostgreSQL's settings, over the hub's own. */
  settings?: Record<string, string>;
}

/**
 * Starts the embedded PostgreSQL and resolves once it accepts connections; if it dies, it is started again under
 * the same url. It outlives a hub that is killed, so that nothing acknowledged is lost, and the next start shuts
 * it down first. Throws, above all one line when another hub uses the data directory.
 */
export async function startEmbeddedPostgres(
  options: EmbeddedPostgresOptions,
): Promise<EmbeddedPostgres> {
  const { log = () => {} } = options;
  // 0711: the account that PostgreSQL runs as passes through, and cannot look around.
  if (mkdirSync(options.dataDir, { recursive: true })) chmodSync(options.dataDir, 0o711);
  const dataDir = realpathSync(options.dataDir);
  const locks = [await lockDirectory(dataDir)];
  const unlock = () => locks.forEach((release) => release());
  try {
    const cluster = locateCluster(dataDir);
    // Two copies of a data directory may lead to the same database elsewhere.
    const place = dirname(cluster.home);
    if (place !== dataDir) locks.push(await lockDirectory(place));
    if (!existsSync(cluster.data)) {
      log(`Creating the embedded database in ${cluster.home}`);
      createCluster(cluster, dataDir);
    }
    const server = new Server(cluster, join(dataDir, "postgres.log"), log, {
      ...SETTINGS,
      ...options.settings,
    });
    await server.start();
    try {
      await ensureDatabase(server.urlOf("postgres"), DATABASE);
    } catch (error) {
      await server.stop();
      throw error;
    }
    const stop = async () => {
      await server.stop();
      unlock();
    };
    return { url: server.urlOf(DATABASE), directory: cluster.home, stop };
  } catch (error) {
    unlock();
    throw error;
  }
}

/** One cluster's server, kept running until it is stopped. */
class Server {
  private port = 0;
  private child: ChildProcess | undefined;
  private stopping = false;
  private restarting: Promise<void> | undefined;

  constructor(
    private readonly cluster: Cluster,
    private readonly logFile: string,
    private readonly log: (message: string) => void,
    private readonly settings: Record<string, string>,
  ) {}

  urlOf(database: string): string {
    return `postgres://${SUPERUSER}:${passwordOf(this.cluster)}@127.0.0.1:${this.port}/${database}`;
  }

  async start(): Promise<void> {
    await stopLeftBehind(this.cluster, this.log);
    this.port = await freePort();
    try {
      await this.launch();
    } catch (error) {
      if (!(error as Error).message.includes("Address already in use")) throw error;
      this.port = await freePort();
      await this.launch();
    }
    process.once("exit", this.endWithHub);
  }

  async stop(): Promise<void> {
    this.stopping = true;
    process.off("exit", this.endWithHub);
    await this.restarting;
    if (this.child) await shutDown(this.child);
  }

  private async launch(): Promise<void> {
    const child = await launch(this.cluster, this.logFile, {
      ...this.settings,
      port: String(this.port),
    });
    this.child = child;
    child.once("exit", (code, killer) => {
      if (this.stopping) return;
      this.log(`The database server ended unexpectedly (${killer ?? code}) and is started again`);
      this.restarting = this.restart();
    });
  }

  private async restart(): Promise<void> {
    while (!this.stopping) {
      try {
        await stopLeftBehind(this.cluster, this.log);
        return await this.launch();
      } catch (error) {
        this.log((error as Error).message);
        await delay(RESTART_PAUSE_MS);
      }
    }
  }

  /** For a hub that exits without calling `stop`, say after a failed start. A handler of "exit" cannot wait. */
  private readonly endWithHub = () => void this.child?.kill("SIGINT");
}
