import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Client } from "pg";
import { WebSocketServer } from "ws";
import { serveBenchmark } from "./server-process";

/**
 * The floor of delivering: a bare LISTEN → ws relay. On a notification it sends one prebuilt buffer, as long as the hub's
 * message, to every client, whoever that is.
 */
const BYTES = Number(process.env.BENCH_MESSAGE_BYTES ?? "1000");
const CHANNEL = process.env.BENCH_CHANNEL ?? "bench_floor";

async function main(): Promise<void> {
  const server = createServer();
  const sockets = new WebSocketServer({ server, perMessageDeflate: false });
  sockets.on("connection", (socket) => socket.on("message", () => socket.send("{}")));
  const database = new Client(process.env.DATABASE_URL);
  await database.connect();
  await database.query(`LISTEN ${CHANNEL}`);
  database.on("notification", ({ payload = "" }) => {
    const text = `{"id":"1","type":"next","payload":{"data":{"alerts":{"item":{"title":"Incident ${payload}"`;
    const message = Buffer.from(text.padEnd(BYTES, " "));
    for (const socket of sockets.clients) socket.send(message, { binary: false });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  serveBenchmark((server.address() as AddressInfo).port, async () => {
    await database.end();
    for (const socket of sockets.clients) socket.terminate();
    server.close();
  });
}

void main();
