import { replay } from "../support/alerts";
import type { Arguments } from "../support/client";
import { allDoors, doors, type Sought } from "../support/doors";
import { startTestHub, type TestHub } from "../support/hub";
import { walk } from "../support/pages";
import { buildWorld, makeIncident, makeIndicator, propose, release } from "../support/world";

/** Acceptance cases 6 and 10 to 12, sentence by sentence: links, what was approved, and what is withdrawn. */
let hub: TestHub;
let w: Awaited<ReturnType<typeof build>>;
const build = () =>
  buildWorld(hub, {
    organizations: ["acme", "beta", "gamma"],
    groups: { power: { members: ["acme", "beta"] }, water: { members: ["gamma"] } },
    agreements: [
      { from: "power", to: "power" },
      { from: "power", to: "water" },
    ],
  });
beforeAll(async () => {
  hub = await startTestHub();
  w = await build();
});
afterAll(() => hub.stop());

const toPower = (): Arguments => ({ groupIds: [w.group.power] });
const toWater = (): Arguments => ({ groupIds: [w.group.water], fromGroupId: w.group.power });

describe("case 6: what links to a hidden item names it nowhere", () => {
  const below = (id: string) =>
    w.as.beta.ask<{ indicators: { totalCount: number; nodes: { id: string }[] } }>(
      "incident",
      { id },
      "indicators { totalCount nodes { id } }",
    );

  test("a page of links is as long as there are visible ones, walked one by one or counted", async () => {
    const ids: string[] = [];
    for (let i = 0; i < 5; i++) ids.push(await makeIndicator(w.as.acme, `192.0.2.${60 + i}`));
    const incident = await makeIncident(w.as.acme, { title: "Five below", indicatorIds: ids });
    await release(w.as.acme, incident, toPower());
    const shown = [ids[0], ids[2], ids[4]] as string[];
    for (const id of shown) await release(w.as.acme, id, toPower());
    const walked: string[] = [];
    for (let after: string | null = null, more = true; more;) {
      const args = `first: 1${after === null ? "" : `, after: "${after}"`}`;
      const page: {
        indicators: {
          nodes: { id: string }[];
          pageInfo: { endCursor: string; hasNextPage: boolean };
        };
      } = await w.as.beta.ask(
        "incident",
        { id: incident },
        `indicators(${args}) { nodes { id } pageInfo { endCursor hasNextPage } }`,
      );
      walked.push(...page.indicators.nodes.map((n) => n.id));
      ({ endCursor: after, hasNextPage: more } = page.indicators.pageInfo);
    }
    expect(walked.toSorted()).toEqual(shown.toSorted());
    expect((await below(incident)).indicators.totalCount).toBe(3);
  });

  test("a link appears with the release of what it names and goes with its withdrawal, in lists and in alerts alike", async () => {
    const value = "192.0.2.66";
    const indicator = await makeIndicator(w.as.acme, value);
    const incident = await makeIncident(w.as.acme, {
      title: "One below",
      indicatorIds: [indicator],
    });
    const { id: advisory } = await w.as.acme.do("createAdvisory", {
      input: { title: "About both", body: "b", tlp: "AMBER", aboutIds: [incident, indicator] },
    });
    const live = await hub.subscribe(w.as.beta);
    await release(w.as.acme, incident, toPower());
    await release(w.as.acme, advisory, toPower());
    const about = async () =>
      (
        await w.as.beta.ask<{ nodes: { id: string; about: { id: string }[] }[] }>(
          "advisories",
          { text: "About both" },
          "nodes { id about { id } }",
        )
      ).nodes.flatMap((n) => n.about.map((a) => a.id));
    expect((await below(incident)).indicators).toEqual({ totalCount: 0, nodes: [] });
    expect(await about()).toEqual([incident]);
    expect(JSON.stringify(await live.rest())).not.toContain(indicator);
    const made = await release(w.as.acme, indicator, toPower());
    const item: Sought = { kind: "indicator", id: indicator, value, parent: incident };
    expect(await doors(w.as.beta, item)).toEqual(allDoors(item));
    expect((await about()).toSorted()).toEqual([incident, indicator].toSorted());
    await w.as.acme.do("withdrawRelease", { id: made, reason: "Over" });
    expect(await doors(w.as.beta, item)).toEqual([]);
    expect(await about()).toEqual([incident]);
  });

  test("a sighting of what one sees by one release is counted for nobody who sees another's assertion of the value", async () => {
    const value = "192.0.2.67";
    const hidden = await makeIndicator(w.as.gamma, value);
    const shown = await makeIndicator(w.as.acme, value);
    await release(w.as.acme, shown, toPower());
    await w.as.gamma.do("recordSighting", { indicatorId: hidden, count: 5 });
    expect(
      await w.as.beta.ask(
        "lookup",
        { values: [value] },
        "sightingCount indicators { id sightingCount }",
      ),
    ).toEqual([{ sightingCount: 0, indicators: [{ id: shown, sightingCount: 0 }] }]);
  });
});

describe("case 10: approved is exactly what was proposed", () => {
  test("each wording of the analyst stands for itself: approving one approves no other, before or after", async () => {
    const id = await makeIncident(w.as.acme, { title: "Raw" });
    await w.as.acme.do("submitIncident", { id });
    const first = await propose(hub.operator, id, { ...toPower(), title: "First wording" });
    const other = { itemId: id, tlp: "AMBER", ...toPower(), title: "Second wording" };
    // While one waits for the owner, another for the same audience would overwrite it unseen.
    expect(await hub.operator.code("proposeRelease", { input: other })).toBe("CONFLICT");
    await w.as.acme.do("approveRelease", { id: first });
    const second = await propose(hub.operator, id, { ...toPower(), title: "Second wording" });
    const title = () => w.as.beta.ask("incident", { id }, "title");
    const state = (release: string) =>
      hub.operator.ask("node", { id: release }, "... on Release { state title }");
    expect(await title()).toEqual({ title: "First wording" });
    expect(await state(second)).toEqual({ state: "PROPOSED", title: "Second wording" });
    await w.as.acme.do("approveRelease", { id: second });
    expect(await title()).toEqual({ title: "Second wording" });
    expect(await state(first)).toMatchObject({ state: "SUPERSEDED" });
    // What was superseded is not approved a second time.
    expect(await w.as.acme.code("approveRelease", { id: first })).toBe("CONFLICT");
    expect(await title()).toEqual({ title: "Second wording" });
  });

  test("no act of the analyst changes what was approved: not the item, not the release, not its audience", async () => {
    const id = await makeIncident(w.as.acme, { title: "Raw", severity: "low" });
    await w.as.acme.do("submitIncident", { id });
    const approved = await propose(hub.operator, id, {
      ...toPower(),
      title: "Approved wording",
      withheldFields: ["identity"],
    });
    await w.as.acme.do("approveRelease", { id: approved });
    const seen = () => w.as.beta.ask<object>("incident", { id }, "title severity tlp updatedAt");
    const before = await seen();
    const input = { title: "Changed", category: "x", severity: "high", tlp: "AMBER" };
    expect(await hub.operator.code("updateIncident", { id, input })).toBe("FORBIDDEN");
    const own = { itemId: id, tlp: "AMBER", ...toPower(), title: "Changed" };
    expect(await hub.operator.code("releaseItem", { input: own })).toBe("FORBIDDEN");
    await propose(hub.operator, id, { ...toPower(), title: "Changed", withheldFields: [] });
    expect(await seen()).toEqual(before);
  });

  test("the owner's own later wording does not slip into what was approved", async () => {
    const id = await makeIncident(w.as.acme, { title: "Raw", summary: "Raw summary" });
    await w.as.acme.do("submitIncident", { id });
    const proposal = await propose(hub.operator, id, { ...toPower(), title: "Told" });
    await w.as.acme.do("updateIncident", {
      id,
      input: { title: "Raw names", summary: "Raw persons", category: "x", tlp: "AMBER" },
    });
    await w.as.acme.do("approveRelease", { id: proposal });
    expect(await w.as.beta.ask("incident", { id }, "title summary description")).toEqual({
      title: "Told",
      summary: null,
      description: null,
    });
  });
});

describe("case 11: from the moment of withdrawal no surface serves it", () => {
  test("a list that is being walked goes on without it, and a replay of old cursors brings the bare id alone", async () => {
    const ids: string[] = [];
    const releases: string[] = [];
    for (const title of ["Walk one", "Walk two", "Walk three"]) {
      const id = await makeIncident(w.as.acme, { title });
      releases.push(await release(w.as.acme, id, toPower()));
      ids.push(id);
    }
    const [oldest, middle, newest] = ids;
    const before = await replay(w.as.beta);
    const walked = await walk(
      w.as.beta,
      "incidents",
      { first: 1, filter: { text: "Walk" } },
      async () => {
        if (!releases.length) return;
        const [, id] = releases.splice(0);
        await w.as.acme.do("withdrawRelease", { id, reason: "A secret reason" });
      },
    );
    expect(walked).toEqual([newest, oldest]);
    const cursorOf = (id: string | undefined) =>
      before.find((a) => a.itemId === id && a.type === "ITEM_RELEASED")?.cursor ?? null;
    const later = await replay(w.as.beta, cursorOf(oldest));
    expect(later.filter((a) => a.item?.id === middle)).toEqual([]);
    expect(later.filter((a) => a.itemId === middle)).toMatchObject([
      { type: "ITEM_WITHDRAWN", item: null, subject: null },
    ]);
    expect(JSON.stringify(later)).not.toMatch(/secret reason|Walk two/);
  });

  test("neither a watch, a sighting nor a question about the value finds it any more", async () => {
    const value = "192.0.2.110";
    const id = await makeIndicator(w.as.acme, value, { confidence: 90 });
    const made = await release(w.as.acme, id, toPower());
    await w.as.beta.do("recordSighting", { indicatorId: id, count: 3 });
    const unknown = await w.as.beta.ask(
      "lookup",
      { values: ["192.0.2.111"] },
      "score sightingCount warnings { list } indicators { id }",
    );
    await w.as.acme.do("withdrawRelease", { id: made, reason: "Over" });
    expect(
      await w.as.beta.ask(
        "lookup",
        { values: [value] },
        "score sightingCount warnings { list } indicators { id }",
      ),
    ).toEqual(unknown);
    expect(await w.as.beta.code("recordSighting", { indicatorId: id })).toBe("NOT_FOUND");
    const { id: watch } = await w.as.beta.do("createWatch", {
      input: { name: "Afterwards", values: [value] },
    });
    const filter = { types: ["WATCH_MATCHED"], watchIds: [watch] };
    expect(await replay(w.as.beta, null, filter)).toEqual([]);
  });

  test("withdrawn by the operator it is told alike, and the owner still reads who had it, received or only could", async () => {
    const id = await makeIncident(w.as.acme, { title: "Recalled" });
    await release(w.as.acme, id, toPower());
    const made = await release(w.as.acme, id, toWater());
    // beta reads it; gamma could have.
    await w.as.beta.ask("incident", { id }, "title");
    const live = await hub.subscribe(w.as.gamma);
    await hub.operator.do("withdrawRelease", { id: made, reason: "At the owner's request" });
    expect(await live.rest()).toMatchObject([{ type: "ITEM_WITHDRAWN", itemId: id, item: null }]);
    expect(await w.as.gamma.ask("incident", { id })).toBeNull();
    const { audienceHistory } = await w.as.acme.ask<{ audienceHistory: object[] }>(
      "incident",
      { id },
      "audienceHistory { group { id } until organizations { id } }",
    );
    expect(audienceHistory).toEqual([
      { group: { id: w.group.power }, until: null, organizations: [{ id: w.org.beta }] },
      {
        group: { id: w.group.water },
        until: expect.any(String),
        organizations: [{ id: w.org.gamma }],
      },
    ]);
    const { nodes } = await w.as.acme.ask<{ nodes: object[] }>(
      "disclosures",
      { itemId: id },
      "nodes { organization { id } channel }",
    );
    expect(nodes).toContainEqual({ organization: { id: w.org.beta }, channel: "query" });
    expect(JSON.stringify(nodes)).not.toContain(w.org.gamma);
  });

  test("withdrawn once, it stays so: released again it is a release of its own, with its own time", async () => {
    const id = await makeIncident(w.as.acme, { title: "Again" });
    const first = await release(w.as.acme, id, toPower());
    const { createdAt } = await w.as.beta.ask<{ createdAt: string }>(
      "incident",
      { id },
      "createdAt",
    );
    await w.as.acme.do("withdrawRelease", { id: first, reason: "Over" });
    const live = await hub.subscribe(w.as.beta);
    await release(w.as.acme, id, toPower());
    expect(await live.rest()).toMatchObject([{ type: "ITEM_RELEASED", itemId: id }]);
    const shown = await w.as.beta.ask<{ createdAt: string }>("incident", { id }, "createdAt");
    expect(Date.parse(shown.createdAt)).toBeGreaterThan(Date.parse(createdAt));
    expect(await w.as.acme.code("withdrawRelease", { id: first, reason: "x" })).toBe("CONFLICT");
  });
});

describe("case 12: each further group has an approval of its own", () => {
  test("which stands in the owner's audit log with who, for whom and at which TLP, one for each", async () => {
    const id = await makeIncident(w.as.acme, { title: "Onward" });
    await w.as.acme.do("submitIncident", { id });
    const proposals: string[] = [];
    for (const to of [toPower(), toWater()]) {
      const proposal = await propose(hub.operator, id, { ...to, title: "Onward" });
      await w.as.acme.do("approveRelease", { id: proposal });
      proposals.push(proposal);
    }
    const acts: { act: string; subject: string }[] = [];
    for (let after: string | null = null, more = true; more;) {
      const page: { nodes: typeof acts; pageInfo: { endCursor: string; hasNextPage: boolean } } =
        await w.as.acme.ask(
          "auditLog",
          { first: 100, after },
          "nodes { act subject account { id } after } pageInfo { endCursor hasNextPage }",
        );
      acts.push(...page.nodes);
      ({ endCursor: after, hasNextPage: more } = page.pageInfo);
    }
    const approvals = acts.filter(
      (a) => a.act === "approveRelease" && proposals.includes(a.subject),
    );
    expect(approvals).toMatchObject(
      proposals.map((subject) => ({
        subject,
        account: { id: w.account.acme },
        after: { state: "RELEASED", itemId: id, tlp: "AMBER" },
      })),
    );
    // Withdrawing the one leaves the other.
    await w.as.acme.do("withdrawRelease", { id: proposals[0], reason: "Only there" });
    expect(await w.as.beta.ask("incident", { id })).toBeNull();
    expect(await w.as.gamma.ask("incident", { id })).toEqual({ id });
  });
});
