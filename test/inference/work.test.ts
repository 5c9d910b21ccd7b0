import type { Arguments } from "../support/client";
import { documentOf } from "../support/client";
import { startTestHub, type TestHub } from "../support/hub";
import { statementsOf } from "../support/statements";
import { buildWorld, makeIncident, release } from "../support/world";

/**
 * What the time of an answer could tell. Not the time is compared, which is never twice the same, but the work: for what is
 * hidden and for what never was, the hub asks the database the same, and gets as much.
 */
let hub: TestHub;
let w: Awaited<ReturnType<typeof build>>;
const build = () =>
  buildWorld(hub, {
    organizations: ["acme", "beta", "gamma"],
    groups: { power: { members: ["acme", "beta"] }, water: { members: ["acme", "gamma"] } },
    agreements: [
      { from: "power", to: "power" },
      { from: "water", to: "water" },
    ],
  });

/** Why an indicator is hidden from beta, and its value. */
const HIDDEN = { unreleased: "203.0.113.1", elsewhere: "203.0.113.2", withdrawn: "203.0.113.3" };
type Reason = keyof typeof HIDDEN;
const REASONS = Object.keys(HIDDEN) as Reason[];
const ids = {} as Record<Reason, { indicator: string; incident: string }>;
let elsewhere = "";
const NEVER = "00000000-0000-4000-8000-000000000000";
const NO_VALUE = "203.0.113.99";

beforeAll(async () => {
  hub = await startTestHub();
  w = await build();
  for (const reason of REASONS) {
    const pattern = `[ipv4-addr:value = '${HIDDEN[reason]}']`;
    const input = { pattern, name: `Name ${reason}`, tlp: "AMBER", labels: [`label-${reason}`] };
    const { id: indicator } = await w.as.acme.do("createIndicator", { input });
    const incident = await makeIncident(w.as.acme, { title: `Name ${reason}` });
    ids[reason] = { indicator, incident };
    if (reason === "unreleased") continue;
    const group = reason === "elsewhere" ? w.group.water : w.group.power;
    for (const itemId of [indicator, incident]) {
      const id = await release(w.as.acme, itemId, { fromGroupId: group, groupIds: [group] });
      if (reason === "withdrawn") await w.as.acme.do("withdrawRelease", { id, reason: "x" });
      else elsewhere = id;
    }
  }
});
afterAll(() => hub.stop());

type Operation = "query" | "mutation";
type Work = { answer: unknown; asked: [text: string, rows: number | null][] };
const workOf = async (
  operation: Operation,
  field: string,
  args: Arguments,
  selection: string,
): Promise<Work> => {
  const document = documentOf(operation, field, args, selection);
  const { answer, statements } = await statementsOf(hub.running.hub, w.as.beta.key, document, args);
  const { data, errors } = JSON.parse(JSON.stringify(answer)) as Record<string, unknown>;
  return { answer: { data, errors }, asked: statements.map((s) => [s.text, s.rows]) };
};

/** The same for what is hidden, for every reason, as for what never was; and the database is asked at all. */
async function expectSame(
  operation: Operation,
  field: string,
  selection: string,
  never: Arguments,
  hidden: (reason: Reason) => Arguments,
): Promise<void> {
  const missing = await workOf(operation, field, never, selection);
  expect(missing.asked.length).toBeGreaterThan(0);
  for (const reason of REASONS)
    expect(await workOf(operation, field, hidden(reason), selection)).toEqual(missing);
}

describe("A hidden item makes the same work as one that never was", () => {
  test.each(["indicator", "incident"] as const)("by its id, as %s", async (kind) => {
    const missing = { id: `${kind}_${NEVER}` };
    for (const field of ["node", kind])
      await expectSame("query", field, "id", missing, (r) => ({ id: ids[r][kind] }));
  });

  test.each([
    ["one", 0],
    ["among a few", 10],
    ["among many", 100],
  ])("by its value, looked up %s", async (_, others) => {
    const values = (value: string): Arguments => ({
      values: [value, ...Array.from({ length: others }, (__, i) => `198.51.100.${i}`)],
    });
    const selection = "indicators { id } score sightingCount";
    await expectSame("query", "lookup", selection, values(NO_VALUE), (r) => values(HIDDEN[r]));
  });

  test.each<[string, string, (reason: Reason) => Arguments]>([
    ["value", NO_VALUE, (r) => ({ value: HIDDEN[r] })],
    ["text", "Name never", (r) => ({ text: `Name ${r}` })],
    ["labels", "label-never", (r) => ({ labels: [`label-${r}`] })],
  ])("by a filter of %s, in lists and counts", async (field, never, of) => {
    const filter = { [field]: field === "labels" ? [never] : never };
    const selection = "nodes { id } pageInfo { hasNextPage endCursor } totalCount";
    await expectSame("query", "indicators", selection, { first: 5, filter }, (r) => ({
      first: 5,
      filter: of(r),
    }));
  });

  test("as the target of a link that is submitted, in a new incident and in an old one", async () => {
    const input = (indicator: string): Arguments => ({
      title: "x",
      category: "x",
      tlp: "AMBER",
      indicatorIds: [indicator],
    });
    const never = input(`indicator_${NEVER}`);
    await expectSame("mutation", "createIncident", "id", { input: never }, (r) => ({
      input: input(ids[r].indicator),
    }));
    const id = await makeIncident(w.as.beta);
    await expectSame("mutation", "updateIncident", "id", { id, input: never }, (r) => ({
      id,
      input: input(ids[r].indicator),
    }));
  });

  const filter = (id: string): Arguments => ({ filter: { groupIds: [id] } });
  const groups = () => ({ fromGroupId: w.group.power, groupIds: [w.group.power] });
  test.each<[Operation, string, string, (incident: string, indicator: string) => Arguments]>([
    ["mutation", "recordSighting", "id", (_, indicatorId) => ({ indicatorId })],
    ["mutation", "submitItem", "id", (id) => ({ id })],
    ["mutation", "submitIncident", "id", (id) => ({ id })],
    [
      "mutation",
      "updateIncident",
      "id",
      (id) => ({ id, input: { title: "x", category: "x", tlp: "AMBER" } }),
    ],
    [
      "mutation",
      "releaseItem",
      "id",
      (itemId) => ({ input: { itemId, tlp: "AMBER", ...groups() } }),
    ],
    [
      "query",
      "audiencePreview",
      "accountCount",
      (itemId) => ({ input: { itemId, tlp: "AMBER", ...groups() } }),
    ],
    ["query", "sharingDecision", "visible", (itemId) => ({ itemId, organizationId: w.org.beta })],
  ])("in the %s %s", async (operation, field, selection, args) => {
    const never = args(`incident_${NEVER}`, `indicator_${NEVER}`);
    const hidden = (r: Reason): Arguments => args(ids[r].incident, ids[r].indicator);
    await expectSame(operation, field, selection, never, hidden);
  });

  test.each<[Operation, string, (id: string) => Arguments]>([
    ["query", "node", (id) => ({ id })],
    ["mutation", "approveRelease", (id) => ({ id })],
    ["mutation", "rejectRelease", (id) => ({ id, reason: "x" })],
    ["mutation", "withdrawRelease", (id) => ({ id, reason: "x" })],
  ])("a release of it, in the %s %s", async (operation, field, args) => {
    const missing = await workOf(operation, field, args(`release_${NEVER}`), "id");
    expect(missing.asked.length).toBeGreaterThan(0);
    expect(await workOf(operation, field, args(elsewhere), "id")).toEqual(missing);
  });

  test("in alerts of a group that the viewer is not in, or that never was", async () => {
    const selection = "nodes { type itemId } pageInfo { hasNextPage }";
    const asked = (id: string): Promise<Work> => workOf("query", "alerts", filter(id), selection);
    // The items that the log names are then in memory.
    await asked(w.group.power);
    const missing = await asked(`group_${NEVER}`);
    expect(missing.asked.length).toBeGreaterThan(0);
    expect(await asked(w.group.water)).toEqual(missing);
  });

  test("in alerts, whatever the reason why it is hidden", async () => {
    const cursor = (): Promise<{ alertCursor: string }> =>
      w.as.beta.ask("viewer", {}, "alertCursor");
    const works: Work[] = [];
    for (const reason of REASONS) {
      const { alertCursor: after } = await cursor();
      const input = { title: "Other", category: "other", tlp: "AMBER" };
      await w.as.acme.do("updateIncident", { id: ids[reason].incident, input });
      works.push(
        await workOf("query", "alerts", { after }, "nodes { type itemId } pageInfo { endCursor }"),
      );
    }
    for (const work of works) expect(work).toEqual(works[0]);
  });
});
