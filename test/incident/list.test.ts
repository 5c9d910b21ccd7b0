import { randomBytes } from "node:crypto";
import { HOUR, startTestHub, type TestHub } from "../support/hub";
import { pageOf, walk } from "../support/pages";
import { buildWorld, makeIncident, makeIndicator, release } from "../support/world";

let hub: TestHub;
beforeAll(async () => {
  hub = await startTestHub();
});
afterAll(() => hub.stop());

const build = () =>
  buildWorld(hub, {
    organizations: ["acme", "beta"],
    groups: {
      power: { members: ["acme", "beta"] },
      other: { members: ["acme", "beta"] },
    },
    agreements: [
      { from: "power", to: "power" },
      { from: "other", to: "other" },
    ],
  });
type Built = Awaited<ReturnType<typeof build>>;
const to = (w: Built, group: "power" | "other" = "power") => ({
  fromGroupId: w.group[group],
  groupIds: [w.group[group]],
});
async function released(w: Built, n: number): Promise<string[]> {
  const ids: string[] = [];
  for (let i = 0; i < n; i++) {
    const id = await makeIncident(w.as.acme, { title: `No. ${i}` });
    await release(w.as.acme, id, to(w));
    ids.unshift(id);
  }
  return ids;
}

describe("a list", () => {
  test("is newest first by the time that is shown, for its reader and for its owner", async () => {
    const w = await build();
    const [third = "", second = "", first = ""] = await released(w, 3);
    const listed = async (client: typeof w.as.acme) =>
      (await pageOf(client, "incidents")).nodes.map((n) => n.id);
    expect(await listed(w.as.beta)).toEqual([third, second, first]);
    expect(await listed(w.as.acme)).toEqual([third, second, first]);
    // Released again: newer to its readers, and to its owner as old as it was.
    await release(w.as.acme, first, to(w));
    expect(await listed(w.as.beta)).toEqual([first, third, second]);
    expect(await listed(w.as.acme)).toEqual([third, second, first]);
    // Edited: newer to its owner.
    const input = { title: "x", category: "x", tlp: "AMBER" };
    await w.as.acme.do("updateIncident", { id: second, input });
    expect(await listed(w.as.beta)).toEqual([first, third, second]);
    expect(await listed(w.as.acme)).toEqual([second, third, first]);
  });

  test.each([1, 2, 3, 7])(
    "walked in pages of %d loses and repeats nothing, while more comes",
    async (first) => {
      const w = await build();
      const ids = await released(w, 7);
      const more = async () => void (await released(w, 1));
      expect(await walk(w.as.beta, "incidents", { first }, more)).toEqual(ids);
      const own = await walk(w.as.acme, "incidents", { first });
      expect(own.slice(-7)).toEqual(ids);
    },
  );

  test("shows what is reached by several paths once, in the place of its newest", async () => {
    const w = await build();
    const ids = await released(w, 4);
    const [, , third = "", oldest = ""] = ids;
    await release(w.as.acme, oldest, to(w, "other"));
    await release(w.as.acme, third, { organizationIds: [w.org.beta] });
    const expected = [third, oldest, ids[0], ids[1]];
    for (const first of [1, 2, 3, 100])
      expect(await walk(w.as.beta, "incidents", { first })).toEqual(expected);
    expect(await pageOf(w.as.beta, "incidents")).toMatchObject({ totalCount: 4 });
  });

  test("is walked whole by an owner whose items are also reached by a path", async () => {
    const w = await build();
    const ids = await released(w, 5);
    for (const first of [1, 2, 5]) {
      const walked = await walk(w.as.acme, "incidents", { first });
      expect(walked.toSorted()).toEqual(ids.toSorted());
    }
  });

  test("shrinks between pages without a stumble", async () => {
    const w = await build();
    const ids = await released(w, 6);
    const { pageInfo } = await pageOf(w.as.beta, "incidents", { first: 2 });
    const { releases } = await w.as.acme.ask<{ releases: { id: string }[] }>(
      "incident",
      { id: ids[2] },
      "releases { id }",
    );
    await w.as.acme.do("withdrawRelease", { id: releases[0]?.id, reason: "x" });
    const next = await pageOf(w.as.beta, "incidents", { first: 2, after: pageInfo.endCursor });
    expect(next.nodes.map((n) => n.id)).toEqual([ids[3], ids[4]]);
    expect(next.totalCount).toBe(5);
  });

  test("counts exactly what its viewer may see", async () => {
    const w = await build();
    await released(w, 3);
    await makeIncident(w.as.acme);
    await makeIncident(w.as.beta);
    const count = async (client: typeof w.as.acme) =>
      (await pageOf(client, "incidents", { first: 1 })).totalCount;
    expect([await count(w.as.acme), await count(w.as.beta)]).toEqual([4, 4]);
    expect(await count(hub.anonymous)).toBe(0);
  });

  test("takes nulls for its defaults", async () => {
    const w = await build();
    await released(w, 1);
    expect(
      await pageOf(w.as.beta, "incidents", { first: null, after: null, filter: null }),
    ).toMatchObject({ totalCount: 1 });
    const nulls = {
      text: null,
      category: null,
      severity: null,
      groupId: null,
      tlp: null,
      occurredAfter: null,
      occurredBefore: null,
    };
    expect(await pageOf(w.as.beta, "incidents", { filter: nulls })).toMatchObject({
      totalCount: 1,
    });
  });

  test.each([0, -1, 101, 2147483647])("refuses first: %d", async (first) => {
    const refusal = await hub.anonymous.refused("incidents", { first });
    expect(refusal.code).toBe("BAD_USER_INPUT");
    expect(Object.keys(refusal.issues)).toEqual(["first"]);
  });

  test.each(["", "x", "MjA=", randomBytes(40).toString("base64url"), "A".repeat(5000)])(
    "refuses the forged cursor %j",
    async (after) => {
      const refusal = await hub.anonymous.refused("incidents", { after });
      expect(refusal.code).toBe("BAD_USER_INPUT");
      expect(Object.keys(refusal.issues)).toEqual(["after"]);
    },
  );

  test("gives a cursor that tells nothing and opens nothing to another viewer", async () => {
    const w = await build();
    await released(w, 2);
    const { pageInfo } = await pageOf(w.as.beta, "incidents", { first: 1 });
    const { nodes } = await pageOf(hub.anonymous, "incidents", { after: pageInfo.endCursor });
    expect(nodes).toEqual([]);
  });
});

describe("a filter", () => {
  let w: Built;
  const ids = {} as Record<"fraud" | "phishing" | "plain", string>;
  beforeAll(async () => {
    w = await build();
    const make = (input: object) =>
      makeIncident(w.as.acme, { severity: "low", ...input, tlp: "AMBER" });
    ids.fraud = await make({
      title: "100% Fraud_case",
      category: "fraud",
      severity: "high",
      occurredAt: "2026-02-01T00:00:00Z",
    });
    ids.phishing = await make({
      title: "Phishing 電力会社",
      summary: "An Invoice",
      description: "dear customer",
      category: "phishing",
      occurredAt: "2026-03-01T00:00:00Z",
    });
    ids.plain = await make({ title: "Plain", category: "other" });
    const open = { withheldFields: [] };
    await release(w.as.acme, ids.fraud, { ...to(w), ...open, tlp: "GREEN" });
    await release(w.as.acme, ids.phishing, { ...to(w, "other"), ...open });
    await release(w.as.acme, ids.plain, { ...to(w), ...open });
  });
  const found = async (filter: object): Promise<string[]> => {
    const { nodes, totalCount } = await pageOf(w.as.beta, "incidents", { filter });
    expect(totalCount).toBe(nodes.length);
    const names = new Map(Object.entries(ids).map(([name, id]) => [id, name]));
    return nodes.map((n) => names.get(n.id) ?? "?").toSorted();
  };

  test.each<[object, string[]]>([
    [{ text: "fraud" }, ["fraud"]],
    [{ text: "INVOICE" }, ["phishing"]],
    [{ text: "Dear" }, ["phishing"]],
    [{ text: "電力" }, ["phishing"]],
    [{ text: "100%" }, ["fraud"]],
    [{ text: "%" }, ["fraud"]],
    [{ text: "_" }, ["fraud"]],
    [{ text: "\\" }, []],
    [{ text: "'; DROP TABLE item; --" }, []],
    [{ category: "fraud" }, ["fraud"]],
    [{ category: "FRAUD" }, []],
    [{ severity: "low" }, ["phishing", "plain"]],
    [{ tlp: ["GREEN"] }, ["fraud"]],
    [{ tlp: ["GREEN", "AMBER"] }, ["fraud", "phishing", "plain"]],
    [{ tlp: [] }, []],
    [{ occurredAfter: "2026-02-15T00:00:00Z" }, ["phishing"]],
    [{ occurredBefore: "2026-02-15T00:00:00Z" }, ["fraud"]],
    [
      { occurredAfter: "2026-01-01T00:00:00Z", occurredBefore: "2026-12-01T00:00:00Z" },
      ["fraud", "phishing"],
    ],
    [{ category: "fraud", severity: "low" }, []],
  ])("%j finds %j", async (filter, expected) => {
    expect(await found(filter)).toEqual(expected);
  });

  test("by group finds what reaches the viewer through it", async () => {
    expect(await found({ groupId: w.group.other })).toEqual(["phishing"]);
    expect(await found({ groupId: w.group.power })).toEqual(["fraud", "plain"]);
    expect(await found({ groupId: "group_00000000-0000-4000-8000-000000000000" })).toEqual([]);
    expect(await found({ groupId: "nonsense" })).toEqual([]);
  });

  test("walks in pages like the whole list", async () => {
    const walked = await walk(w.as.beta, "incidents", {
      first: 1,
      filter: { tlp: ["GREEN", "AMBER"] },
    });
    expect(walked).toEqual([ids.plain, ids.phishing, ids.fraud]);
  });

  test("of endless text is refused", async () => {
    const args = { filter: { text: "x".repeat(5_000) } };
    const refusal = await w.as.beta.refused("incidents", args, "totalCount");
    expect(refusal.code).toBe("BAD_USER_INPUT");
    expect(Object.keys(refusal.issues)).toEqual(["filter.text"]);
  });
});

describe("the indicators of an incident", () => {
  test("are walked in pages without loss or repetition, newest first", async () => {
    const w = await build();
    const indicators: string[] = [];
    for (let i = 1; i <= 5; i++) {
      indicators.unshift(await makeIndicator(w.as.acme, `198.51.100.${220 + i}`));
      hub.clock.advance(HOUR);
    }
    const id = await makeIncident(w.as.acme, { indicatorIds: indicators });
    const seen: string[] = [];
    for (let after: string | null = null; ;) {
      const args: string = after === null ? "first: 2" : `first: 2, after: "${after}"`;
      const { indicators: page } = await w.as.acme.ask<{
        indicators: {
          nodes: { id: string }[];
          totalCount: number;
          pageInfo: { hasNextPage: boolean; endCursor: string };
        };
      }>(
        "incident",
        { id },
        `indicators(${args}) { nodes { id } totalCount pageInfo { hasNextPage endCursor } }`,
      );
      expect(page.totalCount).toBe(5);
      seen.push(...page.nodes.map((n) => n.id));
      if (!page.pageInfo.hasNextPage) break;
      after = page.pageInfo.endCursor;
    }
    expect(seen).toEqual(indicators);
    const bad = (args: string) =>
      w.as.acme.query(`{ incident(id: "${id}") { indicators(${args}) { totalCount } } }`);
    for (const args of ["first: 0", "first: 101", 'after: "forged"'])
      expect((await bad(args)).errors?.[0]?.extensions.code).toBe("BAD_USER_INPUT");
    expect((await bad("first: null, after: null")).data).toMatchObject({
      incident: { indicators: { totalCount: 5 } },
    });
  });
});
