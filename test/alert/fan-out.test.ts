import { type AlertSubscription, replay, type TestAlert } from "../support/alerts";
import type { Client } from "../support/client";
import { HOUR, MINUTE, startTestHub, type TestHub } from "../support/hub";
import { agree, buildWorld, join, makeIncident, makeIndicator, release } from "../support/world";

/** All that many can be told alike. */
const SHARED = `cursor type at count itemId group { id name } subject { __typename id }
  item { id stixId tlp pap createdAt updatedAt source { attribution sector organization { name } } redactions { field reason }
    access { kind until group { id } agreementVersion { id number } }
    ... on Incident { title summary category victim contact } ... on Indicator { name pattern observables { type value } labels } ... on Advisory { title } }`;
/** One field of it is each viewer's own. */
const OWN = `${SHARED} item { ... on Indicator { score sightingCount } ... on Incident { releases { id } } }`;

const INCIDENT = {
  title: "Outage",
  category: "intrusions",
  tlp: "AMBER",
  victim: "Plant",
  contact: "desk@acme.example",
};
const MEMBERS = ["acme", "beta", "gamma", "delta"] as const;
let hub: TestHub;
let w: Awaited<ReturnType<typeof build>>;
const build = () =>
  buildWorld(hub, {
    organizations: [...MEMBERS, "water", "outside"],
    accounts: {
      reader: { of: "beta", roles: ["READER"] },
      contractor: { of: "beta", roles: ["READER"], affiliation: "CONTRACTOR" },
      analyst: { of: "gamma", roles: ["MEMBER"] },
    },
    groups: { power: { members: [...MEMBERS] }, water: { members: ["acme", "water"] } },
    agreements: [
      { from: "power", to: "power", terms: { retention: "P30D" } },
      { from: "power", to: "water", terms: { withheldFields: ["victim", "contact"] } },
    ],
  });
beforeAll(async () => {
  hub = await startTestHub();
  w = await build();
});
afterAll(() => hub.stop());

/** Somebody who listens, as often as is said, with one question. */
interface Listener {
  name: string;
  client: Client;
  selection: string;
  live: AlertSubscription[];
  cursor: string | null;
}

async function listen(): Promise<Listener[]> {
  const who = { ...w.as, foreign: w.foreign.beta, operator: hub.operator, nobody: hub.anonymous };
  const listeners: Listener[] = [];
  for (const [name, client] of Object.entries(who)) {
    for (const selection of name === "nobody" ? [SHARED] : [SHARED, OWN]) {
      const live = await hub.subscribeAll([client, client], { selection });
      listeners.push({ name, client, selection, live, cursor: live[0]?.cursor ?? null });
    }
  }
  return listeners;
}

/** After an act everybody has heard, in each of its subscriptions, what it would be told if it asked. */
async function heardAlike(listeners: readonly Listener[]): Promise<string[]> {
  const heard: string[] = [];
  const beacon = await hub.beacon();
  for (const listener of listeners) {
    const { name, client, selection, live, cursor } = listener;
    const told = await replay(client, cursor, null, 100, selection);
    const lives = await Promise.all(live.map((one) => one.rest(beacon)));
    for (const alerts of lives) expect([name, alerts]).toEqual([name, told]);
    listener.cursor = live[0]?.cursor ?? null;
    if (selection === SHARED) heard.push(...told.map((a: TestAlert) => `${name} ${a.type}`));
  }
  return heard.toSorted();
}

test("whoever shares a class hears live exactly what it would be told alone, whatever happens", async () => {
  const power = { fromGroupId: w.group.power, groupIds: [w.group.power] };
  const listeners = await listen();
  const edit = (input: object) =>
    w.as.acme.do("updateIncident", { id: incident, input: { ...INCIDENT, ...input } });
  const heard: Record<string, string[]> = {};
  const act = async (what: string, work: () => Promise<unknown>): Promise<void> => {
    await work();
    hub.clock.advance(MINUTE);
    heard[what] = await heardAlike(listeners);
  };
  let incident = "";
  let indicator = "";
  const made: Record<string, string> = {};
  await act("released to a group", async () => {
    incident = await makeIncident(w.as.acme, INCIDENT);
    made.first = await release(w.as.acme, incident, power);
  });
  await act("released to two, by name, and to one account", async () => {
    const both = { fromGroupId: w.group.power, groupIds: [w.group.power, w.group.water] };
    indicator = await makeIndicator(w.as.acme, "198.51.100.7");
    await release(w.as.acme, indicator, { ...both, tlp: "AMBER" });
    await release(w.as.acme, incident, { organizationIds: [w.org.gamma] });
    const named = await makeIncident(w.as.acme, { tlp: "RED" });
    await release(w.as.acme, named, { accountIds: [w.account.analyst, w.account.reader] });
  });
  await act("updated", async () => {
    await edit({ category: "fraud" });
  });
  await act("superseded", async () => {
    await release(w.as.acme, incident, { ...power, title: "Again", tlp: "AMBER" });
  });
  await act("a member joins late, and an older release is told of anew", async () => {
    w.membership["late power"] = await join(w, "outside", "power");
    await w.as.outside.do("signAgreement", { versionId: w.versions[0] });
    await edit({ severity: "high" });
  });
  await act("superseded by another", async () => {
    made.third = await release(w.as.acme, incident, { ...power, title: "Third" });
  });
  await act("seen", async () => {
    await w.as.beta.do("recordSighting", { indicatorId: indicator });
  });
  await act("suspended, released, resumed", async () => {
    const id = w.membership["delta power"];
    await hub.operator.do("suspendMembership", { id, reason: "x" });
    made.missed = await makeIncident(w.as.acme);
    await release(w.as.acme, made.missed, power);
    await hub.operator.do("resumeMembership", { id });
  });
  await act("what one missed is updated", () =>
    w.as.acme.do("updateIncident", {
      id: made.missed ?? "",
      input: { ...INCIDENT, severity: "low" },
    }),
  );
  await act("withdrawn", () =>
    w.as.acme.do("withdrawRelease", { id: made.third ?? "", reason: "x" }),
  );
  await act("another agreement", async () => {
    await agree(w, { from: "water", to: "power", signedBy: ["acme", "beta", "gamma", "water"] });
    await release(w.as.acme, await makeIncident(w.as.acme), {
      fromGroupId: w.group.water,
      groupIds: [w.group.power],
    });
  });
  await act("over by the clock", async () => {
    hub.clock.advance(31 * 24 * HOUR);
    await hub.sweep();
  });
  expect(heard).toMatchSnapshot();
}, 120_000);

test("a class costs one decision and one execution, however many it has and whenever they joined", async () => {
  const own = await build();
  const { counts } = hub.running.hub.fanOut;
  const to = { fromGroupId: own.group.power, groupIds: [own.group.power] };
  const clients = MEMBERS.slice(1).map((name) => own.as[name]);
  const lives = await hub.subscribeAll(
    clients.flatMap((client) => [client, client, client]),
    { selection: SHARED },
  );
  const incident = await makeIncident(own.as.acme);
  const before = { ...counts };
  await release(own.as.acme, incident, to);
  expect(await Promise.all(lives.map((live) => live.next()))).toHaveLength(9);
  const { deliveries, executions } = counts;
  expect({
    deliveries: deliveries - before.deliveries,
    executions: executions - before.executions,
  }).toEqual({ deliveries: 9, executions: 1 });
});

test("watches of many organizations add to what their class is told", async () => {
  const own = await build();
  const to = { fromGroupId: own.group.power, groupIds: [own.group.power] };
  const watched = async (name: "beta" | "gamma", values: string[]) =>
    (await own.as[name].do("createWatch", { input: { name: `${name}'s`, values } })).id;
  const [ofBeta, ofGamma] = [
    await watched("beta", ["192.0.2.0/24"]),
    await watched("gamma", ["192.0.2.7"]),
  ];
  const filter = { types: ["WATCH_MATCHED"] };
  const listeners = [own.as.beta, own.as.reader, own.as.gamma, own.as.delta];
  const lives = await hub.subscribeAll(listeners, { selection: SHARED, filter, after: null });
  const [near, exact] = [
    await makeIndicator(own.as.acme, "192.0.2.8"),
    await makeIndicator(own.as.acme, "192.0.2.7"),
  ];
  for (const id of [near, exact]) await release(own.as.acme, id, to);
  const subjects = async (live: AlertSubscription | undefined, n: number): Promise<string[]> => {
    const alerts: TestAlert[] = [];
    while (alerts.length < n) alerts.push((await live?.next()) as TestAlert);
    return alerts.map((a) => `${a.itemId} ${a.subject?.id}`);
  };
  const [beta, reader, gamma] = lives;
  const both = [`${near} ${ofBeta}`, `${exact} ${ofBeta}`];
  expect(await subjects(beta, 2)).toEqual(both);
  expect(await subjects(reader, 2)).toEqual(both);
  expect(await subjects(gamma, 1)).toEqual([`${exact} ${ofGamma}`]);
  expect(await replay(own.as.delta, null, filter)).toEqual([]);
});

test("who could not be told of an entry is told to come back, and gets it then", async () => {
  const own = await build();
  const live = await hub.subscribe(own.as.beta, { selection: SHARED });
  const start = live.cursor;
  const incident = await makeIncident(own.as.acme);
  const seal = jest.spyOn(hub.running.hub.logCursor, "seal").mockImplementation(() => {
    throw new Error("a fault");
  });
  await release(own.as.acme, incident, {
    fromGroupId: own.group.power,
    groupIds: [own.group.power],
  });
  expect(await live.end()).toMatchObject({ code: "INTERNAL" });
  seal.mockRestore();
  const again = await hub.subscribe(own.as.beta, { selection: SHARED, after: start });
  expect(await again.next()).toMatchObject({ type: "ITEM_RELEASED", itemId: incident });
});
