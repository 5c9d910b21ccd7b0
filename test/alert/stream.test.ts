import { randomBytes } from "node:crypto";
import { type AlertSubscription, replay } from "../support/alerts";
import { startTestHub, type TestHub } from "../support/hub";
import { buildWorld, makeIncident, makeIndicator, release } from "../support/world";

let hub: TestHub;
let w: Awaited<ReturnType<typeof build>>;
let tail: AlertSubscription;
const build = () =>
  buildWorld(hub, {
    organizations: ["acme", "beta"],
    groups: { power: { members: ["acme", "beta"] }, other: { members: ["acme", "beta"] } },
    agreements: [
      { from: "power", to: "power" },
      { from: "other", to: "other" },
    ],
  });
beforeAll(async () => {
  hub = await startTestHub();
  w = await build();
  tail = await hub.subscribe(w.as.beta);
});
afterAll(() => hub.stop());

const to = (group: "power" | "other" = "power") => ({
  fromGroupId: w.group[group],
  groupIds: [w.group[group]],
});
async function released(n: number, input: object = {}, more: object = {}): Promise<string[]> {
  const ids: string[] = [];
  for (let i = 0; i < n; i++) {
    const id = await makeIncident(w.as.acme, { title: `No. ${i}`, ...more });
    await release(w.as.acme, id, { ...to(), ...input });
    ids.push(id);
  }
  return ids;
}
/** Where the log ends for beta. */
const now = async (): Promise<string | null> => {
  await tail.rest();
  return tail.cursor;
};

describe("cursors", () => {
  test("grow in the order of the log, and name the same alert in every reading", async () => {
    const start = await now();
    const ids = await released(5);
    const once = await replay(w.as.beta, start);
    expect(once.map((a) => a.itemId)).toEqual(ids);
    expect(new Set(once.map((a) => a.cursor)).size).toBe(5);
    const inPages = await replay(w.as.beta, start, null, 2);
    expect(inPages).toEqual(once);
    expect(once.map((a) => a.at)).toEqual(once.map((a) => a.at).toSorted());
  });

  test("resume after each alert without gap or repetition", async () => {
    const start = await now();
    const ids = await released(4);
    const all = await replay(w.as.beta, start);
    for (const [i, { cursor }] of all.entries())
      expect((await replay(w.as.beta, cursor)).map((a) => a.itemId)).toEqual(ids.slice(i + 1));
  });

  test("of one viewer are good for another, who gets what it is itself entitled to", async () => {
    const start = await now();
    await released(1);
    expect(await replay(hub.anonymous, start)).toEqual([]);
  });

  test.each([
    ["nonsense", "nonsense"],
    ["nothing", ""],
    ["a number", "42"],
    ["random bytes", randomBytes(40).toString("base64url")],
    ["a number in base64", Buffer.from("42").toString("base64")],
    ["something endless", "A".repeat(10_000)],
  ])("that are forged (%s) are BAD_USER_INPUT in queries and subscriptions", async (_, after) => {
    expect(await w.as.beta.code("alerts", { after })).toBe("BAD_USER_INPUT");
    const live = await hub.subscribe(w.as.beta, { after });
    expect(await live.end()).toMatchObject({ code: "BAD_USER_INPUT" });
  });

  test("that were tampered with, or are of a list, are BAD_USER_INPUT", async () => {
    await released(1);
    const cursor = (await now()) ?? "";
    const middle = Math.floor(cursor.length / 2);
    const tampered = `${cursor.slice(0, middle)}${cursor[middle] === "A" ? "B" : "A"}${cursor.slice(middle + 1)}`;
    expect(await w.as.beta.code("alerts", { after: tampered })).toBe("BAD_USER_INPUT");
    const page = await w.as.beta.ask<{ pageInfo: { endCursor: string } }>(
      "incidents",
      { first: 1 },
      "pageInfo { endCursor }",
    );
    expect(await w.as.beta.code("alerts", { after: page.pageInfo.endCursor })).toBe(
      "BAD_USER_INPUT",
    );
    expect(await w.as.beta.code("incidents", { after: cursor })).toBe("BAD_USER_INPUT");
  });

  test("tell neither numbers nor gaps", async () => {
    const start = await now();
    await released(2);
    const [one, two] = await replay(w.as.beta, start);
    expect(one?.cursor).toHaveLength(two?.cursor.length ?? 0);
    expect(one?.cursor.slice(0, 8)).not.toBe(two?.cursor.slice(0, 8));
  });
});

describe("pages", () => {
  test.each([0, -1, 101])("first: %d is refused", async (first) => {
    expect(await w.as.beta.code("alerts", { first })).toBe("BAD_USER_INPUT");
  });

  test("nulls mean the defaults", async () => {
    const page = await w.as.beta.ask<{ nodes: object[]; edges: object[] }>(
      "alerts",
      { first: null, after: null, filter: null },
      "nodes { cursor } edges { cursor node { cursor } } pageInfo { hasPreviousPage startCursor }",
    );
    expect(page.nodes.length).toBeGreaterThan(0);
    expect(page.edges).toHaveLength(page.nodes.length);
    expect(page).toMatchObject({ pageInfo: { hasPreviousPage: false } });
  });
});

describe("a subscription", () => {
  test("with a cursor replays what was missed, and goes on live without gap or repetition", async () => {
    const start = await now();
    const missed = await released(3);
    const live = await hub.subscribe(w.as.beta, { after: start });
    const [further] = await Promise.all([released(3), live.next()]);
    const rest = await live.rest();
    expect(rest.map((a) => a.itemId)).toEqual([...missed.slice(1), ...further]);
  });

  test("that joins while releases are made loses and repeats none", async () => {
    const start = await now();
    const making = released(12);
    const lives = await Promise.all([
      hub.subscribe(w.as.beta, { after: start }),
      hub.subscribe(w.as.beta, { after: start }),
    ]);
    const ids = await making;
    for (const live of lives) expect((await live.rest()).map((a) => a.itemId)).toEqual(ids);
  });

  test.each(["socket", "stream"] as const)(
    "over a %s replays more than may wait for it as fast as it is read, and is not taken for slow",
    async (over) => {
      const start = await now();
      const ids = await released(6, to(), { description: "\u9577".repeat(100_000) });
      const long = Array.from({ length: 6 }, (_, i) => `d${i}: description`).join(" ");
      const selection = `cursor itemId item { ... on Advisory { title } ... on Incident { ${long} } }`;
      const live = await hub.subscribe(w.as.beta, { after: start, over, selection });
      expect((await live.rest()).map((a) => a.itemId)).toEqual(ids);
    },
  );

  test("hears live exactly what is replayed", async () => {
    const live = await hub.subscribe(w.as.beta);
    const start = await now();
    const [id] = await released(1);
    await released(1, { tlp: "GREEN" });
    await release(w.as.acme, id ?? "", { ...to(), title: "Again" });
    const heard = await live.rest();
    expect(heard).toHaveLength(3);
    const replayed = await replay(w.as.beta, start);
    // The first has been superseded since: its content is what holds at delivery.
    expect(replayed.map((a) => [a.cursor, a.type, a.itemId])).toEqual(
      heard.map((a) => [a.cursor, a.type, a.itemId]),
    );
  });

  test("replays nothing of what the viewer has lost since", async () => {
    const own = await build();
    const start = (await replay(own.as.beta)).at(-1)?.cursor ?? null;
    const id = await makeIncident(own.as.acme);
    const group = { fromGroupId: own.group.power, groupIds: [own.group.power] };
    const made = await release(own.as.acme, id, group);
    await own.as.acme.do("withdrawRelease", { id: made, reason: "x" });
    const live = await hub.subscribe(own.as.beta, { after: start });
    expect((await live.rest()).map((a) => [a.type, a.item])).toEqual([["ITEM_WITHDRAWN", null]]);
  });

  test("many of one socket's kind hear the same", async () => {
    const lives = await Promise.all(Array.from({ length: 8 }, () => hub.subscribe(w.as.beta)));
    const ids = await released(2);
    for (const live of lives) expect((await live.rest()).map((a) => a.itemId)).toEqual(ids);
  });
});

describe("filters", () => {
  const after = async (filter: object, act: () => Promise<unknown>) => {
    const start = await now();
    await act();
    return (await replay(w.as.beta, start, { ...filter })).map((a) => `${a.type} ${a.itemId}`);
  };

  test("by type", async () => {
    const [id = ""] = await released(1);
    const act = async () => {
      await release(w.as.acme, id, { ...to(), title: "Again" });
      const second = await release(w.as.acme, id, { ...to(), title: "Third" });
      await w.as.acme.do("withdrawRelease", { id: second, reason: "x" });
    };
    expect(await after({ types: ["ITEM_WITHDRAWN"] }, act)).toEqual([`ITEM_WITHDRAWN ${id}`]);
    expect(await after({ types: [] }, () => released(1))).toEqual([]);
    expect(await after({ types: null }, () => released(1))).toHaveLength(1);
  });

  test("by group", async () => {
    const act = async () => {
      await released(1, to("power"));
      await released(1, to("other"));
    };
    expect(await after({ groupIds: [w.group.other] }, act)).toHaveLength(1);
    expect(await after({ groupIds: [w.group.other, w.group.power] }, act)).toHaveLength(2);
    expect(await after({ groupIds: ["group_00000000-0000-4000-8000-000000000000"] }, act)).toEqual(
      [],
    );
    expect(await after({ groupIds: null }, act)).toHaveLength(2);
  });

  test("by the TLP that is shown, at least", async () => {
    const act = async () => {
      await released(1, { tlp: "GREEN" });
      await released(1, { tlp: "AMBER" });
      await released(1, { tlp: "AMBER_STRICT" });
    };
    expect(await after({ minTlp: "CLEAR" }, act)).toHaveLength(3);
    expect(await after({ minTlp: "AMBER" }, act)).toHaveLength(2);
    expect(await after({ minTlp: "AMBER_STRICT" }, act)).toHaveLength(1);
    expect(await after({ minTlp: "RED" }, act)).toEqual([]);
  });

  test("hold for the live subscription as for the query", async () => {
    const live = await hub.subscribe(w.as.beta, {
      filter: { types: ["ITEM_RELEASED"], minTlp: "AMBER" },
      after: await now(),
    });
    await released(1, { tlp: "GREEN" });
    const [amber] = await released(1, { tlp: "AMBER" });
    expect(await live.next()).toMatchObject({ itemId: amber });
  });
});

describe("what one bundle releases to one audience", () => {
  let bundles = 0;
  /** The ids of indicators on addresses that begin alike, released at once. */
  async function bundled(network: string, many: number): Promise<string[]> {
    const uuid = (n: number): string =>
      `00000000-0000-4000-8000-${`${++bundles}${n}`.padStart(12, "0")}`;
    const objects = Array.from({ length: many }, (_, i) => ({
      type: "indicator",
      spec_version: "2.1",
      id: `indicator--${uuid(i)}`,
      pattern: `[ipv4-addr:value = '${network}.${i}']`,
      pattern_type: "stix",
      valid_from: "2026-01-01T00:00:00Z",
    }));
    const { itemIds } = await w.as.acme.do<{ itemIds: string[] }>(
      "submitBundle",
      {
        bundle: { type: "bundle", id: `bundle--${uuid(many)}`, objects },
        tlp: "AMBER",
        fromGroupId: w.group.power,
        releaseToGroupIds: [w.group.power],
      },
      "itemIds",
    );
    return itemIds;
  }
  const withdraw = async (id: string): Promise<unknown> => {
    const { releases } = await w.as.acme.ask<{ releases: { id: string }[] }>(
      "indicator",
      { id },
      "releases { id }",
    );
    return w.as.acme.do("withdrawRelease", { id: releases[0]?.id, reason: "Wrong" });
  };

  test("is one alert with a count", async () => {
    const live = await hub.subscribe(w.as.beta);
    await bundled("198.18.1", 7);
    expect(await live.rest()).toMatchObject([
      { type: "ITEM_RELEASED", count: 7, item: null, itemId: null, group: { id: w.group.power } },
    ]);
  });

  test("is counted as far as it is still there for the reader, and of the last one it is told which", async () => {
    const from = await now();
    const ids = await bundled("198.18.2", 4);
    const told = async () =>
      (await replay(w.as.beta, from, { types: ["ITEM_RELEASED"] })).map((a) => [a.count, a.itemId]);
    expect(await told()).toEqual([[4, null]]);
    await withdraw(ids[0] ?? "");
    expect(await told()).toEqual([[3, null]]);
    await withdraw(ids[3] ?? "");
    await withdraw(ids[1] ?? "");
    expect(await told()).toEqual([[1, ids[2]]]);
    await withdraw(ids[2] ?? "");
    expect(await told()).toEqual([]);
  });

  test("raises a match for each that a watch looks for, whichever of them it is, live as in a replay", async () => {
    const values = ["198.18.3.1", "198.18.3.2"];
    for (const value of values)
      await w.as.beta.do("createWatch", { input: { name: value, values: [value] } });
    await w.as.beta.do("createWatch", { input: { name: "All", values: ["198.18.3.0/24"] } });
    const filter = { types: ["WATCH_MATCHED"] };
    const from = await now();
    const live = await hub.subscribe(w.as.beta, { filter, after: from });
    const ids = await bundled("198.18.3", 3);
    const must = [ids[0], ids[1], ids[1], ids[2], ids[2]];
    const heard = [];
    while (heard.length < must.length) heard.push(await live.next());
    expect(heard.map((a) => a.itemId)).toEqual(must);
    expect(heard.map((a) => a.count)).toEqual(must.map(() => 1));
    expect((await replay(w.as.beta, from, filter)).map((a) => a.itemId)).toEqual(must);
    const rest = await replay(w.as.beta, heard[2]?.cursor ?? null, filter);
    expect(rest.map((a) => a.itemId)).toEqual(must.slice(3));
  });
});

test("a sighting, a release and an update of one item arrive in the order in which they were made", async () => {
  const live = await hub.subscribe(w.as.beta);
  const id = await makeIndicator(w.as.acme, "198.51.100.199");
  await release(w.as.acme, id, to());
  await w.as.acme.do("recordSighting", { indicatorId: id });
  await release(w.as.acme, id, { ...to(), title: "Again" });
  const heard = (await live.rest()).map((a) => a.type);
  expect(heard[0]).toBe("ITEM_RELEASED");
  expect(heard.at(-1)).toBe("ITEM_UPDATED");
});
