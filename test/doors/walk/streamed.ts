import { createClient } from "graphql-ws";
import { WebSocket } from "ws";
import { WHOLE_ENTRY } from "../../../src/cursors";
import type { Client } from "../../support/client";
import type { TestHub } from "../../support/hub";

const PATIENCE = 5_000;

/** Everything that a subscription to alerts brings from the beginning of the log on: as many as the query counts. */
export async function streamed(hub: TestHub, client: Client, document: string): Promise<unknown[]> {
  const after = hub.running.hub.logCursor.seal({ seq: 0, sub: WHOLE_ENTRY });
  const all = await client.ask<{ nodes: object[]; pageInfo: { hasNextPage: boolean } }>(
    "alerts",
    { first: 100, after },
    "nodes { cursor } pageInfo { hasNextPage }",
  );
  const socket = createClient({
    url: `${hub.url.replace("http", "ws")}/graphql`,
    webSocketImpl: WebSocket,
    retryAttempts: 0,
    ...(client.key !== null && { connectionParams: { authorization: `Bearer ${client.key}` } }),
  });
  const results: unknown[] = [];
  try {
    await new Promise<void>((resolve, reject) => {
      const late = setTimeout(() => reject(new Error("alerts did not come")), PATIENCE);
      const done = (): void => {
        clearTimeout(late);
        resolve();
      };
      if (!all.nodes.length) return done();
      socket.subscribe(
        { query: document, variables: { after } },
        {
          next: (result) => {
            results.push(result);
            if (results.length >= all.nodes.length) done();
          },
          error: (error) => {
            results.push(error);
            done();
          },
          complete: done,
        },
      );
    });
  } finally {
    await socket.dispose();
  }
  return results;
}
