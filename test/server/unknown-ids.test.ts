import { startTestHub, type TestHub } from "../support/hub";
import { buildWorld } from "../support/world";

/** Unknown ids: null in queries, NOT_FOUND in mutations; never a hint and never a crash. */
let hub: TestHub;
let w: Awaited<ReturnType<typeof build>>;
const build = () =>
  buildWorld(hub, {
    organizations: ["acme"],
    groups: { power: { members: ["acme"] } },
    agreements: [{ from: "power", to: "power" }],
  });
beforeAll(async () => {
  hub = await startTestHub();
  w = await build();
});
afterAll(() => hub.stop());

const UUID = "00000000-0000-4000-8000-000000000000";
const IDS = [
  "",
  "x",
  UUID,
  "_",
  `_${UUID}`,
  `nonsense_${UUID}`,
  `INCIDENT_${UUID}`,
  "a".repeat(10_000),
];
const TYPES = [
  "organization",
  "account",
  "key",
  "group",
  "membership",
  "agreement",
  "version",
  "incident",
  "indicator",
  "advisory",
  "release",
  "watch",
].map((type) => `${type}_${UUID}`);

test("in queries they are null without an error", async () => {
  for (const id of [...IDS, ...TYPES]) {
    expect(await w.as.acme.ask("node", { id })).toBeNull();
    expect(await hub.anonymous.ask("node", { id })).toBeNull();
    expect(await w.as.acme.ask("incident", { id })).toBeNull();
    expect(await w.as.acme.ask("indicator", { id })).toBeNull();
  }
});

test.each<[string, (id: string) => object]>([
  ["submitIncident", (id) => ({ id })],
  ["submitItem", (id) => ({ id })],
  ["updateIncident", (id) => ({ id, input: { title: "x", category: "x", tlp: "AMBER" } })],
  ["recordSighting", (id) => ({ indicatorId: id })],
  ["approveRelease", (id) => ({ id })],
  ["rejectRelease", (id) => ({ id, reason: "x" })],
  ["withdrawRelease", (id) => ({ id, reason: "x" })],
  ["acceptMembership", (id) => ({ id })],
  ["suspendMembership", (id) => ({ id, reason: "x" })],
  ["resumeMembership", (id) => ({ id })],
  ["endMembership", (id) => ({ id, reason: "x" })],
  ["proposeAgreement", (id) => ({ versionId: id })],
  ["signAgreement", (id) => ({ versionId: id })],
  ["terminateAgreement", (id) => ({ versionId: id, reason: "x" })],
  ["requestMembership", (id) => ({ groupId: id })],
  ["disableAccount", (id) => ({ id })],
  ["enableAccount", (id) => ({ id })],
  ["createApiKey", (id) => ({ input: { accountId: id, name: "x" } })],
  ["revokeApiKey", (id) => ({ id })],
  ["deleteWatch", (id) => ({ id })],
  ["updateWebhook", (id) => ({ id, input: { name: "x", url: "https://example.jp/" } })],
  ["deleteWebhook", (id) => ({ id })],
  ["pauseWebhook", (id) => ({ id })],
  ["resumeWebhook", (id) => ({ id })],
  ["rotateWebhookSecret", (id) => ({ id })],
  ["releaseItem", (id) => ({ input: { itemId: id, tlp: "AMBER", groupIds: [w.group.power] } })],
  ["audiencePreview", (id) => ({ input: { itemId: id, tlp: "AMBER", groupIds: [w.group.power] } })],
  ["sharingDecision", (id) => ({ itemId: id, organizationId: w.org.acme })],
])("in %s they are NOT_FOUND, all alike", async (field, args) => {
  const scalar = ["revokeApiKey", "deleteWatch", "deleteWebhook"].includes(field);
  for (const id of [...IDS, ...TYPES.filter((type) => /^(incident|account|release)_/.test(type))]) {
    const refusal = await w.as.acme.refused(field, args(id) as never, scalar ? "" : "__typename");
    expect([id.slice(0, 60), refusal.code, refusal.message]).toEqual([
      id.slice(0, 60),
      "NOT_FOUND",
      expect.not.stringContaining(UUID),
    ]);
  }
});
