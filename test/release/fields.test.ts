import type { Arguments } from "../support/client";
import { HOUR, startTestHub, type TestHub } from "../support/hub";
import { buildWorld, makeIncident, makeIndicator, release } from "../support/world";

/** What readers are shown of a released item: field groups, wording, markings, times and source. */
let hub: TestHub;
let w: Awaited<ReturnType<typeof build>>;
const build = () =>
  buildWorld(hub, {
    organizations: ["acme", "beta", "gamma"],
    groups: {
      power: { members: ["acme", "beta"], sector: "electricity" },
      named: { members: ["beta"] },
      sector: { members: ["beta"] },
      scant: { members: ["gamma"] },
    },
    agreements: [
      { from: "power", to: "power", terms: { attribution: "ANONYMOUS" } },
      { from: "power", to: "named", terms: { attribution: "NAMED" } },
      { from: "power", to: "sector", terms: { attribution: "SECTOR_ONLY" } },
      {
        from: "power",
        to: "scant",
        terms: { attribution: "NAMED", withheldFields: ["category", "damage"] },
      },
    ],
  });
beforeAll(async () => {
  hub = await startTestHub();
  w = await build();
});
afterAll(() => hub.stop());

const WHOLE = {
  title: "Raw title",
  summary: "Raw summary",
  description: "Raw description",
  category: "malicious-code",
  severity: "high",
  tlp: "AMBER",
  occurredAt: "2026-03-01T00:00:00.000Z",
  detectedAt: "2026-03-02T00:00:00.000Z",
  awareAt: "2026-03-03T00:00:00.000Z",
  victim: "A hospital",
  contact: "csirt@acme.example",
  affectedSystems: ["Windows Server 2019"],
  dataStolen: ["patients"],
};
const DAMAGE = ["severity", "awareAt", "victim", "affectedSystems", "dataStolen"];
const TECHNICAL = ["category", "occurredAt", "detectedAt"];
const FIELDS = `${[...TECHNICAL, ...DAMAGE, "contact"].join(" ")} redactions { field reason }`;
const to = (group: keyof typeof w.group) => ({
  fromGroupId: w.group.power,
  groupIds: [w.group[group]],
});
type Shown = Record<string, unknown> & { redactions: { field: string; reason: string }[] };
async function shown(input: Arguments, reader: "beta" | "gamma" = "beta"): Promise<Shown> {
  const id = await makeIncident(w.as.acme, WHOLE);
  await release(w.as.acme, id, input);
  return w.as[reader].ask<Shown>("incident", { id }, FIELDS);
}
const without = (...fields: string[]): object =>
  Object.fromEntries(
    [...TECHNICAL, ...DAMAGE, "contact"].map((f) => [
      f,
      fields.includes(f) ? null : WHOLE[f as keyof typeof WHOLE],
    ]),
  );

describe("the fields that are withheld", () => {
  test.each([[undefined], [null]])("are damage and identity where it says %j", async (withheld) => {
    const seen = await shown({
      ...to("power"),
      ...(withheld !== undefined && { withheldFields: withheld }),
    });
    expect(seen).toMatchObject(without(...DAMAGE, "contact"));
    expect(seen.redactions.map((r) => r.field).toSorted()).toEqual(
      [...DAMAGE, "contact", "source"].toSorted(),
    );
    expect(seen.redactions.every((r) => r.reason.length > 0)).toBe(true);
  });

  test("are none where the owner consents to all", async () => {
    const seen = await shown({ ...to("power"), withheldFields: [] });
    expect(seen).toMatchObject(without());
    expect(seen.redactions).toEqual([]);
  });

  test("are those named, and no others: an explicit list replaces the default", async () => {
    const technical = await shown({ ...to("power"), withheldFields: ["technical"] });
    expect(technical).toMatchObject(without(...TECHNICAL));
    const single = await shown({ ...to("power"), withheldFields: ["victim"] });
    expect(single).toMatchObject(without("victim"));
    expect(single.redactions.map((r) => r.field)).toEqual(["victim"]);
  });

  test("are the release's and the agreement's together", async () => {
    const seen = await shown({ ...to("scant"), withheldFields: ["contact"] }, "gamma");
    expect(seen).toMatchObject(without("category", ...DAMAGE, "contact"));
    const reasons = new Map(seen.redactions.map((r) => [r.field, r.reason]));
    expect(reasons.get("contact")).not.toBe(reasons.get("category"));
  });

  test("are filtered like absent ones", async () => {
    const id = await makeIncident(w.as.acme, { ...WHOLE, severity: "unheard-of" });
    await release(w.as.acme, id, to("power"));
    const found = (filter: object) => w.as.beta.ask("incidents", { filter }, "totalCount");
    expect(await found({ severity: "unheard-of" })).toEqual({ totalCount: 0 });
    await release(w.as.acme, id, { ...to("power"), withheldFields: [] });
    expect(await found({ severity: "unheard-of" })).toEqual({ totalCount: 1 });
  });

  test("hide the links too, where technical facts are withheld", async () => {
    const indicator = await makeIndicator(w.as.acme, "198.51.100.101");
    const id = await makeIncident(w.as.acme, { ...WHOLE, indicatorIds: [indicator] });
    await release(w.as.acme, indicator, to("power"));
    await release(w.as.acme, id, { ...to("power"), withheldFields: ["technical"] });
    expect(
      await w.as.beta.ask("incident", { id }, "indicators { totalCount nodes { id } }"),
    ).toEqual({ indicators: { totalCount: 0, nodes: [] } });
  });

  test("of several paths are only those that all withhold", async () => {
    const id = await makeIncident(w.as.acme, WHOLE);
    await release(w.as.acme, id, { ...to("power"), withheldFields: ["technical", "victim"] });
    await release(w.as.acme, id, { organizationIds: [w.org.beta], withheldFields: ["damage"] });
    expect(await w.as.beta.ask("incident", { id }, FIELDS)).toMatchObject(without("victim"));
  });
});

describe("the wording", () => {
  const worded = async (input: object): Promise<unknown> => {
    const id = await makeIncident(w.as.acme, WHOLE);
    await release(w.as.acme, id, { ...to("power"), ...input });
    return w.as.beta.ask("incident", { id }, "title summary description");
  };

  test("is the owner's own where the owner gives none", async () => {
    const { title, summary, description } = WHOLE;
    expect(await worded({})).toEqual({ title, summary, description });
    expect(await worded({ title: null, summary: null, description: null })).toEqual({
      title,
      summary,
      description,
    });
  });

  test("is one unit: what is not given beside what is, is empty", async () => {
    expect(await worded({ title: "T" })).toEqual({ title: "T", summary: null, description: null });
    expect(await worded({ summary: "S" })).toEqual({
      title: expect.stringMatching(/^Incident [0-9a-f]{8}$/),
      summary: "S",
      description: null,
    });
  });

  test("withheld gives a title of kind and short hub id", async () => {
    const id = await makeIncident(w.as.acme, WHOLE);
    await release(w.as.acme, id, { ...to("power"), withheldFields: ["title", "summary"] });
    const seen = await w.as.beta.ask<{ title: string; stixId: string }>(
      "incident",
      { id },
      "title summary description stixId",
    );
    expect(seen).toMatchObject({ summary: null, description: "Raw description" });
    expect(seen.title).toBe(`Incident ${seen.stixId.slice("incident--".length).slice(0, 8)}`);
  });

  test("is a snapshot, while other fields are live", async () => {
    const id = await makeIncident(w.as.acme, WHOLE);
    await release(w.as.acme, id, to("power"));
    const input = { ...WHOLE, title: "Changed", summary: null, category: "fraud" };
    await w.as.acme.do("updateIncident", { id, input });
    expect(await w.as.beta.ask("incident", { id }, "title summary category")).toEqual({
      title: "Raw title",
      summary: "Raw summary",
      category: "fraud",
    });
  });

  test("of an indicator becomes its name and description, of an advisory its title, summary and body", async () => {
    const wording = { title: "T", summary: "S", description: "D" };
    const indicator = await makeIndicator(w.as.acme, "198.51.100.102", { name: "N" });
    await release(w.as.acme, indicator, { ...to("power"), ...wording });
    expect(await w.as.beta.ask("indicator", { id: indicator }, "name description")).toEqual({
      name: "T",
      description: "D",
    });
    const { id } = await w.as.acme.do("createAdvisory", {
      input: { title: "Raw", body: "Raw", tlp: "AMBER" },
    });
    await release(w.as.acme, id, { ...to("power"), ...wording });
    expect(await w.as.beta.ask("node", { id }, "... on Advisory { title summary body }")).toEqual({
      title: "T",
      summary: "S",
      body: "D",
    });
  });

  test("comes whole from the most recent release among the reader's paths", async () => {
    const id = await makeIncident(w.as.acme, WHOLE);
    await release(w.as.acme, id, { ...to("power"), title: "First", summary: "S" });
    await release(w.as.acme, id, { organizationIds: [w.org.beta], title: "Second" });
    expect(await w.as.beta.ask("incident", { id }, "title summary")).toEqual({
      title: "Second",
      summary: null,
    });
  });
});

describe("markings and times", () => {
  test("are the strictest, and the first and the latest release, of the reader's paths", async () => {
    const id = await makeIncident(w.as.acme, { ...WHOLE, tlp: "GREEN", pap: "GREEN" });
    await release(w.as.acme, id, { ...to("power"), tlp: "AMBER" });
    hub.clock.advance(HOUR);
    await release(w.as.acme, id, { organizationIds: [w.org.beta], tlp: "GREEN" });
    const seen = await w.as.beta.ask<{ createdAt: string; updatedAt: string }>(
      "incident",
      { id },
      "tlp pap createdAt updatedAt state access { kind }",
    );
    expect(seen).toMatchObject({ tlp: "AMBER", pap: "GREEN", state: "RELEASED" });
    expect(Date.parse(seen.updatedAt) - Date.parse(seen.createdAt)).toBeGreaterThanOrEqual(
      HOUR - 1_000,
    );
    // To the owner they are the item's own.
    const own = await w.as.acme.ask<{ tlp: string; createdAt: string }>(
      "incident",
      { id },
      "tlp createdAt",
    );
    expect(own.tlp).toBe("GREEN");
    expect(own.createdAt < seen.createdAt).toBe(true);
  });

  test("the owner's later edits do not move what readers are shown as the time", async () => {
    const id = await makeIncident(w.as.acme, WHOLE);
    await release(w.as.acme, id, to("power"));
    const before = await w.as.beta.ask("incident", { id }, "createdAt updatedAt");
    hub.clock.advance(HOUR);
    await w.as.acme.do("updateIncident", { id, input: { ...WHOLE, category: "fraud" } });
    expect(await w.as.beta.ask("incident", { id }, "createdAt updatedAt")).toEqual(before);
  });
});

describe("the access", () => {
  test("is told by path, group and version, and until when as far as is known", async () => {
    const id = await makeIncident(w.as.acme, WHOLE);
    const expiresAt = hub.clock.in(HOUR);
    await release(w.as.acme, id, { ...to("power"), expiresAt });
    await release(w.as.acme, id, { organizationIds: [w.org.beta] });
    const { access } = await w.as.beta.ask<{ access: { kind: string }[] }>(
      "incident",
      { id },
      "access { kind until group { id } agreementVersion { id } }",
    );
    expect(access.toSorted((a, b) => a.kind.localeCompare(b.kind))).toEqual([
      {
        kind: "AGREEMENT",
        until: expiresAt,
        group: { id: w.group.power },
        agreementVersion: { id: w.versions[0] },
      },
      { kind: "BILATERAL", until: null, group: null, agreementVersion: null },
    ]);
  });
});

describe("the source", () => {
  const SOURCE = "stixId source { attribution organization { id } sector }";
  interface Sourced {
    stixId: string;
    source: { attribution: string; organization: { id: string } | null; sector: string | null };
  }
  const sourced = async (attribution: string | null, input: Arguments) => {
    const id = await makeIncident(w.as.acme, { ...WHOLE, attribution });
    await release(w.as.acme, id, input);
    const own = await w.as.acme.ask<Sourced>("incident", { id }, SOURCE);
    return { seen: await w.as.beta.ask<Sourced>("incident", { id }, SOURCE), own };
  };
  const open = { withheldFields: [] };

  test("is named where item, path and consent all allow it, and then the owner's STIX id is shown", async () => {
    const { seen, own } = await sourced("NAMED", { ...to("named"), ...open });
    expect(seen.source).toMatchObject({ attribution: "NAMED", organization: { id: w.org.acme } });
    expect(seen.stixId).toBe(own.stixId);
  });

  test.each<[string, string | null, () => Arguments, string]>([
    ["identity is withheld", "NAMED", () => to("named"), "SECTOR_ONLY"],
    [
      "source is withheld",
      "NAMED",
      () => ({ ...to("named"), withheldFields: ["source"] }),
      "SECTOR_ONLY",
    ],
    [
      "the item says SECTOR_ONLY",
      "SECTOR_ONLY",
      () => ({ ...to("named"), ...open }),
      "SECTOR_ONLY",
    ],
    [
      "the agreement says SECTOR_ONLY",
      "NAMED",
      () => ({ ...to("sector"), ...open }),
      "SECTOR_ONLY",
    ],
    ["the item says ANONYMOUS", "ANONYMOUS", () => ({ ...to("named"), ...open }), "ANONYMOUS"],
    ["the item says nothing", null, () => ({ ...to("named"), ...open }), "ANONYMOUS"],
    ["the agreement says ANONYMOUS", "NAMED", () => ({ ...to("power"), ...open }), "ANONYMOUS"],
  ])("is not named where %s", async (_, attribution, input, expected) => {
    const { seen, own } = await sourced(attribution, input());
    expect(seen.source).toMatchObject({ attribution: expected, organization: null });
    expect(seen.stixId).not.toBe(own.stixId);
    if (expected === "SECTOR_ONLY") expect(seen.source.sector).toBe("electricity");
  });

  test("of a bilateral release follows the item's consent", async () => {
    const { seen } = await sourced("NAMED", { organizationIds: [w.org.beta], ...open });
    expect(seen.source).toMatchObject({ attribution: "NAMED", organization: { id: w.org.acme } });
    const anonymous = await sourced("ANONYMOUS", { organizationIds: [w.org.beta], ...open });
    expect(anonymous.seen.source).toMatchObject({ attribution: "ANONYMOUS", organization: null });
  });

  test("of several paths is the most that any allows", async () => {
    const id = await makeIncident(w.as.acme, { ...WHOLE, attribution: "NAMED" });
    await release(w.as.acme, id, { ...to("power"), ...open });
    await release(w.as.acme, id, { ...to("named"), ...open });
    expect(await w.as.beta.ask("incident", { id }, "source { attribution }")).toEqual({
      source: { attribution: "NAMED" },
    });
  });

  test("is its own organization to the owner", async () => {
    const id = await makeIncident(w.as.acme, { ...WHOLE, attribution: "ANONYMOUS" });
    expect(await w.as.acme.ask("incident", { id }, "source { organization { id } }")).toEqual({
      source: { organization: { id: w.org.acme } },
    });
  });
});
