import { replay } from "../support/alerts";
import type { Arguments, Client } from "../support/client";
import { allDoors, doors, type Sought } from "../support/doors";
import { DAY, HOUR, makeAccount, MINUTE, startTestHub, type TestHub } from "../support/hub";
import { agree, buildWorld, join, makeIncident, makeIndicator, release } from "../support/world";

/** Acceptance cases 17 to 20, 22 and 24, sentence by sentence: what time and membership do to rights. */
let hub: TestHub;
beforeAll(async () => {
  hub = await startTestHub();
});
afterAll(() => hub.stop());

const pair = (terms: Arguments = {}, more: object = {}) =>
  buildWorld(hub, {
    organizations: ["acme", "beta"],
    groups: { power: { members: ["acme", "beta"] } },
    agreements: [{ from: "power", to: "power", terms, ...more }],
  });
type Pair = Awaited<ReturnType<typeof pair>>;
async function shared(w: Pair, value: string): Promise<Sought> {
  const id = await makeIndicator(w.as.acme, value);
  await release(w.as.acme, id, { groupIds: [w.group.power] });
  return { kind: "indicator", id, value };
}
/** The next midnight in Asia/Tokyo that lies at least a day ahead, as the API takes it with that offset. */
function tokyoMidnight(): { text: string; at: number; lastDay: string } {
  const offset = 9 * HOUR;
  const at = (Math.floor((hub.clock.now() + offset) / DAY) + 2) * DAY - offset;
  const day = (ms: number): string => new Date(ms + offset).toISOString().slice(0, 10);
  return { text: `${day(at)}T00:00:00+09:00`, at, lastDay: day(at - 1) };
}

describe("case 17: an agreement that runs to the end of a day in Japan", () => {
  test("is in force to the last millisecond of its last day in Asia/Tokyo, and not at midnight", async () => {
    const { text, at, lastDay } = tokyoMidnight();
    const w = await pair({}, { effectiveUntil: text });
    const until = new Date(at).toISOString();
    expect(until.slice(11)).toBe("15:00:00.000Z");
    const item = await shared(w, "192.0.2.171");
    expect(await w.as.beta.ask("indicator", { id: item.id }, "access { until }")).toEqual({
      access: [{ until }],
    });
    hub.clock.advance(at - 1 - hub.clock.now());
    expect(new Date(hub.clock.now() + 9 * HOUR).toISOString()).toBe(`${lastDay}T23:59:59.999Z`);
    expect(await doors(w.as.beta, item)).toEqual(allDoors(item));
    hub.clock.advance(1);
    expect(await doors(w.as.beta, item)).toEqual([]);
    const state = (id: string | undefined) =>
      hub.operator.ask("node", { id }, "... on AgreementVersion { state effectiveUntil }");
    expect(await state(w.versions[0])).toEqual({ state: "TERMINATED", effectiveUntil: until });
  });

  test("ends for an open subscription with a typed reason, and carries nothing that was on its way", async () => {
    const { text, at } = tokyoMidnight();
    const w = await pair({}, { effectiveUntil: text });
    const admin = await hub.subscribe(w.as.beta);
    const before = await shared(w, "192.0.2.172");
    const first = await admin.next();
    await admin.close();
    // Released in time, and not yet delivered when the time is up.
    hub.clock.advance(at - MINUTE - hub.clock.now());
    const inFlight = await shared(w, "192.0.2.173");
    hub.clock.advance(MINUTE);
    await hub.sweep();
    const again = await hub.subscribe(w.as.beta, { after: first.cursor });
    const heard = await again.rest();
    expect(heard.filter((a) => a.item !== null)).toEqual([]);
    expect(heard.filter((a) => a.type === "ITEM_RELEASED")).toEqual([]);
    expect(heard).toContainEqual(
      expect.objectContaining({
        type: "AGREEMENT_CHANGED",
        subject: { __typename: "AgreementVersion", id: w.versions[0] },
      }),
    );
    const ended = heard.filter((a) => a.type === "ACCESS_ENDED");
    expect(ended.map((a) => String(a.itemId)).toSorted()).toEqual(
      [before.id, inFlight.id].toSorted(),
    );
    expect(ended.every((a) => a.at === new Date(at).toISOString())).toBe(true);
    // What comes after the instant is no longer released at all.
    const late = await makeIndicator(w.as.acme, "192.0.2.174");
    const input = { itemId: late, tlp: "AMBER", groupIds: [w.group.power] };
    expect((await w.as.acme.refused("releaseItem", { input })).issues).toEqual({
      "input.groupIds.0": "no agreement from the owner's group to this group is in force",
    });
  });

  test("leaves a reader in the middle of a list and of a walk below an incident with nothing further", async () => {
    const w = await pair({}, { effectiveUntil: hub.clock.in(HOUR) });
    const values = ["192.0.2.175", "192.0.2.176", "192.0.2.177"];
    const indicatorIds: string[] = [];
    for (const value of values) indicatorIds.push((await shared(w, value)).id);
    const id = await makeIncident(w.as.acme, { title: "Walked", indicatorIds });
    await release(w.as.acme, id, { groupIds: [w.group.power] });
    const page = "nodes { id } totalCount pageInfo { endCursor hasNextPage }";
    interface Page {
      nodes: object[];
      pageInfo: { endCursor: string; hasNextPage: boolean };
    }
    const list = await w.as.beta.ask<Page>("indicators", { first: 1 }, page);
    const below = await w.as.beta.ask<{ indicators: Page }>(
      "incident",
      { id },
      `indicators(first: 1) { ${page} }`,
    );
    expect([list.pageInfo.hasNextPage, below.indicators.pageInfo.hasNextPage]).toEqual([
      true,
      true,
    ]);
    hub.clock.advance(HOUR);
    const after = list.pageInfo.endCursor;
    expect(await w.as.beta.ask("indicators", { first: 1, after }, page)).toMatchObject({
      nodes: [],
      totalCount: 0,
      pageInfo: { hasNextPage: false },
    });
    const { endCursor } = below.indicators.pageInfo;
    expect(
      await w.as.beta.ask(
        "incident",
        { id },
        `indicators(first: 1, after: "${endCursor}") { ${page} }`,
      ),
    ).toBeNull();
  });
});

describe("case 18: a member is suspended and comes back", () => {
  test("where the agreement is retroactive it reads what was issued meanwhile, and is still not alerted of it", async () => {
    const w = await pair({ retroactive: true });
    const live = await hub.subscribe(w.as.beta);
    const before = await shared(w, "192.0.2.181");
    const { cursor } = await live.next();
    const id = w.membership["beta power"];
    await hub.operator.do("suspendMembership", { id, reason: "Under inquiry" });
    const meanwhile = await shared(w, "192.0.2.182");
    expect(await doors(w.as.beta, before)).toEqual([]);
    expect(await doors(w.as.beta, meanwhile)).toEqual([]);
    await hub.operator.do("resumeMembership", { id });
    const reading = allDoors(meanwhile).filter((d) => d !== "alerts");
    expect(await doors(w.as.beta, meanwhile)).toEqual(reading);
    for (const heard of [await live.rest(), await replay(w.as.beta, cursor)])
      expect(heard.flatMap((a) => a.item?.id ?? [])).toEqual([]);
  });

  test("its accounts, keys and watches stay, and find nothing until it is back", async () => {
    const w = await pair();
    const { id: watch } = await w.as.beta.do("createWatch", {
      input: { name: "Ours", values: ["192.0.2.0/24"] },
    });
    const id = w.membership["beta power"];
    await hub.operator.do("suspendMembership", { id, reason: "Under inquiry" });
    const filter = { types: ["WATCH_MATCHED"], watchIds: [watch] };
    const live = await hub.subscribe(w.as.beta, { filter, after: null });
    await shared(w, "192.0.2.183");
    await hub.operator.do("resumeMembership", { id });
    const after = await shared(w, "192.0.2.184");
    expect(await live.next()).toMatchObject({ type: "WATCH_MATCHED", itemId: after.id });
    expect((await replay(w.as.beta, null, filter)).map((a) => a.itemId)).toEqual([after.id]);
  });
});

describe("case 19: a person takes the same login to another organization", () => {
  test("nothing that was the old account's opens anything: key, list cursor, watch, release to the person", async () => {
    const w = await buildWorld(hub, {
      organizations: ["acme", "beta", "gamma"],
      groups: { power: { members: ["acme", "gamma"] }, water: { members: ["beta"] } },
      agreements: [
        { from: "power", to: "power" },
        { from: "water", to: "water" },
      ],
    });
    const email = "hanako.sato@example.jp";
    const accountIn = async (organizationId: string): Promise<{ id: string; client: Client }> => {
      const input = { organizationId, email, displayName: "Hanako", roles: ["MEMBER"] };
      const { id } = await hub.operator.do("createAccount", { input });
      const key = { accountId: id, name: "Laptop" };
      const made = await hub.operator.do<{ secret: string }>(
        "createApiKey",
        { input: key },
        "secret",
      );
      const own = await hub
        .as(made.secret)
        .do<{ secret: string }>("createApiKey", { input: key }, "secret");
      return { id, client: hub.as(own.secret) };
    };
    const old = await accountIn(w.org.acme);
    const red = await makeIncident(w.as.gamma, { title: "For Hanako of acme", tlp: "RED" });
    await release(w.as.gamma, red, { accountIds: [old.id], tlp: "RED" });
    const item: Sought = { kind: "incident", id: red, text: "For Hanako" };
    expect(await doors(old.client, item)).toEqual(allDoors(item));
    const { id: watch } = await old.client.do("createWatch", {
      input: { name: "Of acme", text: "Hanako" },
    });
    for (const title of ["One", "Two"]) {
      const id = await makeIncident(w.as.gamma, { title });
      await release(w.as.gamma, id, { groupIds: [w.group.power] });
    }
    const { pageInfo } = await old.client.ask<{ pageInfo: { endCursor: string } }>(
      "incidents",
      { first: 1 },
      "pageInfo { endCursor }",
    );
    // The same address may be in use in two organizations for as long as the move takes; neither learns of the other.
    const now = await accountIn(w.org.beta);
    await hub.operator.do("disableAccount", { id: old.id });
    expect(await old.client.code("incidents", {}, "totalCount")).toBe("UNAUTHENTICATED");
    expect(await doors(now.client, item)).toEqual([]);
    const page = { first: 10, after: pageInfo.endCursor };
    expect(await now.client.ask("incidents", page, "totalCount nodes { id }")).toEqual({
      totalCount: 0,
      nodes: [],
    });
    expect(await now.client.ask("watches")).toEqual([]);
    expect(await now.client.ask("node", { id: watch })).toBeNull();
    expect(await now.client.code("deleteWatch", { id: watch })).toBe("NOT_FOUND");
    expect(await now.client.ask("node", { id: old.id })).toBeNull();
    // Nor does a release to the person reach the old account any more.
    const again = { itemId: red, accountIds: [old.id], tlp: "RED" };
    expect(await w.as.gamma.code("releaseItem", { input: again })).toBe("BAD_USER_INPUT");
  });
});

describe("case 20: a member leaves a group", () => {
  test("its own submissions stay under its control: it edits, raises and withdraws, and shares no further from there", async () => {
    const w = await pair();
    const id = await makeIncident(w.as.beta, { title: "Of the leaver", severity: "low" });
    const made = await release(w.as.beta, id, { groupIds: [w.group.power], withheldFields: [] });
    await w.as.beta.do("endMembership", { id: w.membership["beta power"], reason: "We left" });
    const input = { title: "Of the leaver", category: "malicious-code", severity: "high" };
    await w.as.beta.do("updateIncident", { id, input: { ...input, tlp: "AMBER" } });
    expect(await w.as.acme.ask("incident", { id }, "severity")).toEqual({ severity: "high" });
    await w.as.beta.do("updateIncident", { id, input: { ...input, tlp: "AMBER_STRICT" } });
    expect(await w.as.acme.ask("incident", { id }, "tlp")).toEqual({ tlp: "AMBER_STRICT" });
    const further = { itemId: id, tlp: "AMBER", groupIds: [w.group.power] };
    expect(await w.as.beta.code("releaseItem", { input: further })).toBe("BAD_USER_INPUT");
    expect(await w.as.acme.code("withdrawRelease", { id: made, reason: "x" })).toBe("NOT_FOUND");
    await w.as.beta.do("withdrawRelease", { id: made, reason: "Leaving" });
    expect(await w.as.acme.ask("incident", { id })).toBeNull();
  });
});

describe("case 22: the version in force when an item was shared", () => {
  test("is shown with it to its reader, whatever came into force since, and decides", async () => {
    const w = await pair({ withheldFields: ["labels"] });
    const old = await shared(w, "192.0.2.221");
    const terms = { withheldFields: [], retention: "P30D" };
    await agree(w, { from: "power", to: "power", terms, signedBy: ["acme", "beta"] });
    const fresh = await shared(w, "192.0.2.222");
    const version = (item: Sought) =>
      w.as.beta.ask(
        "indicator",
        { id: item.id },
        "access { agreementVersion { number terms { retention } } }",
      );
    expect(await version(old)).toEqual({
      access: [{ agreementVersion: { number: 1, terms: { retention: null } } }],
    });
    expect(await version(fresh)).toEqual({
      access: [{ agreementVersion: { number: 2, terms: { retention: "P30D" } } }],
    });
  });

  test("a wider one widens nothing before both signed it: neither what is released to nor by who has not", async () => {
    const w = await pair({ tlpCeiling: "GREEN" });
    const versionId = await agree(w, {
      from: "power",
      to: "power",
      terms: { tlpCeiling: "AMBER" },
      signedBy: ["beta"],
    });
    const id = await makeIncident(w.as.acme, { title: "Amber" });
    const input = { itemId: id, tlp: "AMBER", groupIds: [w.group.power] };
    expect((await w.as.acme.refused("releaseItem", { input })).issues).toEqual({
      "input.groupIds.0": "the TLP is above the agreement's ceiling",
    });
    await w.as.acme.do("signAgreement", { versionId });
    await w.as.acme.do("releaseItem", { input });
    expect(await w.as.beta.ask("incident", { id })).toEqual({ id });
  });
});

describe("case 24: no right reaches back", () => {
  test("a draft whose beginning has passed is not proposed, and grants nothing", async () => {
    const w = await pair();
    const fresh = await buildWorld(hub, {
      organizations: ["one"],
      groups: { g: { members: ["one"] } },
    });
    const { id: versionId } = await hub.operator.do("draftAgreement", {
      input: {
        title: "Soon",
        fromGroupId: fresh.group.g,
        toGroupId: fresh.group.g,
        terms: { kinds: ["INCIDENT"], tlpCeiling: "AMBER" },
        effectiveFrom: hub.clock.in(MINUTE),
      },
    });
    hub.clock.advance(2 * MINUTE);
    expect(await hub.operator.code("proposeAgreement", { versionId })).toBe("BAD_USER_INPUT");
    expect(await fresh.as.one.ask("viewer", {}, "grants { kind }")).toEqual({ grants: [] });
    expect(w.versions).toHaveLength(1);
  });

  test("an agreement that begins later opens nothing that was released before, to a group that had none", async () => {
    const w = await buildWorld(hub, {
      organizations: ["acme", "beta", "late"],
      groups: { power: { members: ["acme", "beta"] }, water: { members: ["late"] } },
      agreements: [{ from: "power", to: "power" }],
    });
    const id = await makeIncident(w.as.acme, { title: "Before the agreement" });
    await release(w.as.acme, id, { groupIds: [w.group.power] });
    await agree(w, {
      from: "power",
      to: "water",
      terms: { retroactive: true },
      signedBy: ["acme", "late"],
    });
    const item: Sought = { kind: "incident", id, text: "Before the agreement" };
    expect(await doors(w.as.late, item)).toEqual([]);
  });

  test("a clock that is set back brings no ended right back, and no act before the end", async () => {
    const w = await pair({}, { effectiveUntil: hub.clock.in(HOUR) });
    const item = await shared(w, "192.0.2.241");
    hub.clock.advance(HOUR);
    expect(await doors(w.as.beta, item)).toEqual([]);
    hub.clock.advance(-30 * MINUTE);
    try {
      expect(await doors(w.as.beta, item)).toEqual([]);
      const id = await makeIndicator(w.as.acme, "192.0.2.242");
      const input = { itemId: id, tlp: "AMBER", groupIds: [w.group.power] };
      expect(await w.as.acme.code("releaseItem", { input })).toBe("BAD_USER_INPUT");
    } finally {
      hub.clock.advance(30 * MINUTE);
    }
  });

  test("an expired agreement deletes nothing: the owner has its items and their history, and retention runs on", async () => {
    const w = await pair({ retention: "P30D" }, { effectiveUntil: hub.clock.in(HOUR) });
    const item = await shared(w, "192.0.2.243");
    hub.clock.advance(HOUR);
    const owned = await w.as.acme.ask<object>(
      "indicator",
      { id: item.id },
      "pattern releases { state } audienceHistory { tlp organizations { id } }",
    );
    expect(owned).toEqual({
      pattern: `[ipv4-addr:value = '${item.value}']`,
      releases: [{ state: "RELEASED" }],
      audienceHistory: [{ tlp: "AMBER", organizations: [] }],
    });
    const node = await w.as.acme.ask(
      "node",
      { id: w.versions[0] },
      "... on AgreementVersion { state }",
    );
    expect(node).toEqual({ state: "TERMINATED" });
    // Under a new one what was released while the right was held is read again, for as long as it is retained.
    await agree(w, {
      from: "power",
      to: "power",
      terms: { retention: "P30D" },
      signedBy: ["acme", "beta"],
    });
    expect(await w.as.beta.ask("indicator", { id: item.id })).toEqual({ id: item.id });
    hub.clock.advance(30 * DAY);
    expect(await doors(w.as.beta, item)).toEqual([]);
    expect(await w.as.acme.ask("indicator", { id: item.id })).toEqual({ id: item.id });
  });

  test("a key that was made before its account's organization joined opens what is released from then on alone", async () => {
    const w = await buildWorld(hub, {
      organizations: ["acme", "late"],
      groups: { power: { members: ["acme"] } },
    });
    const versionId = await agree(w, { from: "power", to: "power", signedBy: ["acme"] });
    const { key } = await makeAccount(hub, { organizationId: w.org.late, roles: ["READER"] });
    const before = await makeIncident(w.as.acme, { title: "Before" });
    await release(w.as.acme, before, { groupIds: [w.group.power] });
    await join(w, "late", "power");
    await w.as.late.do("signAgreement", { versionId });
    const after = await makeIncident(w.as.acme, { title: "After" });
    await release(w.as.acme, after, { groupIds: [w.group.power] });
    expect(await hub.as(key).ask("incidents", {}, "nodes { id }")).toEqual({
      nodes: [{ id: after }],
    });
  });
});
