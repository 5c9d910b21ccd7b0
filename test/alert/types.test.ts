import { replay, type TestAlert } from "../support/alerts";
import type { Client } from "../support/client";
import { HOUR, makeAccount, startTestHub, type TestHub } from "../support/hub";
import {
  agree,
  buildWorld,
  join,
  makeIncident,
  makeIndicator,
  propose,
  release,
} from "../support/world";

/** Which alert goes to whom: the table of the design, row by row; what is heard live is what is replayed. */
let hub: TestHub;
beforeAll(async () => {
  hub = await startTestHub();
});
afterAll(() => hub.stop());

const build = () =>
  buildWorld(hub, {
    organizations: ["acme", "beta", "gamma", "outside"],
    accounts: {
      acmeReader: { of: "acme", roles: ["READER"] },
      acmePublisher: { of: "acme", roles: ["PUBLISHER"] },
      betaReader: { of: "beta", roles: ["READER"] },
      coordinator: { of: "outside", roles: ["READER"] },
    },
    groups: {
      power: { members: ["acme", "beta"], coordinators: ["coordinator"] },
      water: { members: ["gamma"] },
    },
    agreements: [
      { from: "power", to: "power" },
      { from: "power", to: "water" },
    ],
  });
let shared: ReturnType<typeof build> | undefined;
const world = () => (shared ??= build());
type Built = Awaited<ReturnType<typeof build>>;
type Name = keyof Built["as"] | "operator" | "second";

/** What happens, as each of these hears of it live; and each replays the same. */
async function heard(
  w: Built,
  names: readonly Name[],
  act: () => Promise<unknown>,
): Promise<Record<string, TestAlert[]>> {
  const clientOf = (name: Name): Client =>
    name === "operator" || name === "second" ? operators[name] : w.as[name];
  const clients = names.map(clientOf);
  const live = await hub.subscribeAll(clients);
  const start = live.map((subscription) => subscription.cursor);
  await act();
  const told = await hub.restOf(live);
  const again = await Promise.all(clients.map((client, i) => replay(client, start[i])));
  expect(again.map((alerts) => alerts.map((a) => a.cursor))).toEqual(
    told.map((alerts) => alerts.map((a) => a.cursor)),
  );
  await Promise.all(live.map((subscription) => subscription.close()));
  const result: Record<string, TestAlert[]> = {};
  names.forEach((name, i) => (result[name] = told[i] ?? []));
  return result;
}
const operators = {} as Record<"operator" | "second", Client>;
beforeAll(async () => {
  operators.operator = hub.operator;
  const roles = ["OPERATOR_ADMIN", "ANALYST"];
  operators.second = hub.as(
    (await makeAccount(hub, { organizationId: hub.operatorId, roles })).key,
  );
});
const types = (all: Record<string, TestAlert[]>): Record<string, string[]> =>
  Object.fromEntries(
    Object.entries(all).map(([name, alerts]) => [name, alerts.map((a) => a.type)]),
  );
const power = (w: Built) => ({ fromGroupId: w.group.power, groupIds: [w.group.power] });

describe("ITEM_RELEASED and ITEM_UPDATED", () => {
  test("a release is told to everybody whom it reaches, the owner left out", async () => {
    const w = await world();
    const id = await makeIncident(w.as.acme);
    const all = await heard(w, ["beta", "betaReader", "gamma", "outside", "acme", "operator"], () =>
      release(w.as.acme, id, { ...power(w), title: "Told" }),
    );
    expect(types(all)).toEqual({
      beta: ["ITEM_RELEASED"],
      betaReader: ["ITEM_RELEASED"],
      gamma: [],
      outside: [],
      acme: [],
      operator: [],
    });
    expect(all.beta?.[0]).toMatchObject({
      itemId: id,
      count: 1,
      group: { id: w.group.power },
      subject: null,
      item: { id, title: "Told", tlp: "AMBER" },
    });
  });

  test("a further release of it is an update for who sees it already, and a release for who does not", async () => {
    const w = await world();
    const id = await makeIncident(w.as.acme);
    await release(w.as.acme, id, { ...power(w), title: "First" });
    const all = await heard(w, ["beta", "gamma"], () =>
      release(w.as.acme, id, {
        fromGroupId: w.group.power,
        groupIds: [w.group.power, w.group.water],
        title: "Second",
      }),
    );
    expect(types(all)).toEqual({ beta: ["ITEM_UPDATED"], gamma: ["ITEM_RELEASED"] });
    expect(all.beta?.[0]?.item).toMatchObject({ title: "Second" });
  });

  test("an edit is told to those who are shown what changed", async () => {
    const w = await world();
    const input = { title: "T", category: "malicious-code", tlp: "AMBER", victim: "A hospital" };
    const id = await makeIncident(w.as.acme, input);
    await release(w.as.acme, id, power(w));
    const edit = (more: object) => () =>
      w.as.acme.do("updateIncident", { id, input: { ...input, ...more } });
    expect(types(await heard(w, ["beta", "gamma"], edit({ category: "fraud" })))).toEqual({
      beta: ["ITEM_UPDATED"],
      gamma: [],
    });
    const hidden = await heard(w, ["beta"], edit({ category: "fraud", victim: "Another" }));
    expect(types(hidden)).toEqual({ beta: [] });
    // The wording that readers have is a snapshot.
    const worded = await heard(
      w,
      ["beta"],
      edit({ category: "fraud", victim: "Another", title: "New" }),
    );
    expect(types(worded)).toEqual({ beta: [] });
  });

  test("raising the TLP is told to those who are shown another one, and to nobody else", async () => {
    const w = await build();
    const input = { title: "T", category: "fraud", tlp: "GREEN" };
    const id = await makeIncident(w.as.acme, input);
    await release(w.as.acme, id, { ...power(w), tlp: "GREEN" });
    await release(w.as.acme, id, { organizationIds: [w.org.gamma], tlp: "AMBER_STRICT" });
    const raised = await heard(w, ["beta", "gamma"], () =>
      w.as.acme.do("updateIncident", { id, input: { ...input, tlp: "AMBER" } }),
    );
    expect(types(raised)).toEqual({ beta: ["ITEM_UPDATED"], gamma: [] });
    expect(raised.beta?.[0]?.item).toMatchObject({ tlp: "AMBER" });
  });

  test("the analysts are told when an item becomes an envelope to them, and when it opens again", async () => {
    const w = await world();
    const input = { title: "T", category: "fraud", tlp: "AMBER" };
    const id = await makeIncident(w.as.acme, input);
    await w.as.acme.do("submitIncident", { id });
    const mark = (tlp: string, category = "fraud") =>
      heard(w, ["operator"], () =>
        w.as.acme.do("updateIncident", { id, input: { ...input, tlp, category } }),
      );
    expect(types(await mark("RED"))).toEqual({ operator: ["ITEM_UPDATED"] });
    expect(types(await mark("RED", "malicious-code"))).toEqual({ operator: [] });
    expect(types(await mark("AMBER", "malicious-code"))).toEqual({ operator: ["ITEM_UPDATED"] });
  });

  test("a repeat in a bundle that adds a label to a released indicator is an edit too", async () => {
    const w = await world();
    const id = await makeIndicator(w.as.acme, "198.51.100.115", { labels: ["one"] });
    await release(w.as.acme, id, power(w));
    const object = {
      type: "indicator",
      id: "indicator--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f",
      pattern: "[ipv4-addr:value = '198.51.100.115']",
      pattern_type: "stix",
      labels: ["two"],
    };
    const all = await heard(w, ["beta", "gamma"], () =>
      w.as.acme.do(
        "submitBundle",
        { bundle: { type: "bundle", objects: [object] }, tlp: "AMBER" },
        "merged",
      ),
    );
    expect(await w.as.beta.ask("indicator", { id }, "labels")).toEqual({
      labels: expect.arrayContaining(["one", "two"]),
    });
    expect(types(all)).toEqual({ beta: ["ITEM_UPDATED"], gamma: [] });
  });

  test("the owner hears of its own acts only when it asks", async () => {
    const w = await world();
    const start =
      (await replay(w.as.acmeReader, null, { includeOwn: true })).at(-1)?.cursor ?? null;
    const id = await makeIncident(w.as.acme);
    await release(w.as.acme, id, power(w));
    expect(await replay(w.as.acmeReader, start, { includeOwn: false })).toEqual([]);
    expect(await replay(w.as.acmeReader, start, { includeOwn: null })).toEqual([]);
    const own = await replay(w.as.acmeReader, start, { includeOwn: true });
    expect(own.map((a) => a.itemId)).toEqual([id]);
  });
});

describe("ITEM_WITHDRAWN and ACCESS_ENDED", () => {
  test("a withdrawal is told by the bare id to exactly those who saw it", async () => {
    const w = await world();
    const id = await makeIncident(w.as.acme);
    const made = await release(w.as.acme, id, power(w));
    const all = await heard(w, ["beta", "betaReader", "gamma", "outside"], () =>
      w.as.acme.do("withdrawRelease", { id: made, reason: "Confidential reason" }),
    );
    expect(types(all)).toEqual({
      beta: ["ITEM_WITHDRAWN"],
      betaReader: ["ITEM_WITHDRAWN"],
      gamma: [],
      outside: [],
    });
    expect(all.beta?.[0]).toMatchObject({ itemId: id, item: null, subject: null });
    expect(JSON.stringify(all.beta)).not.toContain("Confidential");
  });

  test("a stricter release in the older one's place ends the access of those whom it no longer reaches", async () => {
    const w = await buildWorld(hub, {
      organizations: ["acme", "beta"],
      accounts: { mssp: { of: "beta", roles: ["MEMBER"], affiliation: "CONTRACTOR" } },
      groups: { power: { members: ["acme", "beta"] } },
      agreements: [{ from: "power", to: "power" }],
    });
    const id = await makeIncident(w.as.acme);
    await release(w.as.acme, id, { groupIds: [w.group.power] });
    const [mssp, beta] = [await hub.subscribe(w.as.mssp), await hub.subscribe(w.as.beta)];
    await release(w.as.acme, id, { groupIds: [w.group.power], tlp: "AMBER_STRICT" });
    expect((await mssp.rest()).map((a) => [a.type, a.itemId, a.item])).toEqual([
      ["ACCESS_ENDED", id, null],
    ]);
    expect((await beta.rest()).map((a) => a.type)).toEqual(["ITEM_UPDATED"]);
  });

  test("raising the item's TLP ends access, told by the bare id", async () => {
    const w = await world();
    const id = await makeIncident(w.as.acme);
    await release(w.as.acme, id, power(w));
    const input = { title: "T", category: "malicious-code", tlp: "RED" };
    const all = await heard(w, ["beta", "gamma"], () =>
      w.as.acme.do("updateIncident", { id, input }),
    );
    expect(types(all)).toEqual({ beta: ["ACCESS_ENDED"], gamma: [] });
    expect(all.beta?.[0]).toMatchObject({ itemId: id, item: null, subject: null });
  });

  test("raising the TLP ends what the item itself gave to contractors, and is told to them", async () => {
    const w = await buildWorld(hub, {
      organizations: ["acme"],
      accounts: {
        acmeMssp: { of: "acme", roles: ["MEMBER"], affiliation: "CONTRACTOR" },
        acmeReader: { of: "acme", roles: ["READER"] },
      },
    });
    const id = await makeIncident(w.as.acme);
    const input = { title: "Ransomware", category: "malicious-code", tlp: "AMBER_STRICT" };
    const live = await hub.subscribeAll([w.as.acmeMssp, w.as.acmeReader]);
    await w.as.acme.do("updateIncident", { id, input });
    const [mssp = [], reader] = await hub.restOf(live);
    expect(mssp).toMatchObject([{ type: "ACCESS_ENDED", itemId: id, item: null }]);
    expect(reader).toEqual([]);
    // It stays in the log as it was, though the item is marked otherwise again.
    const start = (await replay(w.as.acmeMssp)).at(-1)?.cursor ?? null;
    await w.as.acme.do("updateIncident", { id, input: { ...input, tlp: "GREEN" } });
    expect((await replay(w.as.acmeMssp)).map((a) => a.type)).toEqual(["ACCESS_ENDED"]);
    const since = await replay(w.as.acmeMssp, start, { includeOwn: true });
    expect(since.map((a) => a.type)).toEqual(["ITEM_UPDATED"]);
  });

  test("the end of an agreement, of a membership, and of time are told likewise", async () => {
    const w = await build();
    const [one, two] = [await makeIncident(w.as.acme), await makeIncident(w.as.acme)];
    await release(w.as.acme, one, power(w));
    await release(w.as.acme, two, { fromGroupId: w.group.power, groupIds: [w.group.water] });
    const ended = (alerts: TestAlert[] | undefined) =>
      alerts?.filter((a) => a.type === "ACCESS_ENDED").map((a) => [a.itemId, a.item, a.subject]);
    const terminated = await heard(w, ["beta", "gamma"], () =>
      hub.operator.do("terminateAgreement", { versionId: w.versions[1], reason: "x" }),
    );
    expect(ended(terminated.beta)).toEqual([]);
    expect(ended(terminated.gamma)).toEqual([[two, null, null]]);
    const left = await heard(w, ["beta"], () =>
      w.as.beta.do("endMembership", { id: w.membership["beta power"], reason: "x" }),
    );
    // By its own act: told only when asked for its own.
    expect(ended(left.beta)).toEqual([[one, null, null]]);
  });

  test("those that the clock ends are written by the sweep", async () => {
    const w = await world();
    await hub.sweep();
    const id = await makeIncident(w.as.acme);
    await release(w.as.acme, id, { ...power(w), expiresAt: hub.clock.in(HOUR) });
    const live = await hub.subscribe(w.as.beta);
    hub.clock.advance(HOUR + 1_000);
    expect(await w.as.beta.ask("incident", { id })).toBeNull();
    await hub.sweep();
    const ended = { type: "ACCESS_ENDED", itemId: id, item: null, subject: null };
    expect(await live.rest()).toMatchObject([ended]);
    // Swept once, it is told once.
    await hub.sweep();
    expect(await live.rest()).toEqual([]);
  });

  test("those that the clock ended are told also where the first sweep comes after them", async () => {
    const fresh = await startTestHub();
    try {
      const w = await buildWorld(fresh, { organizations: ["acme", "beta"] });
      const id = await makeIncident(w.as.acme);
      await release(w.as.acme, id, {
        organizationIds: [w.org.beta],
        expiresAt: fresh.clock.in(HOUR),
      });
      fresh.clock.advance(HOUR + 1_000);
      await fresh.sweep();
      expect((await replay(w.as.beta)).at(-1)).toMatchObject({ type: "ACCESS_ENDED", itemId: id });
    } finally {
      await fresh.stop();
    }
  });
});

describe("SIGHTING_ADDED", () => {
  test("is told to the owner and to those whom the sighting reaches", async () => {
    const w = await buildWorld(hub, {
      organizations: ["acme", "beta", "delta", "gamma"],
      groups: { power: { members: ["acme", "beta", "delta"] }, water: { members: ["gamma"] } },
      agreements: [
        { from: "power", to: "power" },
        { from: "power", to: "water" },
      ],
    });
    const id = await makeIndicator(w.as.acme, "198.51.100.111");
    await release(w.as.acme, id, {
      fromGroupId: w.group.power,
      groupIds: [w.group.power, w.group.water],
    });
    const names = ["acme", "beta", "delta", "gamma"] as const;
    const live = await Promise.all(names.map((name) => hub.subscribe(w.as[name])));
    await w.as.beta.do("recordSighting", { indicatorId: id, count: 3 });
    const told: Record<string, string[]> = {};
    for (const [i, name] of names.entries())
      told[name] = (await live[i]?.rest())?.map((a) => `${a.type} ${a.itemId}`) ?? [];
    expect(told).toEqual({
      acme: [`SIGHTING_ADDED ${id}`],
      beta: [],
      delta: [`SIGHTING_ADDED ${id}`],
      gamma: [],
    });
  });

  test("is judged by the marking that its author was shown, not by the item's own", async () => {
    const w = await buildWorld(hub, {
      organizations: ["acme", "beta", "delta"],
      groups: { power: { members: ["acme", "beta", "delta"] } },
      agreements: [{ from: "power", to: "power", terms: { tlpCeiling: "GREEN" } }],
    });
    const id = await makeIndicator(w.as.acme, "198.51.100.112", { tlp: "AMBER_STRICT" });
    await release(w.as.acme, id, {
      fromGroupId: w.group.power,
      groupIds: [w.group.power],
      tlp: "GREEN",
    });
    const live = await hub.subscribe(w.as.delta);
    await w.as.beta.do("recordSighting", { indicatorId: id, count: 3 });
    const told = (await live.rest()).map((a) => `${a.type} ${a.itemId}`);
    expect(told).toEqual([`SIGHTING_ADDED ${id}`]);
  });
});

describe("RELEASE_PROPOSED and RELEASE_DECIDED", () => {
  test("are told to the owner's PUBLISHERs and ORG_ADMINs and to the operator's analysts", async () => {
    const w = await world();
    const id = await makeIncident(w.as.acme);
    await w.as.acme.do("submitIncident", { id });
    let made = "";
    const names = ["acme", "acmePublisher", "acmeReader", "beta"] as const;
    const proposed = await heard(w, names, async () => {
      made = await propose(hub.operator, id, power(w));
    });
    expect(types(proposed)).toEqual({
      acme: ["RELEASE_PROPOSED"],
      acmePublisher: ["RELEASE_PROPOSED"],
      acmeReader: [],
      beta: [],
    });
    expect(proposed.acme?.[0]).toMatchObject({
      item: { id },
      itemId: id,
      subject: { __typename: "Release", id: made },
    });
    const decided = await heard(w, ["operator", "second", "acme"], () =>
      w.as.acme.do("rejectRelease", { id: made, reason: "x" }),
    );
    expect(types(decided)).toEqual({
      operator: ["RELEASE_DECIDED"],
      second: ["RELEASE_DECIDED"],
      acme: [],
    });
    expect(decided.operator?.[0]?.subject).toEqual({ __typename: "Release", id: made });
  });
});

describe("MEMBERSHIP_CHANGED", () => {
  test("is told to the organization, the group's coordinators and the operator", async () => {
    const w = await build();
    const id = w.membership["beta power"];
    const names = [
      "beta",
      "betaReader",
      "coordinator",
      "second",
      "acme",
      "gamma",
      "outside",
    ] as const;
    const all = await heard(w, names, () =>
      hub.operator.do("suspendMembership", { id, reason: "x" }),
    );
    const only = Object.fromEntries(
      Object.entries(types(all)).map(([n, t]) => [
        n,
        t.filter((x) => x === "MEMBERSHIP_CHANGED").length,
      ]),
    );
    // `second` is of the operator, whose own act it is.
    expect(only).toEqual({
      beta: 1,
      betaReader: 1,
      coordinator: 1,
      second: 0,
      acme: 0,
      gamma: 0,
      outside: 0,
    });
    expect(all.coordinator?.[0]).toMatchObject({
      item: null,
      itemId: null,
      group: { id: w.group.power },
      subject: { __typename: "Membership", id },
    });
    const byOther = await heard(w, ["second", "operator"], () =>
      w.as.beta.do("endMembership", { id, reason: "x" }),
    );
    expect(types(byOther)).toEqual({
      second: ["MEMBERSHIP_CHANGED"],
      operator: ["MEMBERSHIP_CHANGED"],
    });
  });

  test("tells an invited organization, which is no member yet", async () => {
    const w = await build();
    const all = await heard(w, ["outside"], () =>
      hub.operator.do("inviteMember", { groupId: w.group.power, organizationId: w.org.outside }),
    );
    expect(types(all)).toEqual({ outside: ["MEMBERSHIP_CHANGED"] });
  });
});

describe("AGREEMENT_CHANGED", () => {
  test("is told to the ORG_ADMINs of active members of both groups, the coordinators and the operator", async () => {
    const w = await build();
    const names = [
      "acme",
      "acmeReader",
      "acmePublisher",
      "gamma",
      "coordinator",
      "outside",
    ] as const;
    let versionId = "";
    const all = await heard(w, names, async () => {
      versionId = await agree(w, { from: "power", to: "water" });
    });
    expect(types(all)).toEqual({
      acme: ["AGREEMENT_CHANGED"],
      acmeReader: [],
      acmePublisher: [],
      gamma: ["AGREEMENT_CHANGED"],
      coordinator: ["AGREEMENT_CHANGED"],
      outside: [],
    });
    expect(all.acme?.[0]).toMatchObject({
      item: null,
      subject: { __typename: "AgreementVersion", id: versionId },
    });
  });

  test("a draft is told to nobody, a signature to coordinators and the operator", async () => {
    const w = await build();
    const versionId = await agree(w, { from: "power", to: "power" });
    const signed = await heard(w, ["acme", "gamma", "coordinator", "operator"], () =>
      w.as.beta.do("signAgreement", { versionId }),
    );
    expect(types(signed)).toEqual({
      acme: [],
      gamma: [],
      coordinator: ["AGREEMENT_CHANGED"],
      operator: ["AGREEMENT_CHANGED"],
    });
    const drafted = await heard(w, ["acme", "gamma"], () =>
      hub.operator.do("draftAgreement", {
        input: {
          title: "x",
          fromGroupId: w.group.power,
          toGroupId: w.group.power,
          terms: { kinds: ["INCIDENT"], tlpCeiling: "AMBER" },
        },
      }),
    );
    expect(types(drafted)).toEqual({ acme: [], gamma: [] });
  });

  test("a signature that stands already is told to nobody", async () => {
    const w = await world();
    const all = await heard(w, ["coordinator", "operator"], () =>
      w.as.beta.do("signAgreement", { versionId: w.versions[0] }),
    );
    expect(types(all)).toEqual({ coordinator: [], operator: [] });
  });
});

describe("ACCOUNT_CHANGED", () => {
  test("is told to the organization's ORG_ADMINs when somebody of another organization acts on its accounts", async () => {
    const w = await world();
    const names = ["beta", "betaReader", "acme"] as const;
    let accountId = "";
    const made = await heard(w, names, async () => {
      const input = {
        organizationId: w.org.beta,
        email: "planted@example.jp",
        displayName: "Planted",
        roles: ["ORG_ADMIN"],
      };
      accountId = (await hub.operator.do("createAccount", { input })).id;
    });
    expect(types(made)).toEqual({ beta: ["ACCOUNT_CHANGED"], betaReader: [], acme: [] });
    expect(made.beta?.[0]?.subject).toEqual({ __typename: "Account", id: accountId });
    const acts = [
      () => hub.operator.do("createApiKey", { input: { accountId, name: "x" } }),
      () => hub.operator.do("disableAccount", { id: accountId }),
      () => hub.operator.do("enableAccount", { id: accountId }),
    ];
    for (const act of acts)
      expect(types(await heard(w, ["beta"], act))).toEqual({ beta: ["ACCOUNT_CHANGED"] });
  });

  test("is not told of what the organization does itself", async () => {
    const w = await world();
    const all = await heard(w, ["beta"], () =>
      w.as.beta.do("createApiKey", { input: { accountId: w.account.betaReader, name: "x" } }),
    );
    expect(types(all)).toEqual({ beta: [] });
  });
});

test("a member that joins is not told of what was released before, though the agreement is retroactive", async () => {
  const w = await buildWorld(hub, {
    organizations: ["acme", "late"],
    groups: { power: { members: ["acme"] } },
    agreements: [{ from: "power", to: "power", terms: { retroactive: true } }],
  });
  const id = await makeIncident(w.as.acme);
  await release(w.as.acme, id, { groupIds: [w.group.power] });
  await join(w, "late", "power");
  await w.as.late.do("signAgreement", { versionId: w.versions[0] });
  expect(await w.as.late.ask("incident", { id })).toEqual({ id });
  expect((await replay(w.as.late)).filter((a) => a.itemId !== null)).toEqual([]);
});
