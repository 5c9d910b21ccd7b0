import { createClient } from "graphql-ws";
import { WebSocket } from "ws";
import { startTestHub, type TestHub } from "../support/hub";
import { buildWorld, makeIncident, makeIndicator, release } from "../support/world";

let hub: TestHub;
let w: Awaited<ReturnType<typeof build>>;
const build = () =>
  buildWorld(hub, {
    organizations: ["acme"],
    groups: { power: { members: ["acme"] } },
    agreements: [{ from: "power", to: "power" }],
  });
beforeAll(async () => {
  hub = await startTestHub();
  w = await build();
});
afterAll(() => hub.stop());

const INTROSPECTION = "{ __schema { queryType { name } } }";
const HIDDEN_IN_A_FRAGMENT = "{ ...F } fragment F on Query { __schema { queryType { name } } }";
const HIDDEN_INLINE = `{ ... on Query { __type(name: "Incident") { fields { name } } } }`;

describe("the anonymous viewer", () => {
  test("knows nothing of the directory but the operator", async () => {
    const operator = { id: hub.operatorId, name: "Operator", memberships: [] };
    expect(await hub.anonymous.ask("organizations", {}, "id name memberships { id }")).toEqual([
      operator,
    ]);
    expect(await hub.anonymous.ask("organizations", { text: "acme" })).toEqual([]);
    expect(await hub.anonymous.ask("sectorGroups")).toEqual([]);
    expect(await hub.anonymous.ask("node", { id: hub.operatorId }, "id")).toEqual({
      id: hub.operatorId,
    });
    const membership = w.membership["acme power"];
    for (const id of [w.org.acme, w.group.power, w.account.acme, w.versions[0], membership])
      expect(await hub.anonymous.ask("node", { id })).toBeNull();
  });

  test("sees TLP:CLEAR releases to everyone, and nothing else", async () => {
    const open = await makeIncident(w.as.acme, { title: "Open", tlp: "CLEAR" });
    await release(w.as.acme, open, { toEveryone: true, tlp: "CLEAR" });
    const inside = await makeIncident(w.as.acme, { title: "Inside", tlp: "CLEAR" });
    await release(w.as.acme, inside, { groupIds: [w.group.power], tlp: "CLEAR" });
    await makeIncident(w.as.acme, { title: "Draft", tlp: "CLEAR" });
    const page = await hub.anonymous.ask(
      "incidents",
      {},
      "totalCount nodes { id title tlp state releases { id } access { kind group { id } } }",
    );
    expect(page).toEqual({
      totalCount: 1,
      nodes: [
        {
          id: open,
          title: "Open",
          tlp: "CLEAR",
          state: "RELEASED",
          releases: [],
          access: [{ kind: "PUBLIC", group: null }],
        },
      ],
    });
    expect(await hub.anonymous.ask("incident", { id: inside })).toBeNull();
  });

  test("looks values up in what is public", async () => {
    const value = "198.51.100.90";
    const id = await makeIndicator(w.as.acme, value, { tlp: "CLEAR" });
    const lookup = () =>
      hub.anonymous.ask("lookup", { values: [value] }, "normalized indicators { id }");
    expect(await lookup()).toEqual([{ normalized: value, indicators: [] }]);
    await release(w.as.acme, id, { toEveryone: true, tlp: "CLEAR" });
    expect(await lookup()).toEqual([{ normalized: value, indicators: [{ id }] }]);
  });

  test.each([
    ["createIncident", { input: { title: "x", category: "x", tlp: "CLEAR" } }],
    ["createIndicator", { input: { pattern: "[domain-name:value = 'a.example']", tlp: "CLEAR" } }],
    ["createAdvisory", { input: { title: "x", body: "x", tlp: "CLEAR" } }],
    ["submitBundle", { bundle: { type: "bundle", objects: [] } }],
    ["createOrganization", { input: { name: "x", kind: "MEMBER", sectors: [] } }],
    ["createSectorGroup", { input: { slug: "x", name: "x", sector: "x", coordinatorIds: [] } }],
    ["submitItem", { id: "incident_00000000-0000-4000-8000-000000000000" }],
    ["approveRelease", { id: "release_00000000-0000-4000-8000-000000000000" }],
    ["withdrawRelease", { id: "release_00000000-0000-4000-8000-000000000000", reason: "x" }],
    ["recordSighting", { indicatorId: "indicator_00000000-0000-4000-8000-000000000000" }],
    ["signAgreement", { versionId: "version_00000000-0000-4000-8000-000000000000" }],
    ["endMembership", { id: "membership_00000000-0000-4000-8000-000000000000", reason: "x" }],
    ["revokeApiKey", { id: "key_00000000-0000-4000-8000-000000000000" }],
    ["disableAccount", { id: "account_00000000-0000-4000-8000-000000000000" }],
    ["createWatch", { input: { name: "x", text: "x" } }],
    ["watches", {}],
    ["disclosures", {}],
    ["sharingDecision", { itemId: "incident_00000000-0000-4000-8000-000000000000" }],
  ])("is UNAUTHENTICATED at %s", async (field, args) => {
    const selection = field === "revokeApiKey" ? "" : "__typename";
    expect(await hub.anonymous.code(field, args, selection)).toBe("UNAUTHENTICATED");
  });
});

describe("introspection", () => {
  test.each([
    ["plainly", INTROSPECTION],
    ["in a fragment", HIDDEN_IN_A_FRAGMENT],
    ["in an inline fragment", HIDDEN_INLINE],
  ])("is refused to the anonymous viewer, asked %s", async (_, query) => {
    const { data, errors } = await hub.anonymous.query(query);
    expect(data ?? null).toBeNull();
    expect(errors?.[0]?.extensions.code).toBe("UNAUTHENTICATED");
  });

  test.each([
    ["plainly", INTROSPECTION],
    ["in a fragment", HIDDEN_IN_A_FRAGMENT],
  ])("is refused to the anonymous viewer over WebSocket too, asked %s", async (_, query) => {
    const client = createClient({
      url: `${hub.url.replace("http", "ws")}/graphql`,
      webSocketImpl: WebSocket,
      retryAttempts: 0,
    });
    const results: unknown[] = [];
    try {
      for await (const result of client.iterate({ query })) results.push(result.data ?? null);
    } catch (error) {
      results.push(error);
    } finally {
      await client.dispose();
    }
    expect(JSON.stringify(results)).not.toContain("queryType");
  });

  test("is answered to whoever is signed in", async () => {
    const { data } = await w.as.acme.query(INTROSPECTION);
    expect(data).toEqual({ __schema: { queryType: { name: "Query" } } });
  });

  test("__typename is no introspection", async () => {
    const { data } = await hub.anonymous.query("{ __typename }");
    expect(data).toEqual({ __typename: "Query" });
  });
});
