import { startTestHub, type TestHub } from "../support/hub";
import { buildWorld } from "../support/world";

let hub: TestHub;
let w: Awaited<ReturnType<typeof build>>;
const build = () =>
  buildWorld(hub, { organizations: ["acme"], groups: { power: { members: ["acme"] } } });
beforeAll(async () => {
  hub = await startTestHub();
  w = await build();
});
afterAll(() => hub.stop());

const incident = { title: "T", category: "malicious-code", tlp: "AMBER" };
const agreement = () => ({
  title: "T",
  fromGroupId: w.group.power,
  toGroupId: w.group.power,
  terms: { kinds: ["INCIDENT"], tlpCeiling: "AMBER" },
});
const account = () => ({ organizationId: w.org.acme, displayName: "N", roles: ["READER"] });

describe.each([
  ["half of a surrogate pair", "a\ud83db"],
  ["the other half", "a\udd17b"],
  ["a control character", "a\u0000b"],
])("a text with %s, which the database cannot hold, is named", (_, bad) => {
  test.each([
    ["createIncident", "title", () => ({ ...incident, title: bad })],
    ["createIncident", "affectedSystems.0", () => ({ ...incident, affectedSystems: [bad] })],
    ["createAdvisory", "body", () => ({ title: "T", body: bad, tlp: "AMBER" })],
    ["createOrganization", "name", () => ({ name: bad, kind: "MEMBER", sectors: [] })],
    ["createAccount", "email", () => ({ ...account(), email: `${bad}@example.jp` })],
    ["draftAgreement", "title", () => ({ ...agreement(), title: bad })],
  ])("by %s in %s", async (verb, path, input) => {
    const by = verb.startsWith("createI") || verb === "createAdvisory" ? w.as.acme : hub.operator;
    const refusal = await by.refused(verb, { input: input() });
    expect([refusal.code, Object.keys(refusal.issues)]).toEqual([
      "BAD_USER_INPUT",
      [`input.${path}`],
    ]);
  });
});

test("characters beyond the basic plane are kept", async () => {
  const title = "🤗 𠮷野家 👩‍👩‍👧";
  expect(await w.as.acme.do("createIncident", { input: { ...incident, title } }, "title")).toEqual({
    title,
  });
});
