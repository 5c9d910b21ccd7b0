import { createClient } from "graphql-ws";
import { WebSocket } from "ws";
import { startTestHub, type TestHub } from "../support/hub";

let hub: TestHub;
beforeAll(async () => {
  hub = await startTestHub();
});
afterAll(() => hub.stop());

test("a socket carries 50 subscriptions, and the next one is refused by a code", async () => {
  const client = createClient({
    url: hub.url.replace("http", "ws") + "/graphql",
    webSocketImpl: WebSocket,
    connectionParams: { authorization: `Bearer ${hub.operator.key}` },
    retryAttempts: 0,
  });
  const subscribe = (refused: (error: unknown) => void): void =>
    void client.subscribe(
      { query: "subscription { alerts { cursor } }" },
      { next: () => undefined, error: refused, complete: () => undefined },
    );
  let refusedEarly = 0;
  for (let i = 0; i < 50; i++) subscribe(() => refusedEarly++);
  const refusal = await new Promise(subscribe);
  expect(refusal).toMatchObject([{ extensions: { code: "RATE_LIMITED" } }]);
  expect(refusedEarly).toBe(0);
  await client.dispose();
});
