import "reflect-metadata";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Logger } from "pino";
import { Followers } from "./alert/follow";
import { type Config, ConfigError } from "./config";
import { Connections } from "./connections";
import { migrate, openDatabase } from "./database";
import { type Deliveries, startDeliveries } from "./deliveries";
import { EventStreams } from "./event-stream";
import { answer, type Graphql, startGraphql } from "./http";
import { type Clock, Hub } from "./hub";
import { warningsFor } from "./indicator/warninglist";
import { Operations } from "./operations";
import { makeSchema } from "./schema";
import { acceptSockets, type Sockets, type SocketTimings } from "./sockets";

/** The rest of the ten seconds is for the ledger and the database. */
const DRAIN_MS = 6_000;

export interface RunningHub {
  hub: Hub;
  deliveries: Deliveries;
  /** `http://127.0.0.1:4000` */
  url: string;
  port: number;
  /** Stops accepting, ends subscriptions, lets requests finish for at most 10 s. */
  stop(): Promise<void>;
}

export interface HubDeps {
  config: Config;
  databaseUrl: string;
  logger: Logger;
  clock?: Clock;
  sockets?: SocketTimings;
  /** What must be done before anybody is served. */
  prepare?: (hub: Hub) => Promise<void>;
}

/** Connects, migrates, and serves. Throws when the database or the port cannot be had. */
export async function startHub({
  config,
  databaseUrl,
  logger,
  clock = Date,
  sockets: timings,
  prepare,
}: HubDeps): Promise<RunningHub> {
  const dataSource = await openDatabase(databaseUrl).catch((error: unknown) => {
    throw new ConfigError(`DATABASE_URL: the database cannot be reached (${reasonOf(error)})`);
  });
  await migrate(dataSource);
  const hub = new Hub(config, dataSource, databaseUrl, logger, clock);
  hub.pool.on("error", (err) => {
    if (!hub.stopping) logger.warn({ reason: err.message }, "a database connection was lost");
  });
  await hub.open();
  await prepare?.(hub);
  void hub.sweep.run(); // what ended while no hub ran
  warningsFor({ type: "ipv4-addr", value: "192.0.2.1" }); // loads the lists now, not during the first request
  const schema = await makeSchema();
  const operations = new Operations(hub, schema);
  const followers = new Followers(hub, schema);
  const connections = new Connections();
  const streams = new EventStreams(hub, operations, followers, connections);
  const graphql = await startGraphql(schema, hub, streams);
  const server = createServer((request, response) => {
    answer(graphql, hub, request, response).catch((err: unknown) => {
      logger.error({ err }, "answering failed");
      response.destroy();
    });
  });
  server.requestTimeout = 60_000;
  await listen(server, config).catch((error: unknown) => {
    throw new ConfigError(
      `PORT and HOST: cannot listen on ${config.host}:${config.port} (${reasonOf(error)})`,
    );
  });
  const sockets = acceptSockets(server, hub, operations, followers, connections, timings);
  hub.log.onWake = () => {
    sockets.wake();
    streams.wake();
  };
  const { port } = server.address() as AddressInfo;
  const deliveries = startDeliveries(hub, schema);
  return {
    hub,
    deliveries,
    port,
    url: `http://${config.host}:${port}`,
    stop: () => stop(hub, graphql, server, sockets, deliveries),
  };
}

/** The short name of a system or database error. */
const reasonOf = (error: unknown): string =>
  error instanceof Error ? ((error as NodeJS.ErrnoException).code ?? error.message) : "unknown";

function listen(server: Server, { port, host }: Config): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

async function stop(
  hub: Hub,
  { apollo, streams }: Graphql,
  server: Server,
  sockets: Sockets,
  deliveries: Deliveries,
): Promise<void> {
  hub.stopping = true;
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  streams.close();
  const late = setTimeout(() => server.closeAllConnections(), DRAIN_MS);
  await Promise.all([sockets.close(), closed, deliveries.close()]);
  clearTimeout(late);
  await apollo.stop();
  await hub.close();
  await hub.dataSource.destroy();
}
