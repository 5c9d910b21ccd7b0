import { replay } from "../support/alerts";
import type { Client } from "../support/client";
import { allDoors, doors, type Sought } from "../support/doors";
import { startTestHub, type TestHub } from "../support/hub";
import {
  agree,
  buildWorld,
  join,
  makeIncident,
  makeIndicator,
  propose,
  release,
} from "../support/world";

/** Acceptance cases 10 to 13 and 16: approval and anonymity. */
let hub: TestHub;
beforeAll(async () => {
  hub = await startTestHub();
});
afterAll(() => hub.stop());

const build = () =>
  buildWorld(hub, {
    organizations: ["acme", "beta", "gamma", "delta"],
    accounts: {
      acmeMember: { of: "acme", roles: ["MEMBER"] },
      acmePublisher: { of: "acme", roles: ["PUBLISHER"] },
    },
    groups: {
      power: { members: ["acme", "beta"] },
      water: { members: ["gamma"] },
    },
    agreements: [
      { from: "power", to: "power" },
      { from: "power", to: "water" },
    ],
  });
let shared: ReturnType<typeof build> | undefined;
const world = () => (shared ??= build());

describe("case 10: nothing leaves before the owner approved exactly that version", () => {
  test("a draft is seen by its owner alone, a submitted item also by the analyst, a proposed one still by nobody else", async () => {
    const w = await world();
    const live = await hub.subscribe(w.as.beta);
    const value = "198.51.100.10";
    const indicator = await makeIndicator(w.as.acmeMember, value, { name: "Raw name" });
    const id = await makeIncident(w.as.acmeMember, {
      title: "Raw title",
      summary: "The mail came from somebody@acme.example",
      indicatorIds: [indicator],
    });
    const incident: Sought = { kind: "incident", id, text: "Raw title" };
    const linked: Sought = { kind: "indicator", id: indicator, value, parent: id };
    const seenBy = async (client: Client): Promise<boolean[]> =>
      Promise.all(
        [incident, linked].map(async (item) => {
          const open = (await doors(client, item)).filter((d) => d !== "alerts");
          const all = allDoors(item).filter((d) => d !== "alerts");
          expect(open.length === 0 || open.length === all.length).toBe(true);
          return open.length > 0;
        }),
      );
    expect(await seenBy(w.as.acme)).toEqual([true, true]);
    expect(await seenBy(hub.operator)).toEqual([false, false]);
    expect(await seenBy(w.as.beta)).toEqual([false, false]);

    await w.as.acmeMember.do("submitIncident", { id });
    expect(await seenBy(hub.operator)).toEqual([true, true]);
    expect(await seenBy(w.as.beta)).toEqual([false, false]);

    const proposal = await propose(hub.operator, id, {
      groupIds: [w.group.power],
      fromGroupId: w.group.power,
      title: "Sanitised title",
    });
    expect(await seenBy(w.as.beta)).toEqual([false, false]);
    expect(await w.as.beta.ask("node", { id: proposal })).toBeNull();
    expect(await live.rest()).toEqual([]);

    await w.as.acmePublisher.do("approveRelease", { id: proposal });
    expect(await doors(w.as.beta, { ...incident, text: "Sanitised title" })).toEqual(
      allDoors(incident),
    );
    expect(await doors(w.as.beta, linked)).toEqual([]);
    expect(await w.as.beta.ask("incident", { id }, "title summary description")).toEqual({
      title: "Sanitised title",
      summary: null,
      description: null,
    });
    expect(await live.next()).toMatchObject({
      type: "ITEM_RELEASED",
      item: { title: "Sanitised title", summary: null },
    });
  });

  test("the raw wording finds nothing for those who are shown the sanitised one", async () => {
    const w = await world();
    const id = await makeIncident(w.as.acme, { title: "Zebra", summary: "Okapi" });
    await w.as.acme.do("submitIncident", { id });
    const proposal = await propose(hub.operator, id, { groupIds: [w.group.power], title: "Gnu" });
    await w.as.acme.do("approveRelease", { id: proposal });
    const count = (text: string) =>
      w.as.beta.ask<object>("incidents", { filter: { text } }, "totalCount");
    expect(await count("zebra")).toEqual({ totalCount: 0 });
    expect(await count("okapi")).toEqual({ totalCount: 0 });
    expect(await count("gnu")).toEqual({ totalCount: 1 });
  });

  test("a later wording of the analyst needs an approval of its own; until then the approved one is shown", async () => {
    const w = await world();
    const id = await makeIncident(w.as.acme);
    await w.as.acme.do("submitIncident", { id });
    const to = { groupIds: [w.group.power] };
    const first = await propose(hub.operator, id, { ...to, title: "First" });
    await w.as.acme.do("approveRelease", { id: first });
    const second = await propose(hub.operator, id, { ...to, title: "Second" });
    expect(await w.as.beta.ask("incident", { id }, "title")).toEqual({ title: "First" });
    await w.as.acme.do("rejectRelease", { id: second, reason: "Not that" });
    expect(await w.as.beta.ask("incident", { id }, "title")).toEqual({ title: "First" });
  });
});

describe("case 11: the owner withdraws", () => {
  test("no door serves it, open subscribers get a tombstone without content, and the owner knows who had it", async () => {
    const w = await world();
    const value = "198.51.100.11";
    const id = await makeIndicator(w.as.acme, value, { name: "Withdrawn soon" });
    const [live, live2] = [await hub.subscribe(w.as.beta), await hub.subscribe(w.as.gamma)];
    const made = await release(w.as.acme, id, { groupIds: [w.group.power] });
    const item: Sought = { kind: "indicator", id, value, text: "Withdrawn soon" };
    expect(await doors(w.as.beta, item)).toEqual(allDoors(item));
    const released = await live.next();
    await w.as.acme.do("withdrawRelease", { id: made, reason: "The owner's own reason" });
    expect(await doors(w.as.beta, item)).toEqual([]);
    const tombstone = {
      type: "ITEM_WITHDRAWN",
      itemId: id,
      item: null,
      subject: null,
      count: 1,
    };
    expect(await live.next()).toMatchObject(tombstone);
    expect(await live2.rest()).toEqual([]);
    // Replayed, the release itself is gone, and the tombstone stands.
    const replayed = await replay(w.as.beta, released.cursor);
    expect(replayed).toEqual([expect.objectContaining(tombstone)]);
    const { nodes } = await w.as.acme.ask<{ nodes: object[] }>(
      "disclosures",
      { itemId: id },
      "nodes { organization { id } path channel }",
    );
    expect(nodes).toContainEqual({
      organization: { id: w.org.beta },
      path: "AGREEMENT",
      channel: "query",
    });
    expect(nodes).toContainEqual({
      organization: { id: w.org.beta },
      path: "AGREEMENT",
      channel: "subscription",
    });
  });

  test("who still sees it by another release gets no tombstone", async () => {
    const w = await world();
    const id = await makeIncident(w.as.acme, { title: "Twice released" });
    const live = await hub.subscribe(w.as.beta);
    const toGroup = await release(w.as.acme, id, { groupIds: [w.group.power] });
    await release(w.as.acme, id, { organizationIds: [w.org.beta] });
    await w.as.acme.do("withdrawRelease", { id: toGroup, reason: "One of two" });
    expect((await live.rest()).map((a) => a.type)).toEqual(["ITEM_RELEASED", "ITEM_UPDATED"]);
    expect(await w.as.beta.ask("incident", { id }, "access { kind }")).toEqual({
      access: [{ kind: "BILATERAL" }],
    });
  });
});

describe("case 12: an approval for one group is none for another", () => {
  test("what was approved for power is seen in water only after an approval of its own", async () => {
    const w = await world();
    const live = await hub.subscribe(w.as.gamma);
    const id = await makeIncident(w.as.acme, { title: "Raw" });
    await w.as.acme.do("submitIncident", { id });
    const first = await propose(hub.operator, id, { groupIds: [w.group.power], title: "Onward" });
    await w.as.acme.do("approveRelease", { id: first });
    const item: Sought = { kind: "incident", id, text: "Onward" };
    expect(await doors(w.as.gamma, item)).toEqual([]);
    const second = await propose(hub.operator, id, { groupIds: [w.group.water], title: "Onward" });
    expect(await doors(w.as.gamma, item)).toEqual([]);
    expect(await live.rest()).toEqual([]);
    await w.as.acme.do("approveRelease", { id: second });
    expect(await doors(w.as.gamma, item)).toEqual(allDoors(item));
    expect(await live.next()).toMatchObject({ type: "ITEM_RELEASED", itemId: id });
  });

  test.each([
    ["does not see", false],
    ["sees, but is not alerted of,", true],
  ])("a later member %s what was released before (retroactive: %s)", async (_, retroactive) => {
    const w = await buildWorld(hub, {
      organizations: ["acme", "late"],
      groups: { power: { members: ["acme"] } },
    });
    const versionId = await agree(w, {
      from: "power",
      to: "power",
      terms: { retroactive },
      signedBy: ["acme"],
    });
    const live = await hub.subscribe(w.as.late);
    const value = "198.51.100.12";
    const id = await makeIndicator(w.as.acme, value, { name: "Before" });
    await release(w.as.acme, id, { groupIds: [w.group.power] });
    await join(w, "late", "power");
    await w.as.late.do("signAgreement", { versionId });
    const item: Sought = { kind: "indicator", id, value, text: "Before" };
    const all = allDoors(item).filter((d) => d !== "alerts");
    expect(await doors(w.as.late, item)).toEqual(retroactive ? all : []);
    const alerts = await live.rest();
    expect(alerts.filter((a) => a.itemId !== null)).toEqual([]);
  });
});

describe("case 13: an anonymous source cannot be inferred", () => {
  test("neither ids, nor times, nor state, nor releases, nor the source single the owner out", async () => {
    const w = await world();
    const id = await makeIncident(w.as.acme, { title: "Raw", attribution: "ANONYMOUS" });
    const own = await w.as.acme.ask<{ stixId: string }>("incident", { id }, "stixId createdAt");
    const made = await release(w.as.acme, id, {
      groupIds: [w.group.power, w.group.water],
      fromGroupId: w.group.power,
      withheldFields: [],
    });
    const selection = `stixId state createdAt updatedAt releases { id }
      source { attribution organization { id } sector }`;
    const seen = await w.as.beta.ask<{ stixId: string }>("incident", { id }, selection);
    expect(seen).toMatchObject({
      state: "RELEASED",
      releases: [],
      source: { attribution: "ANONYMOUS", organization: null },
    });
    expect(seen.stixId).toMatch(/^incident--[0-9a-f-]{36}$/);
    expect(seen.stixId).not.toBe(own.stixId);
    expect(seen).not.toHaveProperty(
      "createdAt",
      (own as unknown as { createdAt: string }).createdAt,
    );
    // The hub's id is the same for every reader, and none of them gets at the release.
    const other = await w.as.gamma.ask<{ stixId: string }>("incident", { id }, selection);
    expect(other.stixId).toBe(seen.stixId);
    expect(await w.as.beta.ask("node", { id: made })).toBeNull();
  });

  test("the preview warns where the group is so small that its source can be guessed", async () => {
    const w = await world();
    const id = await makeIncident(w.as.acme);
    const { warnings } = await w.as.acme.ask<{ warnings: string[] }>(
      "audiencePreview",
      { input: { itemId: id, groupIds: [w.group.power], tlp: "AMBER" } },
      "warnings",
    );
    expect(warnings.join(" ")).toMatch(/fewer than 3/);
  });
});

describe("case 16: who decides", () => {
  test("a second save that knows an older version is a conflict, not an overwrite", async () => {
    const w = await world();
    const id = await makeIncident(w.as.acme, { title: "One" });
    const { updatedAt } = await w.as.acme.ask<{ updatedAt: string }>(
      "incident",
      { id },
      "updatedAt",
    );
    const save = (title: string) => ({
      id,
      expectedUpdatedAt: updatedAt,
      input: { title, category: "malicious-code", tlp: "AMBER" },
    });
    await w.as.acme.do("updateIncident", save("Two"));
    expect(await w.as.acmeMember.code("updateIncident", save("Three"))).toBe("CONFLICT");
    expect(await w.as.acme.ask("incident", { id }, "title")).toEqual({ title: "Two" });
  });

  test("neither the analyst nor an ordinary user of the owner approves", async () => {
    const w = await world();
    const id = await makeIncident(w.as.acme);
    await w.as.acme.do("submitIncident", { id });
    const proposal = await propose(hub.operator, id, { groupIds: [w.group.power] });
    expect(await hub.operator.code("approveRelease", { id: proposal })).toBe("FORBIDDEN");
    expect(await w.as.acmeMember.code("approveRelease", { id: proposal })).toBe("FORBIDDEN");
    expect(await w.as.beta.code("approveRelease", { id: proposal })).toBe("NOT_FOUND");
    expect(await hub.operator.ask("node", { id: proposal }, "... on Release { state }")).toEqual({
      state: "PROPOSED",
    });
  });
});
