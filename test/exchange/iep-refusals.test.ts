import { startTestHub, type TestHub } from "../support/hub";
import { buildWorld } from "../support/world";
import { MARK, POLICY } from "./iep-policies";

let hub: TestHub;
let w: Awaited<ReturnType<typeof build>>;
const build = () => buildWorld(hub, { organizations: [], groups: { power: { members: [] } } });
beforeAll(async () => {
  hub = await startTestHub();
  w = await build();
});
afterAll(() => hub.stop());

const refused = (iep: unknown, more: object = {}) =>
  hub.operator.refused("draftAgreementFromIep", {
    input: {
      iep,
      fromGroupId: w.group.power,
      toGroupId: w.group.power,
      kinds: ["INCIDENT"],
      purposes: [],
      ...more,
    },
  });
const versions = () =>
  hub.operator.ask(
    "node",
    { id: w.group.power },
    "... on SectorGroup { agreements { versions { id } } }",
  );

/** JSON as it arrives: with a name that a literal of JavaScript would take for the prototype. */
const polluting = (name: string): unknown =>
  JSON.parse(JSON.stringify(POLICY).replace("{", `{"${name}":{"tlp":"white"},`));

test.each<[string, unknown]>([
  ["iep", "https://www.first.org/iep/2.0/first-tlp-iep.iepj"],
  ["iep", []],
  ["iep", 2],
  ["iep", true],
  ["iep.id_ref", { id_ref: POLICY.id, url: "https://www.first.org/iep", iep_version: 2 }],
  ["iep.id", { ...POLICY, id: undefined }],
  ["iep.id", { ...POLICY, id: null }],
  ["iep.id", { ...POLICY, id: "01bc4353-4829-1d55-8d52-0ab7e0790df9" }],
  ["iep.id", { ...POLICY, id: 7 }],
  ["iep.name", { ...POLICY, name: "  " }],
  ["iep.name", { ...POLICY, name: { ja: "方針" } }],
  ["iep.name", { ...POLICY, name: "x".repeat(501) }],
  ["iep.name", { ...POLICY, name: "a\ud800" }],
  ["iep.description", { ...POLICY, description: "x".repeat(10_001) }],
  ["iep.description", { ...POLICY, description: "a\u0000" }],
  ["iep.description", { ...POLICY, description: ["x"] }],
  ["iep.iep_version", { ...POLICY, iep_version: undefined }],
  ["iep.iep_version", { ...POLICY, iep_version: 1 }],
  ["iep.iep_version", { ...POLICY, iep_version: "2.1" }],
  ["iep.start_date", { ...POLICY, start_date: "2027-02-30T00:00:00Z" }],
  ["iep.start_date", { ...POLICY, start_date: 1_800_000_000 }],
  ["iep.end_date", { ...POLICY, end_date: "2027-01-01" }],
  ["iep.end_date", { ...POLICY, end_date: "2020-01-01T00:00:00Z" }],
  [
    "iep.end_date",
    { ...POLICY, start_date: "2030-01-02T00:00:00Z", end_date: "2030-01-02T00:00:00Z" },
  ],
  ["iep.encrypt_in_transit", { ...POLICY, encrypt_in_transit: "must-not" }],
  ["iep.permitted_actions", { ...POLICY, permitted_actions: undefined }],
  ["iep.permitted_actions", { ...POLICY, permitted_actions: "any" }],
  ["iep.permitted_actions", { ...POLICY, permitted_actions: ["none"] }],
  ["iep.affected_party_notifications", { ...POLICY, affected_party_notifications: "must" }],
  ["iep.tlp", { ...POLICY, tlp: undefined }],
  ["iep.tlp", { ...POLICY, tlp: "purple" }],
  ["iep.tlp", { ...POLICY, tlp: "toString" }],
  ["iep.tlp", { ...POLICY, tlp: ["red"] }],
  ["iep.attribution", { ...POLICY, attribution: null }],
  ["iep.attribution", { ...POLICY, attribution: "MUST NOT" }],
  ["iep.unmodified_resale", { ...POLICY, unmodified_resale: false }],
  ["iep.external_references", { ...POLICY, external_references: "https://www.first.org/iep" }],
  ["iep.external_references", { ...POLICY, external_references: Array(101).fill("urn:a:b") }],
  ["iep.external_references.1", { ...POLICY, external_references: ["urn:a:b", "first.org"] }],
  ["iep.external_references.0", { ...POLICY, external_references: ["javascript:alert(1)"] }],
  ["iep.external_references.0", { ...POLICY, external_references: ["https://first.org/ <b>"] }],
  [
    "iep.external_references.0",
    { ...POLICY, external_references: [`https://a/${"x".repeat(2_000)}`] },
  ],
  ["iep.external_references.0", { ...POLICY, external_references: [null] }],
  ["iep.external_reference", { ...POLICY, external_reference: ["https://www.first.org/iep"] }],
  ["iep.provider_attribution", { ...POLICY, provider_attribution: "may" }],
  ["iep.permitted-actions", { ...POLICY, "permitted-actions": "none" }],
  ["iep.TLP", { ...POLICY, TLP: "red" }],
  ["iep.__proto__", polluting("__proto__")],
  ["iep.constructor", polluting("constructor")],
  ["iep.hasOwnProperty", polluting("hasOwnProperty")],
])("a policy with a wrong input.%s is refused, and that is named", async (path, policy) => {
  const { code, issues } = await refused(policy);
  expect([code, Object.keys(issues)]).toEqual(["BAD_USER_INPUT", [`input.${path}`]]);
});

test.each([
  ["amber", "may", `${MARK}tlpCeiling:AMBER_STRICT`],
  ["red", "must-not", `${MARK}attribution:NAMED`],
  ["red", "must", `${MARK}attribution:NAMED`],
  ["red", "may", `${MARK}papCeiling:CLEAR`],
])(
  "a reference that contradicts its statement is refused: %s, %s and %s",
  async (tlp, attribution, mark) => {
    const { issues } = await refused({ ...POLICY, tlp, attribution, external_references: [mark] });
    expect(Object.keys(issues)).toEqual(["input.iep.external_references.0"]);
  },
);

test("statements that a prototype would lend are not there", async () => {
  const { issues } = await refused(JSON.parse(`{"__proto__":${JSON.stringify(POLICY)}}`));
  expect(issues).toMatchObject({
    "input.iep.__proto__": "is no statement of IEP 2.0",
    "input.iep.tlp": "is required",
  });
});

test("all that is wrong is named at once, in the policy and beside it", async () => {
  const { issues } = await refused(
    { ...POLICY, tlp: "purple", iep_version: 1 },
    { kinds: [], withheldFields: ["victims"], purposes: ["MARKETING"], retention: "PT0S" },
  );
  expect(Object.keys(issues).toSorted()).toEqual([
    "input.iep.iep_version",
    "input.iep.tlp",
    "input.kinds",
    "input.purposes.0",
    "input.retention",
    "input.withheldFields.0",
  ]);
});

test("of very many names that are no statements the first are named, and the rest are counted", async () => {
  const many = Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`x${i}`.repeat(99), i]));
  const { issues, message } = await refused({ ...POLICY, ...many });
  expect(issues["input.iep"]).toMatch(/500/);
  expect(Object.keys(issues)).toHaveLength(21);
  expect(message.length).toBeLessThan(5_000);
});

test("nothing of all that was refused was kept", async () => {
  await refused({ ...POLICY, tlp: "purple" });
  await refused(POLICY, { kinds: [] });
  expect(await versions()).toEqual({ agreements: [] });
});
