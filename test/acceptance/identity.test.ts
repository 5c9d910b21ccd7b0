import type { Arguments, Client } from "../support/client";
import { doors, type Sought } from "../support/doors";
import { startTestHub, type TestHub } from "../support/hub";
import { buildWorld, makeIncident, makeIndicator, release } from "../support/world";

/** Acceptance case 14: whom the owner tells who it is. */
let hub: TestHub;
let w: Awaited<ReturnType<typeof build>>;
const build = () =>
  buildWorld(hub, {
    organizations: ["acme", "beta", "gamma", "cert", "police"],
    kinds: { cert: "AUTHORITY", police: "AUTHORITY" },
    groups: {
      power: { members: ["acme", "beta", "gamma"] },
      authorities: { members: ["cert", "police", "gamma"], sector: "government" },
    },
    agreements: [
      { from: "power", to: "power", terms: { attribution: "NAMED" } },
      { from: "power", to: "authorities", terms: { attribution: "NAMED" } },
    ],
  });
beforeAll(async () => {
  hub = await startTestHub();
  w = await build();
});
afterAll(() => hub.stop());

/** What is withheld from members and from authorities at each level of consent. */
const LEVELS = {
  nobody: { members: ["identity"], authorities: ["identity"] },
  authorities: { members: ["identity"], authorities: [] },
  everyone: { members: [], authorities: [] },
} as const;
type Level = keyof typeof LEVELS;

const WORDING = { title: "Told title", summary: "Told summary", description: "Told text" };
const FIELDS = `title summary description category severity occurredAt detectedAt awareAt victim affectedSystems dataStolen
  tlp pap state kind indicators { totalCount nodes { pattern } } releases { id } audienceHistory { from }`;
const IDENTITY =
  "contact source { attribution organization { id } sector } redactions { field } stixId";

interface Told {
  contact: string | null;
  source: { attribution: string; organization: { id: string } | null; sector: string | null };
  redactions: { field: string }[];
  stixId: string;
}

async function share(level: Level, more: Arguments = {}): Promise<string> {
  const value = `192.0.2.${Object.keys(LEVELS).indexOf(level) + 140}`;
  const indicator = await makeIndicator(w.as.acme, value, { tlp: "AMBER" });
  const id = await makeIncident(w.as.acme, {
    title: "Own title",
    severity: "high",
    occurredAt: "2026-03-01T00:00:00Z",
    detectedAt: "2026-03-02T00:00:00Z",
    awareAt: "2026-03-03T00:00:00Z",
    victim: "The Kanto plant",
    contact: "Taro of acme",
    affectedSystems: ["SCADA"],
    dataStolen: ["drawings"],
    attribution: "NAMED",
    indicatorIds: [indicator],
    ...more,
  });
  for (const [group, audience] of [
    ["power", "members"],
    ["authorities", "authorities"],
  ] as const) {
    const to = { groupIds: [w.group[group]], fromGroupId: w.group.power };
    const withheldFields = [...LEVELS[level][audience]];
    await release(w.as.acme, id, { ...to, ...WORDING, withheldFields });
    await release(w.as.acme, indicator, { ...to, withheldFields });
  }
  return id;
}

const told = (client: Client, id: string) => client.ask<Told>("incident", { id }, IDENTITY);
const fields = (client: Client, id: string) => client.ask<object>("incident", { id }, FIELDS);

describe("case 14: a level of consent changes only what each audience sees of identity", () => {
  const NOT_TOLD = {
    contact: null,
    // The sector is that of the group from which it came: no name, and no less than an anonymous member's.
    source: { attribution: "SECTOR_ONLY", organization: null, sector: "power" },
    redactions: expect.arrayContaining([{ field: "contact" }, { field: "source" }]),
  };
  const named = (): object => ({
    contact: "Taro of acme",
    source: { attribution: "NAMED", organization: { id: w.org.acme }, sector: "power" },
    redactions: [],
  });

  test.each<[Level, boolean, boolean]>([
    ["nobody", false, false],
    ["authorities", false, true],
    ["everyone", true, true],
  ])(
    "identity for %s: members are told %s, authorities %s",
    async (level, members, authorities) => {
      const id = await share(level);
      const { stixId: own } = await told(w.as.acme, id);
      for (const [client, knows] of [
        [w.as.beta, members],
        [w.as.cert, authorities],
        [w.as.police, authorities],
      ] as const) {
        const seen = await told(client, id);
        expect(seen).toMatchObject(knows ? named() : NOT_TOLD);
        // The owner's own id names it as well as its name does.
        expect(seen.stixId === own).toBe(knows);
      }
    },
  );

  test("every other field is the same for every audience at every level", async () => {
    const shown = new Set<string>();
    for (const level of Object.keys(LEVELS) as Level[]) {
      const id = await share(level);
      for (const client of [w.as.beta, w.as.cert, w.as.police]) {
        const { indicators, ...rest } = (await fields(client, id)) as Record<string, unknown>;
        expect(indicators).toEqual({ totalCount: 1, nodes: [{ pattern: expect.any(String) }] });
        shown.add(JSON.stringify(rest));
      }
    }
    expect([...shown].map((s) => JSON.parse(s) as object)).toEqual([
      {
        ...WORDING,
        category: "malicious-code",
        severity: "high",
        occurredAt: "2026-03-01T00:00:00.000Z",
        detectedAt: "2026-03-02T00:00:00.000Z",
        awareAt: "2026-03-03T00:00:00.000Z",
        victim: "The Kanto plant",
        affectedSystems: ["SCADA"],
        dataStolen: ["drawings"],
        tlp: "AMBER",
        pap: "AMBER",
        state: "RELEASED",
        kind: "INCIDENT",
        releases: [],
        audienceHistory: [],
      },
    ]);
  });

  test("no audience learns what another was told: nothing that a member can ask differs by the authorities' level", async () => {
    const answers = async (level: Level): Promise<object> => {
      const id = await share(level, { contact: `Contact ${level}` });
      const item: Sought = { kind: "incident", id, text: "Told title" };
      const count = (filter: Arguments) =>
        w.as.beta.ask<object>("incidents", { filter }, "totalCount");
      const seen = await w.as.beta.ask<Record<string, unknown>>(
        "node",
        { id },
        `... on Incident { ${FIELDS} contact source { attribution organization { id } sector }
           redactions { field reason } access { kind agreementVersion { number } group { id } until } }`,
      );
      return {
        doors: await doors(w.as.beta, item),
        byOwner: await count({ text: "acme" }),
        byContact: await count({ text: `Contact ${level}` }),
        byOwnTitle: await count({ text: "Own title" }),
        decision: await w.as.beta.refused(
          "sharingDecision",
          { itemId: id, organizationId: w.org.cert },
          "visible",
        ),
        disclosures: await w.as.beta.ask("disclosures", { itemId: id }, "totalCount"),
        ...seen,
        indicators: null,
      };
    };
    expect(await answers("nobody")).toEqual(await answers("authorities"));
  });

  test("the id under which it is shown to those who are not told is one and the same, and never the owner's", async () => {
    const id = await share("authorities");
    const [beta, cert, own] = await Promise.all(
      [w.as.beta, w.as.cert, w.as.acme].map((client) => told(client, id)),
    );
    expect(cert?.stixId).toBe(own?.stixId);
    expect(beta?.stixId).not.toBe(own?.stixId);
    const hidden = await share("nobody");
    expect((await told(w.as.cert, hidden)).stixId).toBe((await told(w.as.beta, hidden)).stixId);
  });

  test("who is of both audiences is told what either is", async () => {
    const id = await share("authorities");
    expect(await told(w.as.gamma, id)).toMatchObject(named());
    expect(await told(w.as.gamma, await share("nobody"))).toMatchObject(NOT_TOLD);
  });

  test("the owner's own attribution bounds every level", async () => {
    const anonymous = await share("everyone", { attribution: "ANONYMOUS" });
    for (const client of [w.as.beta, w.as.cert]) {
      expect(await told(client, anonymous)).toMatchObject({
        source: { attribution: "ANONYMOUS", organization: null, sector: null },
      });
    }
    const sector = await share("everyone", { attribution: "SECTOR_ONLY" });
    expect(await told(w.as.cert, sector)).toMatchObject({
      source: { attribution: "SECTOR_ONLY", organization: null, sector: "power" },
    });
  });

  test("a level that is widened for one audience changes nothing for the other, nor for what it was told by alert", async () => {
    const id = await share("nobody");
    const [beta, cert] = await hub.subscribeAll([w.as.beta, w.as.cert]);
    const before = await told(w.as.beta, id);
    await release(w.as.acme, id, {
      groupIds: [w.group.authorities],
      fromGroupId: w.group.power,
      ...WORDING,
      withheldFields: [],
    });
    expect(await told(w.as.cert, id)).toMatchObject(named());
    expect(await told(w.as.beta, id)).toEqual(before);
    expect(await cert?.rest()).toMatchObject([{ type: "ITEM_UPDATED", itemId: id }]);
    expect(await beta?.rest()).toEqual([]);
  });
});
