import { request } from "node:http";
import type { Arguments } from "../support/client";
import { startTestHub, type TestHub } from "../support/hub";
import { buildWorld } from "../support/world";

let hub: TestHub;
let w: Awaited<ReturnType<typeof build>>;
const build = () => buildWorld(hub, { organizations: ["acme"] });
beforeAll(async () => {
  hub = await startTestHub();
  w = await build();
});
afterAll(() => hub.stop());

const json = { "content-type": "application/json" };
interface Body {
  data?: unknown;
  errors?: { message: string; extensions: { code: string; issues?: unknown[] } }[];
}
async function post(
  body: string | Buffer,
  headers: Record<string, string> = json,
): Promise<{ status: number; text: string; body: Body; headers: Headers }> {
  const response = await fetch(`${hub.url}/graphql`, { method: "POST", headers, body });
  const text = await response.text();
  return {
    status: response.status,
    text,
    body: JSON.parse(text) as Body,
    headers: response.headers,
  };
}
const codeOf = ({ body }: { body: Body }): string | undefined => body.errors?.[0]?.extensions.code;

describe("beside the API", () => {
  test("/health/live and /health/ready answer 200 once the hub serves", async () => {
    for (const path of ["/health/live", "/health/ready"]) {
      const response = await fetch(hub.url + path);
      expect(response.status).toBe(200);
    }
  });

  test("/ is a page that says what this is and where the API is", async () => {
    const response = await fetch(`${hub.url}/`);
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toMatch(/^text\/html/);
    const page = await response.text();
    expect(page).toContain("Musubi");
    expect(page).toContain("/graphql");
    expect((await fetch(`${hub.url}/`, { method: "HEAD" })).status).toBe(200);
  });

  test("/?node=, to which mails lead, says how to ask for it, and repeats nothing but an id", async () => {
    const id = "incident_0a0a0a0a-0000-4000-8000-000000000001";
    const page = await (await fetch(`${hub.url}/?node=${id}`)).text();
    const query = /<code>(\{ node\(id: .+)<\/code>/.exec(page)?.[1];
    const asked = await post(JSON.stringify({ query }), json);
    expect(asked.body).toEqual({ data: { node: null } });
    expect(query).toContain(id);
    const other = await (await fetch(`${hub.url}/?node=%3Cscript%3Ealert(1)%3C/script%3E`)).text();
    expect(other).toBe(await (await fetch(`${hub.url}/`)).text());
  });

  test("anything else is 404, whatever the method", async () => {
    for (const path of ["/nothing", "/graphql/", "/..%2f..%2fetc/passwd", "/health"])
      expect((await fetch(hub.url + path)).status).toBe(404);
    expect((await fetch(`${hub.url}/`, { method: "DELETE" })).status).toBe(404);
  });

  test("every answer forbids sniffing", async () => {
    for (const path of ["/", "/health/live", "/nothing"])
      expect((await fetch(hub.url + path)).headers.get("x-content-type-options")).toBe("nosniff");
    const { headers } = await post(JSON.stringify({ query: "{ __typename }" }));
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("content-type")).toMatch(/^application\/(graphql-response\+)?json/);
  });
});

describe("a request to /graphql", () => {
  test.each(["GET", "PUT", "DELETE", "HEAD"])("by %s is 405", async (method) => {
    const response = await fetch(`${hub.url}/graphql?query={__typename}`, { method });
    expect(response.status).toBe(405);
    expect(response.headers.get("allow")).toContain("POST");
  });

  test.each([
    "text/plain",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "",
  ])("of the type %j is 415, so that no foreign page can send it", async (type) => {
    const answer = await post('{"query":"{ __typename }"}', { "content-type": type });
    expect(answer.status).toBe(415);
    expect(codeOf(answer)).toBe("BAD_USER_INPUT");
  });

  test("with a charset in its type is taken", async () => {
    const headers = { "content-type": "application/json; charset=utf-8" };
    expect((await post('{"query":"{ __typename }"}', headers)).body).toEqual({
      data: { __typename: "Query" },
    });
  });

  test.each([
    ["no JSON", "{"],
    ["nothing", ""],
    ["null", "null"],
    ["a number", "1"],
    ["a string", '"{ __typename }"'],
    ["a batch", '[{"query":"{ __typename }"}]'],
    ["no query", "{}"],
    ["an empty query", '{"query":""}'],
    ["a query that is no string", '{"query":1}'],
    ["a syntax error", '{"query":"{ viewer "}'],
    ["an unknown field", '{"query":"{ nonsense }"}'],
    ["an unknown operation", '{"query":"query A { __typename }","operationName":"B"}'],
    ["two operations and no name", '{"query":"query A { __typename } query B { __typename }"}'],
    ["variables that are a list", '{"query":"{ __typename }","variables":[]}'],
    ["variables that are a string", '{"query":"{ __typename }","variables":"x"}'],
    [
      "a variable of the wrong type",
      '{"query":"query($n: Int) { incidents(first: $n) { totalCount } }","variables":{"n":"x"}}',
    ],
    ["a variable that is missing", '{"query":"query($id: ID!) { incident(id: $id) { id } }"}'],
    ["a subscription", '{"query":"subscription { alerts { cursor } }"}'],
    ["bytes that are no UTF-8", Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d])],
    ["a persisted query", '{"extensions":{"persistedQuery":{"version":1,"sha256Hash":"x"}}}'],
  ])("with %s is BAD_USER_INPUT, and shows nothing of the inside", async (_, body) => {
    const answer = await post(body);
    expect(answer.status).toBeGreaterThanOrEqual(200);
    expect(answer.status).toBeLessThan(500);
    expect(codeOf(answer)).toBe("BAD_USER_INPUT");
    expect(answer.text).not.toMatch(/node_modules|stacktrace|\/src\/|\bat [A-Z]\w+\./);
  });

  test("of just under 4 MiB is taken", async () => {
    const query = `{ __typename } #${"x".repeat(4 * 1024 * 1024 - 100)}`;
    expect((await post(JSON.stringify({ query }))).body).toEqual({ data: { __typename: "Query" } });
  });

  test("of 16 MiB is refused with a code, before it is read to its end", async () => {
    const answer = new Promise<number | undefined>((resolve) => {
      const sent = request(`${hub.url}/graphql`, { method: "POST", headers: json }, (response) => {
        resolve(response.statusCode);
        response.resume();
      });
      // The hub may hang up on the rest of the body before its answer is read.
      sent.on("error", () => resolve(undefined));
      sent.end(Buffer.alloc(16 * 1024 * 1024, 0x20));
    });
    expect([413, undefined]).toContain(await answer);
    expect((await fetch(`${hub.url}/health/live`)).status).toBe(200);
  });
});

describe("odd input", () => {
  const NUL = "a\u0000b";
  test.each<[string, string, object]>([
    ["incidents", "totalCount", { filter: { text: NUL } }],
    ["incidents", "totalCount", { filter: { category: NUL } }],
    ["incidents", "totalCount", { filter: { severity: NUL } }],
    ["indicators", "totalCount", { filter: { labels: [NUL] } }],
    ["indicators", "totalCount", { filter: { type: NUL } }],
    ["advisories", "totalCount", { text: NUL }],
    ["organizations", "id", { text: NUL }],
    ["lookup", "normalized", { values: [NUL, "\ud800", "💥"] }],
    ["node", "id", { id: NUL }],
    ["incident", "id", { id: `incident_${NUL}` }],
    ["incidents", "totalCount", { filter: { text: "\ud800" } }],
    ["incidents", "totalCount", { filter: { occurredAfter: "0001-01-01T00:00:00Z" } }],
    ["incidents", "totalCount", { filter: { occurredBefore: "9999-12-31T23:59:59Z" } }],
    ["indicators", "totalCount", { filter: { minScore: -2147483648 } }],
    ["indicators", "totalCount", { filter: { minScore: 2147483647 } }],
    ["indicators", "totalCount", { filter: { validAt: "0000-01-01T00:00:00Z" } }],
  ])("in %s { %s } %j is answered or refused, never INTERNAL", async (field, selection, args) => {
    const code = await w.as.acme.code(field, args as Arguments, selection).catch(() => "answered");
    expect(["answered", "BAD_USER_INPUT"]).toContain(code);
  });

  test.each<[string, object]>([
    ["createIncident", { title: "x", category: NUL, tlp: "AMBER" }],
    ["createIncident", { title: "x", category: "x", tlp: "AMBER", dataStolen: [NUL] }],
    ["createIncident", { title: "x", category: "x", tlp: "AMBER", severity: NUL }],
    ["createIncident", { title: "\ud800", category: "x", tlp: "AMBER" }],
    [
      "createIncident",
      { title: "x", category: "x", tlp: "AMBER", awareAt: "0000-01-01T00:00:00Z" },
    ],
    ["createIndicator", { pattern: `[domain-name:value = '${NUL}']`, tlp: "AMBER" }],
    ["createIndicator", { pattern: "[file:name = '\ud800']", tlp: "AMBER" }],
    ["createIndicator", { pattern: "x", patternType: "yara", tlp: "AMBER", labels: [NUL] }],
    ["createIndicator", { pattern: "x", patternType: NUL, tlp: "AMBER" }],
    ["createAdvisory", { title: "x", body: NUL, tlp: "AMBER" }],
    ["createWatch", { name: NUL, text: "x" }],
    ["createWatch", { name: "x", sectors: [NUL] }],
  ])("in %s %j is stored or refused, never INTERNAL", async (field, input) => {
    const code = await w.as.acme.code(field, { input }).catch(() => "stored");
    expect(["stored", "BAD_USER_INPUT"]).toContain(code);
  });
});
