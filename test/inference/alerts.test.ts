import { replay } from "../support/alerts";
import type { Client } from "../support/client";
import { MINUTE, startTestHub, type TestHub } from "../support/hub";
import { buildWorld, makeIncident, makeIndicator, release } from "../support/world";

/** What alerts and positions in the log could tell of what is hidden. */
let hub: TestHub;
let w: Awaited<ReturnType<typeof build>>;
const build = () =>
  buildWorld(hub, {
    organizations: ["acme", "beta", "gamma"],
    groups: {
      power: { members: ["acme", "beta"] },
      secret: { members: ["acme", "beta", "gamma"], roster: "HIDDEN" },
    },
    agreements: [
      { from: "power", to: "power" },
      { from: "secret", to: "secret" },
    ],
  });
beforeAll(async () => {
  hub = await startTestHub();
  w = await build();
});
afterAll(() => hub.stop());

const power = () => ({ fromGroupId: w.group.power, groupIds: [w.group.power] });
const CONTENT = { title: "Linked", category: "malicious-code", tlp: "AMBER" };
const link = (id: string, indicatorIds: string[]): Promise<unknown> =>
  w.as.acme.do("updateIncident", { id, input: { ...CONTENT, indicatorIds } });

test("a link to a hidden item alerts nobody; one to a visible item does, coming and going", async () => {
  const [hidden, shown] = [
    await makeIndicator(w.as.acme, "203.0.113.1"),
    await makeIndicator(w.as.acme, "203.0.113.2"),
  ];
  const id = await makeIncident(w.as.acme, CONTENT);
  await release(w.as.acme, id, power());
  await release(w.as.acme, shown, power());
  const heard = async (act: () => Promise<unknown>): Promise<string[]> => {
    const live = await hub.subscribe(w.as.beta);
    const start = live.cursor;
    await act();
    const types = (await live.rest()).map((a) => a.type);
    await live.close();
    expect((await replay(w.as.beta, start)).map((a) => a.type)).toEqual(types);
    return types;
  };
  expect(await heard(() => link(id, [hidden]))).toEqual([]);
  expect(await heard(() => link(id, [hidden, shown]))).toEqual(["ITEM_UPDATED"]);
  expect(await heard(() => link(id, [shown]))).toEqual([]);
  // What is edited again within the window is folded.
  hub.clock.advance(MINUTE);
  expect(await heard(() => link(id, []))).toEqual(["ITEM_UPDATED"]);
});

test("no alert waits because of an edit that its reader is not told of", async () => {
  const id = await makeIncident(w.as.acme, CONTENT);
  await release(w.as.acme, id, power());
  const live = await hub.subscribe(w.as.beta);
  const edit = (more: object) =>
    w.as.acme.do("updateIncident", { id, input: { ...CONTENT, ...more } });
  await edit({ victim: "Hidden" });
  await edit({ victim: "Hidden", category: "phishing" });
  expect((await live.rest()).map((a) => a.type)).toEqual(["ITEM_UPDATED"]);
});

test("a hidden change of an item that is shown alerts nobody: neither withheld fields nor the owner's own wording", async () => {
  const id = await makeIncident(w.as.acme, { ...CONTENT, victim: "A", severity: "low" });
  await release(w.as.acme, id, power());
  const live = await hub.subscribe(w.as.beta);
  const input = { ...CONTENT, victim: "B", severity: "high", title: "Other", summary: "New" };
  await w.as.acme.do("updateIncident", { id, input });
  expect(await live.rest()).toEqual([]);
  await live.close();
});

test("no membership of a HIDDEN group, and no change of one, is told to another member", async () => {
  const live = await hub.subscribe(w.as.beta);
  const id = w.membership["gamma secret"];
  await hub.operator.do("suspendMembership", { id, reason: "x" });
  await hub.operator.do("resumeMembership", { id });
  expect(await live.rest()).toEqual([]);
  expect(await w.as.beta.ask("node", { id })).toBeNull();
  const names = async (client: Client, field: string, at: string): Promise<object[]> => {
    const node = await client.ask<{ memberships: { organization: { id: string } }[] }>(
      "node",
      { id: at },
      `... on ${field} { memberships { organization { id } group { id } } }`,
    );
    return node.memberships.map((m) => m.organization);
  };
  expect(await names(w.as.beta, "SectorGroup", w.group.secret)).toEqual([{ id: w.org.beta }]);
  expect(await names(w.as.beta, "Organization", w.org.gamma)).toEqual([]);
  const [version] = w.versions.slice(1);
  expect(
    await w.as.beta.ask(
      "node",
      { id: version },
      "... on AgreementVersion { signatures { organization { id } } unsigned { id } }",
    ),
  ).toEqual({ signatures: [{ organization: { id: w.org.beta } }], unsigned: [] });
  await live.close();
});

test("a position in the log tells nothing of what others did meanwhile", async () => {
  const cursor = async (client = w.as.beta): Promise<string> =>
    (await client.ask<{ alertCursor: string }>("viewer", {}, "alertCursor")).alertCursor;
  // Two of one position differ, so that one cannot watch it move.
  const [one, two] = [await cursor(), await cursor()];
  expect(one).not.toBe(two);
  expect(one).toHaveLength(two.length);
  const page = (after: string) =>
    w.as.beta.ask(
      "alerts",
      { first: 1, after },
      "nodes { cursor } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }",
    );
  const before = await page(one);
  // More entries than any reading would look at in one go.
  await hub.running.hub.pool.query(
    `INSERT INTO log (at, type, actor_organization_id, actor_account_id, item_id)
     SELECT to_timestamp(0), 'ITEM_UPDATED', gen_random_uuid(), gen_random_uuid(), gen_random_uuid() FROM generate_series(1, 6000)`,
  );
  expect(await page(one)).toEqual(before);
  expect(before).toMatchObject({ nodes: [], pageInfo: { hasNextPage: false, endCursor: null } });
});

test("an alert's cursor is the same for two who get it, and no other cursor is made from it", async () => {
  const live = await hub.subscribeAll([w.as.beta, w.as.gamma]);
  const id = await makeIncident(w.as.acme, CONTENT);
  await release(w.as.acme, id, { fromGroupId: w.group.secret, groupIds: [w.group.secret] });
  const [a, b] = (await hub.restOf(live)).map((alerts) => alerts.map((x) => x.cursor));
  expect(a).toEqual(b);
  const [cursor = ""] = a ?? [];
  const bytes = Buffer.from(cursor, "base64url");
  for (let i = 0; i < bytes.length; i++) {
    const forged = Buffer.from(bytes);
    forged[i] = (forged[i] ?? 0) ^ 1;
    const after = forged.toString("base64url");
    expect(await w.as.beta.code("alerts", { after }, "nodes { type }")).toBe("BAD_USER_INPUT");
  }
});
