import { replay } from "../support/alerts";
import { allDoors, doors, type Sought } from "../support/doors";
import { DAY, HOUR, makeAccount, SECOND, startTestHub, type TestHub } from "../support/hub";
import { agree, buildWorld, join, makeIncident, makeIndicator, release } from "../support/world";

/** Acceptance cases 17 to 22 and 24: agreements and membership over time. */
let hub: TestHub;
beforeAll(async () => {
  hub = await startTestHub();
});
afterAll(() => hub.stop());

const pair = (terms: object = {}, more: object = {}) =>
  buildWorld(hub, {
    organizations: ["acme", "beta"],
    groups: { power: { members: ["acme", "beta"] } },
    agreements: [{ from: "power", to: "power", terms: { ...terms }, ...more }],
  });

describe("case 17: the agreement ends while a subscription is open", () => {
  test("from the instant of its end nothing is served, by query, page or alert", async () => {
    const w = await pair({}, { effectiveUntil: hub.clock.in(HOUR) });
    const live = await hub.subscribe(w.as.beta);
    const items: Sought[] = [];
    for (const value of ["198.51.100.31", "198.51.100.32", "198.51.100.33"]) {
      const id = await makeIndicator(w.as.acme, value);
      await release(w.as.acme, id, { groupIds: [w.group.power] });
      items.push({ kind: "indicator", id, value });
    }
    const page = await w.as.beta.ask<{ pageInfo: { endCursor: string } }>(
      "indicators",
      { first: 1 },
      "totalCount pageInfo { endCursor hasNextPage }",
    );
    expect(page).toMatchObject({ totalCount: 3, pageInfo: { hasNextPage: true } });
    expect(await live.rest()).toHaveLength(3);

    hub.clock.advance(HOUR);
    for (const item of items) expect(await doors(w.as.beta, item)).toEqual([]);
    const next = { first: 1, after: page.pageInfo.endCursor };
    expect(await w.as.beta.ask("indicators", next, "totalCount nodes { id }")).toEqual({
      totalCount: 0,
      nodes: [],
    });
    const ended = await live.rest();
    expect(ended.every((a) => a.item === null)).toBe(true);
  });

  test("until the millisecond before it everything is served", async () => {
    const w = await pair({}, { effectiveUntil: hub.clock.in(HOUR) });
    const value = "198.51.100.34";
    const id = await makeIndicator(w.as.acme, value);
    await release(w.as.acme, id, { groupIds: [w.group.power] });
    hub.clock.advance(HOUR - 1);
    const item: Sought = { kind: "indicator", id, value };
    expect(await doors(w.as.beta, item)).toEqual(allDoors(item));
    hub.clock.advance(1);
    expect(await doors(w.as.beta, item)).toEqual([]);
  });

  test("retention ends reading of each item in its own time", async () => {
    const w = await pair({ retention: "P7D" });
    const [first, second] = ["198.51.100.35", "198.51.100.36"];
    const one = await makeIndicator(w.as.acme, first);
    await release(w.as.acme, one, { groupIds: [w.group.power] });
    hub.clock.advance(DAY);
    const two = await makeIndicator(w.as.acme, second);
    await release(w.as.acme, two, { groupIds: [w.group.power] });
    hub.clock.advance(6 * DAY + SECOND);
    expect(await doors(w.as.beta, { kind: "indicator", id: one, value: first })).toEqual([]);
    const kept: Sought = { kind: "indicator", id: two, value: second };
    expect(await doors(w.as.beta, kept)).toEqual(allDoors(kept));
    hub.clock.advance(DAY);
    expect(await doors(w.as.beta, kept)).toEqual([]);
  });

  test("a release that expires is gone at every door, and its state says so to the owner", async () => {
    const w = await pair();
    const id = await makeIncident(w.as.acme, { title: "For an hour" });
    const made = await release(w.as.acme, id, {
      groupIds: [w.group.power],
      expiresAt: hub.clock.in(HOUR),
    });
    const item: Sought = { kind: "incident", id, text: "For an hour" };
    expect(await doors(w.as.beta, item)).toEqual(allDoors(item));
    hub.clock.advance(HOUR);
    expect(await doors(w.as.beta, item)).toEqual([]);
    expect(await w.as.acme.ask("node", { id: made }, "... on Release { state }")).toEqual({
      state: "EXPIRED",
    });
  });
});

describe("case 18: a member is suspended while it is connected", () => {
  test("it gets nothing more, and reinstatement replays nothing of what was released meanwhile", async () => {
    const w = await pair();
    const live = await hub.subscribe(w.as.beta);
    const make = async (value: string): Promise<Sought> => {
      const id = await makeIndicator(w.as.acme, value);
      await release(w.as.acme, id, { groupIds: [w.group.power] });
      return { kind: "indicator", id, value };
    };
    const before = await make("198.51.100.41");
    const { cursor } = await live.next();
    const id = w.membership["beta power"];
    await hub.operator.do("suspendMembership", { id, reason: "Under inquiry" });
    const meanwhile = await make("198.51.100.42");
    expect(await doors(w.as.beta, before)).toEqual([]);
    expect(await doors(w.as.beta, meanwhile)).toEqual([]);
    const heard = await live.rest();
    expect(heard.filter((a) => a.item !== null || a.itemId === meanwhile.id)).toEqual([]);

    await hub.operator.do("resumeMembership", { id });
    const after = await make("198.51.100.43");
    expect(await doors(w.as.beta, before)).toEqual(allDoors(before));
    expect(await doors(w.as.beta, meanwhile)).toEqual([]);
    expect(await doors(w.as.beta, after)).toEqual(allDoors(after));
    const items = (await live.rest()).flatMap((a) => a.item?.id ?? []);
    expect(items).toEqual([after.id]);
    const replayed = (await replay(w.as.beta, cursor)).flatMap((a) => a.item?.id ?? []);
    expect(replayed).toEqual([after.id]);
  });

  test("who saw something immediately before gets ACCESS_ENDED with the bare id, and nobody else does", async () => {
    const w = await pair();
    const id = await makeIncident(w.as.acme, { title: "Lost by suspension" });
    await release(w.as.acme, id, { groupIds: [w.group.power] });
    const hidden = await makeIncident(w.as.acme, { title: "Never seen" });
    const [live, owner] = [await hub.subscribe(w.as.beta), await hub.subscribe(w.as.acme)];
    await hub.operator.do("suspendMembership", {
      id: w.membership["beta power"],
      reason: "Under inquiry",
    });
    const ended = (await live.rest()).filter((a) => a.type === "ACCESS_ENDED");
    expect(ended).toEqual([
      expect.objectContaining({ itemId: id, item: null, subject: null, count: 1 }),
    ]);
    expect(ended.some((a) => a.itemId === hidden)).toBe(false);
    expect((await owner.rest()).filter((a) => a.type === "ACCESS_ENDED")).toEqual([]);
  });
});

describe("case 19: a person moves from one organization to another", () => {
  test("the new account gains what the new one has, and the old cursor opens nothing of the old one's", async () => {
    const w = await buildWorld(hub, {
      organizations: ["acme", "beta"],
      groups: { power: { members: ["acme"] }, water: { members: ["beta"] } },
      agreements: [
        { from: "power", to: "power" },
        { from: "water", to: "water" },
      ],
    });
    const email = "taro.yamada@example.jp";
    const accountIn = async (organizationId: string) => {
      const input = { organizationId, email, displayName: "Taro", roles: ["MEMBER"] };
      const { id: accountId } = await hub.operator.do("createAccount", { input });
      const key = await hub.operator.do<{ secret: string }>(
        "createApiKey",
        { input: { accountId, name: "Laptop" } },
        "secret",
      );
      return { accountId, client: hub.as(key.secret) };
    };
    const old = await accountIn(w.org.acme);
    const incident = await makeIncident(w.as.acme, { title: "Of acme" });
    const live = await hub.subscribe(old.client, { filter: { includeOwn: true } });
    const made = await release(w.as.acme, incident, { groupIds: [w.group.power] });
    expect(made).toBeTruthy();
    const { cursor } = await live.next();

    await hub.operator.do("disableAccount", { id: old.accountId });
    expect(await live.end()).toMatchObject({ closed: 4403 });
    expect(await old.client.code("viewer")).toBe("UNAUTHENTICATED");
    const now = await accountIn(w.org.beta);
    const other = await makeIncident(w.as.beta, { title: "Of beta" });
    await release(w.as.beta, other, { groupIds: [w.group.water] });
    expect(await now.client.ask("incident", { id: incident })).toBeNull();
    expect(await now.client.ask("incident", { id: other })).toEqual({ id: other });
    const seen = await replay(now.client, cursor, { includeOwn: true });
    expect(seen.flatMap((a) => a.itemId ?? [])).toEqual([other]);
  });
});

describe("case 20: a member leaves one group and stays in another", () => {
  test("what was shared to both it sees by the other alone, and its own submissions stay its own", async () => {
    const w = await buildWorld(hub, {
      organizations: ["acme", "beta"],
      groups: { power: { members: ["acme", "beta"] }, water: { members: ["beta"] } },
      agreements: [
        { from: "power", to: "power" },
        { from: "power", to: "water" },
      ],
    });
    const make = async (value: string, groups: string[]): Promise<Sought> => {
      const id = await makeIndicator(w.as.acme, value);
      await release(w.as.acme, id, { groupIds: groups, fromGroupId: w.group.power });
      return { kind: "indicator", id, value };
    };
    const both = await make("198.51.100.51", [w.group.power, w.group.water]);
    const powerOnly = await make("198.51.100.52", [w.group.power]);
    const own = await makeIncident(w.as.beta, { title: "Of the leaver" });
    const ownRelease = await release(w.as.beta, own, {
      groupIds: [w.group.power],
      fromGroupId: w.group.power,
    });
    const access = () =>
      w.as.beta.ask("indicator", { id: both.id }, "access { kind group { id } }");
    expect(await access()).toEqual({
      access: expect.arrayContaining([
        { kind: "AGREEMENT", group: { id: w.group.power } },
        { kind: "AGREEMENT", group: { id: w.group.water } },
      ]),
    });
    const live = await hub.subscribe(w.as.beta);
    await w.as.beta.do("endMembership", { id: w.membership["beta power"], reason: "We left" });
    expect(await access()).toEqual({
      access: [{ kind: "AGREEMENT", group: { id: w.group.water } }],
    });
    expect(await doors(w.as.beta, both)).toEqual(allDoors(both));
    expect(await doors(w.as.beta, powerOnly)).toEqual([]);
    const tombstones = (await live.rest()).filter((a) => a.type === "ACCESS_ENDED");
    expect(tombstones.map((a) => a.itemId)).toEqual([powerOnly.id]);
    // Its own: still seen by the group, still its own to withdraw.
    expect(await w.as.acme.ask("incident", { id: own }, "title")).not.toBeNull();
    await w.as.beta.do("withdrawRelease", { id: ownRelease, reason: "Leaving" });
    expect(await w.as.acme.ask("incident", { id: own })).toBeNull();
    expect(await w.as.beta.ask("incident", { id: own }, "title")).toEqual({
      title: "Of the leaver",
    });
  });
});

describe("case 22: a new version binds those who signed it", () => {
  test("a version of a later day that no longer covers it ends what the viewer is told, before it does", async () => {
    const w = await pair();
    const id = await makeIncident(w.as.acme);
    await release(w.as.acme, id, { groupIds: [w.group.power] });
    const until = async (): Promise<string | null | undefined> =>
      (
        await w.as.beta.ask<{ access: { until: string | null }[] } | null>(
          "incident",
          { id },
          "access { until }",
        )
      )?.access[0]?.until;
    expect(await until()).toBeNull();
    const effectiveFrom = hub.clock.in(DAY);
    const next = { from: "power", to: "power", effectiveFrom, signedBy: ["acme", "beta"] };
    await agree(w, { ...next, terms: { tlpCeiling: "GREEN" } });
    expect(await until()).toBe(effectiveFrom);
    hub.clock.advance(DAY - 1);
    expect(await until()).toBe(effectiveFrom);
    hub.clock.advance(1);
    expect(await until()).toBeUndefined();
  });

  test("a version of a later day that shortens the retention ends it by that", async () => {
    const w = await pair({ retention: "P30D" });
    const id = await makeIncident(w.as.acme);
    await release(w.as.acme, id, { groupIds: [w.group.power] });
    const effectiveFrom = hub.clock.in(DAY);
    const next = { from: "power", to: "power", effectiveFrom, signedBy: ["acme", "beta"] };
    await agree(w, { ...next, terms: { retention: "P2D" } });
    const ends = async (): Promise<number> => {
      const { access, createdAt } = await w.as.beta.ask<{
        access: { until: string }[];
        createdAt: string;
      }>("incident", { id }, "createdAt access { until }");
      return Date.parse(access[0]?.until ?? "") - Date.parse(createdAt);
    };
    expect(await ends()).toBe(2 * DAY);
    hub.clock.advance(DAY);
    expect(await ends()).toBe(2 * DAY);
  });

  test("it widens nothing for who has not signed, and the version of the release is shown", async () => {
    const w = await pair({ tlpCeiling: "GREEN" });
    const old = await makeIncident(w.as.acme, { title: "Old", tlp: "GREEN" });
    await release(w.as.acme, old, { groupIds: [w.group.power], tlp: "GREEN" });
    await agree(w, {
      from: "power",
      to: "power",
      terms: { tlpCeiling: "AMBER" },
      signedBy: ["acme"],
    });
    const amber = await makeIncident(w.as.acme, { title: "Amber", tlp: "AMBER" });
    await release(w.as.acme, amber, { groupIds: [w.group.power] });
    const item: Sought = { kind: "incident", id: amber, text: "Amber" };
    expect(await doors(w.as.beta, item)).toEqual([]);
    expect(
      await w.as.beta.ask("incident", { id: old }, "access { agreementVersion { number } }"),
    ).toEqual({ access: [{ agreementVersion: { number: expect.any(Number) } }] });
  });

  test("it narrows at once, also for who has not signed", async () => {
    const w = await pair();
    const id = await makeIncident(w.as.acme, { title: "Amber once" });
    await release(w.as.acme, id, { groupIds: [w.group.power] });
    const item: Sought = { kind: "incident", id, text: "Amber once" };
    expect(await doors(w.as.beta, item)).toEqual(allDoors(item));
    await agree(w, { from: "power", to: "power", terms: { tlpCeiling: "GREEN" }, signedBy: [] });
    expect(await doors(w.as.beta, item)).toEqual([]);
  });

  test("who never signs the new version keeps the narrower of the two for signWithin, and then nothing", async () => {
    const w = await pair();
    const versionId = await agree(w, {
      from: "power",
      to: "power",
      signWithin: "P10D",
      signedBy: ["acme"],
    });
    const id = await makeIncident(w.as.acme, { title: "In the meantime" });
    await release(w.as.acme, id, { groupIds: [w.group.power] });
    const item: Sought = { kind: "incident", id, text: "In the meantime" };
    expect(await doors(w.as.beta, item)).toEqual(allDoors(item));
    hub.clock.advance(10 * DAY - HOUR);
    expect(await w.as.beta.ask("incident", { id })).toEqual({ id });
    hub.clock.advance(HOUR + SECOND);
    expect(await doors(w.as.beta, item)).toEqual([]);
    // It signs late: what was released in a period that it held is open again.
    await w.as.beta.do("signAgreement", { versionId });
    expect(await w.as.beta.ask("incident", { id })).toEqual({ id });
  });
});

describe("case 24: no right reaches back", () => {
  test("an agreement that begins in the past is refused", async () => {
    const w = await pair();
    const refusal = await hub.operator.refused("draftAgreement", {
      input: {
        title: "Backdated",
        fromGroupId: w.group.power,
        toGroupId: w.group.power,
        terms: { kinds: ["INCIDENT"], tlpCeiling: "RED" },
        effectiveFrom: hub.clock.in(-1),
      },
    });
    expect(refusal.code).toBe("BAD_USER_INPUT");
    expect(Object.keys(refusal.issues)).toEqual(["input.effectiveFrom"]);
  });

  test("who joins after a release does not see it, and who rejoins has lost what it had", async () => {
    const w = await pair();
    const late = await buildWorld(hub, { organizations: ["late"] });
    const id = await makeIncident(w.as.acme, { title: "Before" });
    await release(w.as.acme, id, { groupIds: [w.group.power] });
    expect(await w.as.beta.ask("incident", { id })).toEqual({ id });
    await w.as.beta.do("endMembership", { id: w.membership["beta power"], reason: "Leaving" });
    await join(w, "beta", "power");
    expect(await w.as.beta.ask("incident", { id })).toBeNull();
    expect(await late.as.late.ask("incident", { id })).toBeNull();
  });
});

test("an account made for nobody in particular sees nothing of a group that its organization is not in", async () => {
  const w = await pair();
  const id = await makeIncident(w.as.acme, { title: "Inside" });
  await release(w.as.acme, id, { groupIds: [w.group.power] });
  const outside = await buildWorld(hub, { organizations: ["outside"] });
  const { key } = await makeAccount(hub, {
    organizationId: outside.org.outside,
    roles: ["READER"],
  });
  expect(await doors(hub.as(key), { kind: "incident", id, text: "Inside" })).toEqual([]);
});
