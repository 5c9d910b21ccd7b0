import { replay, type TestAlert } from "../support/alerts";
import type { Client } from "../support/client";
import { HOUR, SECOND, startTestHub, type TestHub } from "../support/hub";
import { type AgreementOf, buildWorld, makeIncident, release } from "../support/world";

/** Acceptance cases 17 to 19 on every channel on which alerts go out: sockets, event streams, and the query. */
let hub: TestHub;
beforeAll(async () => {
  hub = await startTestHub();
});
afterAll(() => hub.stop());

const pair = (agreement: Partial<AgreementOf> = {}) =>
  buildWorld(hub, {
    organizations: ["acme", "beta"],
    groups: { power: { members: ["acme", "beta"] } },
    agreements: [{ from: "power", to: "power", ...agreement }],
  });
type World = Awaited<ReturnType<typeof pair>>;

async function released(w: World): Promise<{ id: string; releaseId: string }> {
  const id = await makeIncident(w.as.acme);
  return { id, releaseId: await release(w.as.acme, id, { groupIds: [w.group.power] }) };
}
/** Something that is shown of it changes. */
const touch = (w: World, id: string): Promise<unknown> =>
  w.as.acme.do("updateIncident", {
    id,
    input: { title: "Ransomware", category: "phishing", tlp: "AMBER" },
  });
const told = (alerts: readonly TestAlert[]) =>
  alerts.map((a) => (a.itemId === null ? a.type : `${a.type} ${a.itemId}`));
const endOfLog = async (client: Client): Promise<string> =>
  (await client.ask<{ alertCursor: string }>("viewer", {}, "alertCursor")).alertCursor;

/** What each channel brings after a cursor, which must be the same. */
async function fromAll(client: Client, after: string): Promise<string[]> {
  const lives = [
    await hub.subscribe(client, { after }),
    await hub.subscribe(client, { after, over: "stream" }),
  ];
  const asked = await replay(client, after);
  const heard = await hub.restOf(lives);
  for (const alerts of heard) expect(alerts).toEqual(asked);
  return told(asked);
}

/** Open subscriptions of each kind; what they have heard since must be the same. */
async function follow(client: Client): Promise<() => Promise<string[]>> {
  const lives = [await hub.subscribe(client), await hub.subscribe(client, { over: "stream" })];
  await hub.restOf(lives);
  return async () => {
    const [one = [], other] = await hub.restOf(lives);
    expect(other).toEqual(one);
    return told(one);
  };
}

describe("case 17: an agreement ends while subscriptions are open", () => {
  test("nothing comes after the instant, replayed or new, but the end itself", async () => {
    const w = await pair({ effectiveUntil: hub.clock.in(HOUR) });
    await hub.sweep();
    const start = await endOfLog(w.as.beta);
    const heard = await follow(w.as.beta);
    const { id } = await released(w);
    expect(await heard()).toEqual([`ITEM_RELEASED ${id}`]);
    expect(await fromAll(w.as.beta, start)).toEqual([`ITEM_RELEASED ${id}`]);
    // In time, and not yet delivered to whoever comes back after it.
    hub.clock.advance(HOUR - SECOND);
    const last = await released(w);
    expect(await heard()).toEqual([`ITEM_RELEASED ${last.id}`]);
    hub.clock.advance(SECOND);
    expect(await fromAll(w.as.beta, start)).toEqual([]);
    await touch(w, id);
    expect(await heard()).toEqual([]);
    await hub.sweep();
    const ends = [id, last.id].toSorted().map((one) => `ACCESS_ENDED ${one}`);
    expect((await heard()).toSorted()).toEqual([...ends, "AGREEMENT_CHANGED"]);
    expect((await fromAll(w.as.beta, start)).toSorted()).toEqual([...ends, "AGREEMENT_CHANGED"]);
  });

  test("the next page of alerts brings nothing more of it", async () => {
    const w = await pair({ effectiveUntil: hub.clock.in(HOUR) });
    const start = await endOfLog(w.as.beta);
    const ids = [await released(w), await released(w), await released(w)].map(({ id }) => id);
    const page = (after: string) =>
      w.as.beta.ask<{ nodes: { itemId: string }[]; pageInfo: { endCursor: string } }>(
        "alerts",
        { first: 1, after },
        "nodes { itemId } pageInfo { endCursor hasNextPage }",
      );
    const first = await page(start);
    expect(first).toMatchObject({ nodes: [{ itemId: ids[0] }], pageInfo: { hasNextPage: true } });
    hub.clock.advance(HOUR);
    expect(await page(first.pageInfo.endCursor)).toMatchObject({
      nodes: [],
      pageInfo: { hasNextPage: false },
    });
  });
});

describe("case 18: a member is suspended while subscriptions are open", () => {
  test("it hears of its suspension and of what it lost, and of nothing that happens meanwhile", async () => {
    const w = await pair();
    const start = await endOfLog(w.as.beta);
    const heard = await follow(w.as.beta);
    const before = await released(w);
    const membership = { id: w.membership["beta power"] };
    await hub.operator.do("suspendMembership", { ...membership, reason: "x" });
    const meanwhile = await released(w);
    await touch(w, before.id);
    const lost = ["MEMBERSHIP_CHANGED", `ACCESS_ENDED ${before.id}`];
    expect(await heard()).toEqual([`ITEM_RELEASED ${before.id}`, ...lost]);
    // The content is gone from what is replayed as well.
    expect(await fromAll(w.as.beta, start)).toEqual(lost);

    await hub.operator.do("resumeMembership", membership);
    const after = await released(w);
    await touch(w, meanwhile.id);
    const back = ["MEMBERSHIP_CHANGED", `ITEM_RELEASED ${after.id}`];
    expect(await heard()).toEqual(back);
    expect(await fromAll(w.as.beta, start)).toEqual([
      `ITEM_RELEASED ${before.id}`,
      ...lost,
      ...back,
    ]);
  });

  test("what is withdrawn or superseded meanwhile is told to nobody whom it does not reach", async () => {
    const w = await pair();
    const [one, two] = [await released(w), await released(w)];
    const membership = { id: w.membership["beta power"] };
    await hub.operator.do("suspendMembership", { ...membership, reason: "x" });
    const start = await endOfLog(w.as.beta);
    const heard = await follow(w.as.beta);
    await w.as.acme.do("withdrawRelease", { id: one.releaseId, reason: "x" });
    await release(w.as.acme, two.id, { groupIds: [w.group.power], title: "Again" });
    expect(await heard()).toEqual([]);
    await hub.operator.do("resumeMembership", membership);
    expect(await heard()).toEqual(["MEMBERSHIP_CHANGED"]);
    expect(await fromAll(w.as.beta, start)).toEqual(["MEMBERSHIP_CHANGED"]);
  });

  test("a release that is withdrawn is told by its id, and its alert is never replayed", async () => {
    const w = await pair();
    const start = await endOfLog(w.as.beta);
    const heard = await follow(w.as.beta);
    const { id, releaseId } = await released(w);
    expect(await heard()).toEqual([`ITEM_RELEASED ${id}`]);
    await w.as.acme.do("withdrawRelease", { id: releaseId, reason: "x" });
    expect(await heard()).toEqual([`ITEM_WITHDRAWN ${id}`]);
    expect(await fromAll(w.as.beta, start)).toEqual([`ITEM_WITHDRAWN ${id}`]);
  });
});

describe("case 19: a person takes the same login to another organization", () => {
  const EMAIL = "hanako.sato@example.jp";
  const accountIn = async (organizationId: string, roles: string[]) => {
    const input = { organizationId, email: EMAIL, displayName: "Hanako", roles };
    const { id } = await hub.operator.do("createAccount", { input });
    const key = { input: { accountId: id, name: "Laptop" } };
    const { secret } = await hub.operator.do<{ secret: string }>("createApiKey", key, "secret");
    return { id, client: hub.as(secret) };
  };

  test("its open subscriptions end, and its old cursor brings nothing that was the old organization's", async () => {
    const w = await buildWorld(hub, {
      organizations: ["acme", "beta", "gamma"],
      groups: { power: { members: ["acme", "beta"] }, water: { members: ["acme", "gamma"] } },
      agreements: [
        { from: "power", to: "power" },
        { from: "water", to: "water" },
      ],
    });
    const to = async (group: "power" | "water"): Promise<string> => {
      const id = await makeIncident(w.as.acme);
      const ids = [w.group[group]];
      await release(w.as.acme, id, { groupIds: ids, fromGroupId: ids[0] });
      return id;
    };
    const old = await accountIn(w.org.beta, ["MEMBER"]);
    const [socket, stream] = [
      await hub.subscribe(old.client),
      await hub.subscribe(old.client, { over: "stream" }),
    ];
    const [first, second] = [await to("power"), await to("power")];
    expect((await socket.next()).itemId).toBe(first);
    const cursor = socket.cursor ?? "";
    expect(await fromAll(old.client, cursor)).toEqual([`ITEM_RELEASED ${second}`]);

    await hub.operator.do("disableAccount", { id: old.id });
    await to("power");
    expect(await socket.end()).toMatchObject({ closed: 4403 });
    expect(await stream.end()).toMatchObject({ code: "UNAUTHENTICATED" });
    expect(await old.client.code("alerts", { after: cursor })).toBe("UNAUTHENTICATED");
    const refused = await hub.subscribe(old.client, { after: cursor, over: "stream" });
    expect(await refused.end()).toMatchObject({ closed: 401 });

    const now = await accountIn(w.org.gamma, ["MEMBER"]);
    const heard = await follow(now.client);
    const [, gained] = [await to("power"), await to("water")];
    expect(await heard()).toEqual([`ITEM_RELEASED ${gained}`]);
    expect(await fromAll(now.client, cursor)).toEqual([`ITEM_RELEASED ${gained}`]);
  });
});
