import { getIntrospectionQuery } from "graphql";
import { createClient } from "graphql-ws";
import { WebSocket } from "ws";
import { startTestHub, type TestHub } from "../support/hub";
import { buildWorld, makeIncident } from "../support/world";

let hub: TestHub;
let w: Awaited<ReturnType<typeof build>>;
const build = () => buildWorld(hub, { organizations: ["acme"] });
beforeAll(async () => {
  hub = await startTestHub();
  w = await build();
});
afterAll(() => hub.stop());

const deep = (levels: number): string => {
  let query = "id";
  for (let i = 0; i < levels; i++) query = `organization { memberships { ${query} } }`;
  return `{ viewer { ${query.replaceAll("memberships { organization", "memberships { organization")} } }`;
};
const bomb = (levels: number): string => {
  const fragments = Array.from(
    { length: levels },
    (_, i) => `fragment F${i} on Viewer { ...F${i + 1} ...F${i + 1} }`,
  );
  return `{ viewer { ...F0 } } ${fragments.join(" ")} fragment F${levels} on Viewer { account { id } }`;
};
const TOO_COMPLEX: [string, string][] = [
  ["is nested too deep", deep(20)],
  [
    "has too many fields",
    `{ ${Array.from({ length: 2_100 }, (_, i) => `a${i}: __typename b${i}: viewer { account { id } }`).join(" ")} }`,
  ],
  [
    "asks for too many objects",
    "{ incidents(first: 100) { nodes { indicators(first: 100) { nodes { releases { item { releases { id } } } } } } } a: incidents(first: 100) { nodes { indicators(first: 100) { nodes { id } } } } b: incidents(first: 100) { nodes { indicators(first: 100) { nodes { id releases { id } } } } } c: incidents(first: 100) { nodes { indicators(first: 100) { nodes { id releases { id } } } } } }",
  ],
  [
    "multiplies by aliases",
    `{ ${Array.from({ length: 700 }, (_, i) => `a${i}: incidents(first: 100) { nodes { id } }`).join(" ")} }`,
  ],
  ["multiplies by fragments", bomb(24)],
];

test.each(TOO_COMPLEX)("a document that %s is refused with a code, at once", async (_, query) => {
  const before = Date.now();
  const { data, errors } = await w.as.acme.query(query);
  expect(data ?? null).toBeNull();
  expect(["QUERY_TOO_COMPLEX", "BAD_USER_INPUT"]).toContain(errors?.[0]?.extensions.code);
  expect(Date.now() - before).toBeLessThan(2_000);
});

test("a document of too many tokens is refused with a code", async () => {
  const { errors } = await w.as.acme.query(`{ viewer { ${"account { id } ".repeat(4_000)} } }`);
  expect(["QUERY_TOO_COMPLEX", "BAD_USER_INPUT"]).toContain(errors?.[0]?.extensions.code);
});

test("a page size in a variable counts as the largest", async () => {
  const nest = "nodes { indicators(first: $n) { nodes { releases { id } } } }";
  const query = `query($n: Int) { ${["a", "b", "c", "d", "e", "f"].map((x) => `${x}: incidents(first: $n) { ${nest} }`).join(" ")} }`;
  const { errors } = await w.as.acme.query(query, { n: 1 });
  expect(errors?.[0]?.extensions.code).toBe("QUERY_TOO_COMPLEX");
});

test("fragments that spread themselves are refused", async () => {
  const query = "{ viewer { ...A } } fragment A on Viewer { ...B } fragment B on Viewer { ...A }";
  const { errors } = await w.as.acme.query(query);
  expect(errors?.[0]?.extensions.code).toBe("BAD_USER_INPUT");
});

test("the refusal does not depend on what is hidden", async () => {
  const [, query] = TOO_COMPLEX[2] ?? ["", ""];
  const before = await w.as.acme.query(query);
  await makeIncident(w.as.acme);
  expect(await w.as.acme.query(query)).toEqual(before);
  expect(await hub.anonymous.query(query)).toEqual(before);
});

test("what a page of the console would ask stays far below", async () => {
  const query = `{ incidents(first: 50) { totalCount pageInfo { hasNextPage } nodes { id title tlp source { organization { name } }
    access { kind group { name } agreementVersion { number terms { tlpCeiling } } } redactions { field reason }
    indicators(first: 10) { totalCount nodes { id pattern score } } releases { id state groups { name } } } } }`;
  expect((await w.as.acme.query(query)).errors).toBeUndefined();
  expect((await w.as.acme.query(getIntrospectionQuery())).errors).toBeUndefined();
});

test.each(TOO_COMPLEX)("over WebSocket too: a document that %s", async (_, query) => {
  const client = createClient({
    url: `${hub.url.replace("http", "ws")}/graphql`,
    webSocketImpl: WebSocket,
    retryAttempts: 0,
    connectionParams: { authorization: `Bearer ${w.as.acme.key}` },
  });
  try {
    const answer = await new Promise((resolve) => {
      client.subscribe(
        { query },
        { next: resolve, error: resolve, complete: () => resolve("complete") },
      );
    });
    expect(JSON.stringify(answer)).toMatch(/QUERY_TOO_COMPLEX|BAD_USER_INPUT/);
  } finally {
    await client.dispose();
  }
});
