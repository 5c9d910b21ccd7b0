import { startTestHub, type TestHub } from "../support/hub";
import { buildWorld, makeIncident, release } from "../support/world";

let hub: TestHub;
let w: Awaited<ReturnType<typeof build>>;
const build = () =>
  buildWorld(hub, {
    organizations: ["acme", "beta", "gamma"],
    groups: { power: { members: ["acme", "beta", "gamma"] } },
    agreements: [{ from: "power", to: "power" }],
  });
beforeAll(async () => {
  hub = await startTestHub();
  w = await build();
});
afterAll(() => hub.stop());

const warnings = async (input: object): Promise<string[]> =>
  (
    await w.as.acme.ask<{ warnings: string[] }>(
      "audiencePreview",
      {
        input: {
          itemId: await makeIncident(w.as.acme, { tlp: "AMBER" }),
          groupIds: [w.group.power],
          tlp: "AMBER",
          ...input,
        },
      },
      "warnings",
    )
  ).warnings;

test("the preview warns of an audience that this owner never used before, once", async () => {
  expect(await warnings({ title: "x" })).toEqual([
    expect.stringContaining("never released anything to"),
  ]);
  await release(w.as.acme, await makeIncident(w.as.acme, { tlp: "AMBER" }), {
    groupIds: [w.group.power],
    tlp: "AMBER",
  });
  expect(await warnings({ title: "x" })).toEqual([]);
});

test("the preview warns that a small group gives its source away to a name too, where its sector is told", async () => {
  const own = await buildWorld(hub, {
    organizations: ["acme", "beta", "other"],
    groups: { tiny: { members: ["acme", "beta"] } },
  });
  const told = async (attribution: string): Promise<{ warns: boolean; sector: string | null }> => {
    const itemId = await makeIncident(own.as.acme, { attribution });
    const input = { itemId, tlp: "AMBER", organizationIds: [own.org.other] };
    const preview = await own.as.acme.ask<{ warnings: string[] }>(
      "audiencePreview",
      { input },
      "warnings",
    );
    await own.as.acme.do("releaseItem", { input });
    const { source } = await own.as.other.ask<{ source: { sector: string | null } }>(
      "incident",
      { id: itemId },
      "source { sector }",
    );
    return { warns: preview.warnings.some((x) => x.includes("guess the source")), ...source };
  };
  expect(await told("SECTOR_ONLY")).toEqual({ warns: true, sector: "tiny" });
  expect(await told("ANONYMOUS")).toEqual({ warns: false, sector: null });
});

test.each([
  ["an e-mail address", "write to taro@example.org", "e-mail address"],
  ["a telephone number", "call 03-1234-5678", "telephone number"],
  ["a telephone number in full-width digits", "電話 ０３－１２３４－５６７８", "telephone number"],
  ["a My Number", "個人番号 1234 5678 9018", "My Number"],
])(
  "the preview warns of wording that contains %s, without repeating it",
  async (_, summary, warning) => {
    const told = await warnings({ title: "t", summary });
    expect(told).toEqual([expect.stringContaining(warning)]);
    expect(told.join()).not.toMatch(/taro|5678/);
  },
);

test.each([
  "12 digits that are no My Number: 123456789012",
  "port 443, 198.51.100.1, 2026-04-01",
  "CVE-2026-12345",
])("the preview does not warn of %s", async (summary) =>
  expect(await warnings({ title: "t", summary })).toEqual([]),
);
