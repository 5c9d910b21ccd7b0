import { replay, subscribe, type TestAlert, type Transport } from "../support/alerts";
import type { Client } from "../support/client";
import { SECOND, startTestHub, TestClock, type TestHub } from "../support/hub";
import { buildWorld, makeIncident, release } from "../support/world";

/** Two nodes on one database. */
let one: TestHub;
let two: TestHub;
beforeAll(async () => {
  one = await startTestHub();
  two = await one.addNode();
});
afterAll(async () => {
  await two.stop();
  await one.stop();
});

const build = () =>
  buildWorld(one, {
    organizations: ["acme", "beta"],
    groups: { power: { members: ["acme", "beta"] } },
    agreements: [{ from: "power", to: "power" }],
  });
type World = Awaited<ReturnType<typeof build>>;

async function released(w: World, by: Client = w.as.acme): Promise<string> {
  const id = await makeIncident(by);
  await release(by, id, { groupIds: [w.group.power] });
  return id;
}
const at = (node: TestHub, client: Client): Client => node.as(client.key);
const told = (alerts: TestAlert[]) => alerts.map((a) => [a.type, a.itemId]);
const news = (...ids: string[]) => ids.map((id) => ["ITEM_RELEASED", id]);

describe.each<Transport>(["socket", "stream"])("over a %s", (over) => {
  test("what is written at one node arrives at the subscribers of both, under the same cursors", async () => {
    const w = await build();
    const [here, there] = [
      await one.subscribe(w.as.beta, { over }),
      await two.subscribe(w.as.beta, { over }),
    ];
    const ids = [await released(w), await released(w, at(two, w.as.acme)), await released(w)];
    const heard = await there.rest();
    expect(told(heard)).toEqual(news(...ids));
    expect(await here.rest()).toEqual(heard);
    expect(await replay(at(two, w.as.beta), null)).toEqual(await replay(w.as.beta, null));
  });

  test("what is written at both at once has one order for all", async () => {
    const w = await build();
    const lives = [
      await one.subscribe(w.as.beta, { over }),
      await two.subscribe(w.as.beta, { over }),
    ];
    const ids = await Promise.all(
      Array.from({ length: 12 }, (_, i) => released(w, at(i % 2 ? one : two, w.as.acme))),
    );
    const beacon = await one.beacon();
    const [here, there] = await Promise.all(lives.map((live) => live.rest(beacon)));
    expect(here?.map((a) => a.itemId).toSorted()).toEqual(ids.toSorted());
    expect(there).toEqual(here);
  });

  test("a suspension at one acts before the next alert at the other", async () => {
    const w = await build();
    const live = await two.subscribe(w.as.beta, { over });
    const before = await released(w);
    expect(await live.next()).toMatchObject({ itemId: before });
    const id = w.membership["beta power"];
    await one.operator.do("suspendMembership", { id, reason: "x" });
    // By the node that heard nothing of it but from the database.
    await released(w, at(two, w.as.acme));
    await released(w);
    expect(told(await live.rest())).toEqual([
      ["MEMBERSHIP_CHANGED", null],
      ["ACCESS_ENDED", before],
    ]);
    await one.operator.do("resumeMembership", { id });
    const after = await released(w, at(two, w.as.acme));
    expect(told(await live.rest())).toEqual([["MEMBERSHIP_CHANGED", null], ...news(after)]);
  });

  test("a withdrawal at one is told at the other, and what was withdrawn is not replayed there", async () => {
    const w = await build();
    const live = await two.subscribe(w.as.beta, { over });
    const { cursor } = live;
    const id = await makeIncident(w.as.acme);
    const made = await release(w.as.acme, id, { groupIds: [w.group.power] });
    expect(told([await live.next()])).toEqual(news(id));
    await w.as.acme.do("withdrawRelease", { id: made, reason: "x" });
    const gone = [["ITEM_WITHDRAWN", id]];
    expect(told(await live.rest())).toEqual(gone);
    const again = await two.subscribe(w.as.beta, { over, after: cursor });
    expect(told(await again.rest())).toEqual(gone);
  });

  test("a key that is revoked at one ends what it holds open at the other", async () => {
    const w = await build();
    const input = { accountId: w.account.beta, name: "Another" };
    const key = await w.as.beta.do<{ id: string; secret: string }>(
      "createApiKey",
      { input },
      "id secret",
    );
    // Known at the other node as soon as it has heard of the change.
    const live = await untilFollowed(two, key.secret, over);
    await w.as.beta.do("revokeApiKey", { id: key.id });
    const ending = await live.end();
    if (over === "socket") expect(ending).toMatchObject({ closed: 4403 });
    else expect(ending).toMatchObject({ code: "UNAUTHENTICATED" });
  });

  test("when one stops, its clients go on at the other with their cursor, and lose nothing", async () => {
    const w = await build();
    const three = await one.addNode();
    const live = subscribe(three.url, w.as.beta.key, () => one.beacon(), { over });
    await live.opened;
    const first = await released(w);
    expect(told([await live.next()])).toEqual(news(first));
    const [meanwhile] = await Promise.all([released(w), three.stop()]);
    const { closed } = await live.end();
    expect(closed).toBe(over === "socket" ? 1001 : 0);
    const heard: TestAlert[] = [];
    // What arrived before the end counts.
    for (;;) {
      try {
        heard.push(await live.next());
      } catch {
        break;
      }
    }
    const later = await released(w);
    const again = await two.subscribe(w.as.beta, { over, after: live.cursor });
    heard.push(...(await again.rest()));
    expect(told(heard)).toEqual(news(meanwhile, later));
  });
});

describe("a node whose clock is ahead", () => {
  let ahead: TestHub;
  beforeAll(async () => {
    ahead = await one.addNode(new TestClock(one.clock.now() + 20 * SECOND));
  });
  afterAll(() => ahead.stop());

  test("writes what the other delivers all the same, and what that one writes follows", async () => {
    const w = await build();
    const [here, there] = [await one.subscribe(w.as.beta), await ahead.subscribe(w.as.beta)];
    const first = await released(w, at(ahead, w.as.acme));
    const second = await released(w);
    const third = await released(w, at(ahead, w.as.acme));
    const heard = await here.rest();
    expect(told(heard)).toEqual(news(first, second, third));
    expect(await there.rest()).toEqual(heard);
    const times = heard.map((a) => a.at);
    expect(times).toEqual(times.toSorted());
    for (const node of [one, ahead]) {
      const seen = await replay(at(node, w.as.beta));
      expect(told(seen.slice(-3))).toEqual(news(first, second, third));
    }
  });

  test("suspends at once for the other too, and takes back at once", async () => {
    const w = await build();
    const live = await one.subscribe(w.as.beta);
    const before = await released(w);
    const id = w.membership["beta power"];
    await ahead.operator.do("suspendMembership", { id, reason: "x" });
    const hidden = await released(w);
    expect(await w.as.beta.ask("incident", { id: hidden })).toBeNull();
    await ahead.operator.do("resumeMembership", { id });
    const after = await released(w);
    expect(told(await live.rest())).toEqual([
      ["ITEM_RELEASED", before],
      ["MEMBERSHIP_CHANGED", null],
      ["ACCESS_ENDED", before],
      ["MEMBERSHIP_CHANGED", null],
      ...news(after),
    ]);
    expect(await w.as.beta.ask("incident", { id: after })).toEqual({ id: after });
  });
});

/** Subscribes with a key that was made a moment ago at another node. */
async function untilFollowed(node: TestHub, key: string, over: Transport) {
  for (;;) {
    const live = await node.subscribe({ key }, { over, filter: {} });
    const beacon = await node.beacon();
    try {
      await live.rest(beacon);
      return live;
    } catch {
      // Not known yet.
    }
  }
}
