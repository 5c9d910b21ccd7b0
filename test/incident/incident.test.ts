import { startTestHub, type TestHub } from "../support/hub";
import { buildWorld, makeIncident, makeIndicator, release } from "../support/world";

let hub: TestHub;
let w: Awaited<ReturnType<typeof build>>;
const build = () =>
  buildWorld(hub, {
    organizations: ["acme", "beta"],
    accounts: { colleague: { of: "acme", roles: ["MEMBER"] } },
    groups: { power: { members: ["acme", "beta"] } },
    agreements: [{ from: "power", to: "power" }],
  });
beforeAll(async () => {
  hub = await startTestHub();
  w = await build();
});
afterAll(() => hub.stop());

const LEAST = { title: "T", category: "malicious-code", tlp: "AMBER" };
const ALL = `kind tlp pap state title summary description category severity occurredAt detectedAt awareAt victim contact
  affectedSystems dataStolen redactions { field } releases { id } access { kind }`;

describe("creating an incident", () => {
  test("keeps what was given", async () => {
    const input = {
      ...LEAST,
      summary: "概要",
      description: "Line one\nline two",
      severity: "high",
      pap: "GREEN",
      occurredAt: "2026-03-01T09:00:00+09:00",
      detectedAt: "2026-03-01T01:00:00.5Z",
      awareAt: "2026-03-01T02:00:00Z",
      victim: "A hospital",
      contact: "csirt@acme.example",
      affectedSystems: ["A", "B"],
      dataStolen: [],
    };
    expect(await w.as.acme.do("createIncident", { input }, ALL)).toEqual({
      ...input,
      kind: "INCIDENT",
      state: "DRAFT",
      occurredAt: "2026-03-01T00:00:00.000Z",
      detectedAt: "2026-03-01T01:00:00.500Z",
      awareAt: "2026-03-01T02:00:00.000Z",
      redactions: [],
      releases: [],
      access: [{ kind: "OWNER" }],
    });
  });

  test("takes nulls for absent, and for the defaults of pap and attribution", async () => {
    const nulls = Object.fromEntries(
      [
        "summary",
        "description",
        "severity",
        "pap",
        "attribution",
        "occurredAt",
        "detectedAt",
        "awareAt",
        "victim",
        "contact",
        "affectedSystems",
        "dataStolen",
        "indicatorIds",
      ].map((field) => [field, null]),
    );
    const { id, ...made } = await w.as.acme.do<{ id: string }>(
      "createIncident",
      { input: { ...LEAST, ...nulls } },
      "id pap summary severity occurredAt affectedSystems dataStolen indicators { totalCount }",
    );
    expect(made).toEqual({
      pap: "AMBER",
      summary: null,
      severity: null,
      occurredAt: null,
      affectedSystems: null,
      dataStolen: null,
      indicators: { totalCount: 0 },
    });
    await release(w.as.acme, id, { organizationIds: [w.org.beta], withheldFields: [] });
    expect(await w.as.beta.ask("incident", { id }, "source { attribution }")).toEqual({
      source: { attribution: "ANONYMOUS" },
    });
  });

  test.each([
    ["input.title", { title: "" }],
    ["input.title", { title: " \n" }],
    ["input.title", { title: "x".repeat(501) }],
    ["input.title", { title: "a\u0000b" }],
    ["input.summary", { summary: "x".repeat(100_001) }],
    ["input.description", { description: "x".repeat(100_001) }],
    ["input.category", { category: "" }],
    ["input.category", { category: "x".repeat(101) }],
    ["input.severity", { severity: "x".repeat(51) }],
    ["input.victim", { victim: "x".repeat(501) }],
    ["input.contact", { contact: "x".repeat(501) }],
    ["input.affectedSystems", { affectedSystems: Array.from({ length: 1001 }, () => "x") }],
    ["input.affectedSystems.1", { affectedSystems: ["x", ""] }],
    ["input.dataStolen.0", { dataStolen: ["x".repeat(201)] }],
    ["input.indicatorIds", { indicatorIds: Array.from({ length: 1001 }, () => "indicator_x") }],
    ["input.indicatorIds.0", { indicatorIds: ["nonsense"] }],
  ])("refuses a wrong %s by name, and writes nothing", async (path, wrong) => {
    const before = await w.as.colleague.ask("incidents", {}, "totalCount");
    const refusal = await w.as.colleague.refused("createIncident", {
      input: { ...LEAST, ...wrong },
    });
    expect(refusal.code).toBe("BAD_USER_INPUT");
    expect(Object.keys(refusal.issues)).toEqual([path]);
    expect(await w.as.colleague.ask("incidents", {}, "totalCount")).toEqual(before);
  });

  test("takes each text up to its very limit", async () => {
    const input = {
      ...LEAST,
      title: "x".repeat(500),
      category: "x".repeat(100),
      severity: "x".repeat(50),
      victim: "x".repeat(500),
      affectedSystems: ["x".repeat(200)],
    };
    expect(await w.as.acme.do("createIncident", { input }, "title")).toEqual({
      title: input.title,
    });
  });

  test("names everything that is wrong at once", async () => {
    const { issues } = await w.as.acme.refused("createIncident", {
      input: { ...LEAST, title: "", category: "", victim: "x".repeat(501) },
    });
    expect(Object.keys(issues).toSorted()).toEqual([
      "input.category",
      "input.title",
      "input.victim",
    ]);
  });

  test.each([
    ["an unknown TLP", { tlp: "WHITE" }],
    ["no TLP", { tlp: null }],
    ["a day without a time", { occurredAt: "2026-03-01" }],
    ["a time without a zone", { occurredAt: "2026-03-01T00:00:00" }],
    ["a day that is none", { occurredAt: "2026-02-30T25:00:00Z" }],
    ["a number for a time", { occurredAt: 0 }],
    ["an unknown field", { owner: "me" }],
  ])("refuses %s", async (_, wrong) => {
    expect(await w.as.acme.code("createIncident", { input: { ...LEAST, ...wrong } })).toBe(
      "BAD_USER_INPUT",
    );
  });
});

describe("updating an incident", () => {
  test("replaces the whole content: what is omitted becomes null, and links go", async () => {
    const indicator = await makeIndicator(w.as.acme, "198.51.100.201");
    const id = await makeIncident(w.as.acme, {
      summary: "S",
      victim: "V",
      pap: "RED",
      indicatorIds: [indicator],
    });
    const updated = await w.as.colleague.do(
      "updateIncident",
      { id, input: { ...LEAST, title: "New" } },
      "title summary victim pap state indicators { totalCount }",
    );
    expect(updated).toEqual({
      title: "New",
      summary: null,
      victim: null,
      pap: "AMBER",
      state: "DRAFT",
      indicators: { totalCount: 0 },
    });
  });

  test("moves updatedAt, not createdAt, and answers a stale expectedUpdatedAt with CONFLICT", async () => {
    const { id, createdAt, updatedAt } = await w.as.acme.do<Record<string, string>>(
      "createIncident",
      { input: LEAST },
      "id createdAt updatedAt",
    );
    const once = await w.as.acme.do<Record<string, string>>(
      "updateIncident",
      { id, input: LEAST, expectedUpdatedAt: updatedAt },
      "createdAt updatedAt",
    );
    expect(once.createdAt).toBe(createdAt);
    expect(
      once.updatedAt !== undefined && updatedAt !== undefined && once.updatedAt > updatedAt,
    ).toBe(true);
    const stale = { id, input: { ...LEAST, title: "Lost" }, expectedUpdatedAt: updatedAt };
    expect(await w.as.acme.code("updateIncident", stale)).toBe("CONFLICT");
    expect(await w.as.acme.ask("incident", { id }, "title")).toEqual({ title: "T" });
    await w.as.acme.do("updateIncident", { ...stale, expectedUpdatedAt: null });
  });

  test("of two saves that know the same version at once exactly one wins", async () => {
    const { id, updatedAt } = await w.as.acme.do<Record<string, string>>(
      "createIncident",
      { input: LEAST },
      "id updatedAt",
    );
    const save = (title: string) =>
      w.as.acme.query(
        "mutation($id: ID!, $input: IncidentInput!, $at: DateTime) { updateIncident(id: $id, input: $input, expectedUpdatedAt: $at) { title } }",
        { id, input: { ...LEAST, title }, at: updatedAt },
      );
    const answers = await Promise.all(["A", "B", "C", "D"].map(save));
    const codes = answers.map((a) => a.errors?.[0]?.extensions.code ?? "ok").toSorted();
    expect(codes).toEqual(["CONFLICT", "CONFLICT", "CONFLICT", "ok"]);
  });

  test("by a reader of it, or of what is no incident, is refused", async () => {
    const id = await makeIncident(w.as.acme);
    await release(w.as.acme, id, { groupIds: [w.group.power] });
    expect(await w.as.beta.code("updateIncident", { id, input: LEAST })).toMatch(
      /NOT_FOUND|FORBIDDEN/,
    );
    await w.as.acme.do("submitIncident", { id });
    expect(await hub.operator.code("updateIncident", { id, input: LEAST })).toBe("FORBIDDEN");
    const indicator = await makeIndicator(w.as.acme, "198.51.100.202");
    for (const wrong of [indicator, "incident_00000000-0000-4000-8000-000000000000", "x"])
      expect(await w.as.acme.code("updateIncident", { id: wrong, input: LEAST })).toMatch(
        /NOT_FOUND|CONFLICT/,
      );
  });

  test("keeps links of other owners' items that the author can see", async () => {
    const foreign = await makeIndicator(w.as.beta, "198.51.100.203");
    await release(w.as.beta, foreign, { groupIds: [w.group.power] });
    const id = await makeIncident(w.as.acme, { indicatorIds: [foreign, foreign] });
    expect(
      await w.as.acme.ask("incident", { id }, "indicators { nodes { id } totalCount }"),
    ).toEqual({ indicators: { nodes: [{ id: foreign }], totalCount: 1 } });
  });
});

describe("submitting", () => {
  test("submitIncident takes incidents alone, submitItem any kind", async () => {
    const indicator = await makeIndicator(w.as.acme, "198.51.100.204");
    expect(await w.as.acme.code("submitIncident", { id: indicator })).toBe("NOT_FOUND");
    expect(await w.as.acme.do("submitItem", { id: indicator }, "id kind")).toEqual({
      id: indicator,
      kind: "INDICATOR",
    });
  });

  test("what is hidden or missing is NOT_FOUND", async () => {
    const hidden = await makeIncident(w.as.beta);
    const never = "incident_00000000-0000-4000-8000-000000000000";
    expect(await w.as.acme.refused("submitIncident", { id: hidden })).toEqual(
      await w.as.acme.refused("submitIncident", { id: never }),
    );
    expect(await w.as.acme.code("submitItem", { id: hidden })).toBe("NOT_FOUND");
  });
});

test("single incidents: hidden, missing and malformed ids are null without an error", async () => {
  const hidden = await makeIncident(w.as.beta);
  for (const id of [
    hidden,
    "incident_00000000-0000-4000-8000-000000000000",
    "",
    "x",
    "incident_",
    hidden.replace("incident", "indicator"),
    "💥",
  ]) {
    expect(await w.as.acme.ask("incident", { id })).toBeNull();
    expect(await w.as.acme.ask("node", { id })).toBeNull();
  }
});
