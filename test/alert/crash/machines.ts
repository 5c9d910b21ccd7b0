import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { EmbeddedPostgres } from "../../../src/embedded-postgres";
import { locateCluster } from "../../../src/postgres/cluster";
import { processesNamed, signal } from "../../../src/postgres/running-process";
import type { BuiltHub, HubProcess } from "../../support/hub-process";

const RETRY_MS = 200;
/** What the fan-out says of an alert that it could not deliver. */
const GIVEN_UP = "delivering an entry of the log failed";

/** One node of the hub: a process that is started again whenever it ends, behind an address that stays. */
export class Node {
  private running: HubProcess | null = null;
  /** What must not happen to a process, whatever happens to the machines around it. */
  readonly faults: string[] = [];
  private stopping = false;
  private keeping: Promise<void> = Promise.resolve();

  private constructor(
    private readonly built: BuiltHub,
    private readonly env: Record<string, string>,
    private readonly line: Line,
  ) {}

  static async start(built: BuiltHub, env: Record<string, string>): Promise<Node> {
    const node = new Node(built, { ...env, PORT: "0" }, await Line.open());
    const first = new Promise<void>((resolve) => (node.keeping = node.keep(resolve)));
    await first;
    return node;
  }

  get url(): string {
    return this.line.url;
  }

  kill(): void {
    this.running?.child.kill("SIGKILL");
  }

  /** Cuts connections with what is on them, in the middle of it. */
  cut(which: () => boolean): void {
    this.line.cut(which);
  }

  async stop(): Promise<void> {
    this.stopping = true;
    this.running?.child.kill("SIGTERM");
    await this.keeping;
    await this.line.close();
  }

  private async keep(up: () => void): Promise<void> {
    while (!this.stopping) {
      const process = (this.running = this.built.start(this.env));
      try {
        this.line.port = Number(new URL(await process.ready()).port);
        up();
      } catch {
        // The database was away.
        await delay(RETRY_MS);
        continue;
      }
      const code = await process.exited;
      if (code !== null && !this.stopping)
        this.faults.push(`a hub ended by itself with ${code}: ${process.stderr().slice(-2_000)}`);
      for (const line of process.stdout().split("\n"))
        if (line.includes(GIVEN_UP)) this.faults.push(line);
    }
  }
}

/** A TCP address that leads to wherever a node listens now. */
class Line {
  port = 0;
  private readonly pairs = new Set<readonly [Socket, Socket]>();

  private constructor(private readonly server: Server) {
    server.on("connection", (near: Socket) => {
      const far = connect(this.port, "127.0.0.1");
      const pair = [near, far] as const;
      this.pairs.add(pair);
      const end = (): void => {
        this.pairs.delete(pair);
        for (const socket of pair) socket.destroy();
      };
      for (const socket of pair) socket.setNoDelay(true).on("error", end).on("close", end);
      near.pipe(far).pipe(near);
    });
  }

  static async open(): Promise<Line> {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    return new Line(server);
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  cut(which: () => boolean): void {
    for (const [near, far] of this.pairs) {
      if (!which()) continue;
      near.destroy();
      far.destroy();
    }
  }

  async close(): Promise<void> {
    this.server.close();
    this.cut(() => true);
    await once(this.server, "close");
  }
}

/** PostgreSQL and all that belongs to it, at once; its supervisor starts it again. */
export function killDatabase(dataDir: string, postgres: EmbeddedPostgres): void {
  const cluster = locateCluster(dataDir);
  if (cluster.home !== postgres.directory) throw new Error("this is another database");
  const [postmaster] = readFileSync(join(cluster.data, "postmaster.pid"), "utf8").split("\n");
  const serving = processesNamed(`postgres: ${cluster.name}`);
  for (const pid of [Number(postmaster), ...serving]) if (pid > 1) signal(pid, "SIGKILL");
}

/** One of the processes that serve connections; PostgreSQL itself then ends them all, and recovers. */
export function killBackend(dataDir: string, pick: (pids: number[]) => number | undefined): void {
  const pid = pick(processesNamed(`postgres: ${locateCluster(dataDir).name}: musubi musubi`));
  if (pid) signal(pid, "SIGKILL");
}
