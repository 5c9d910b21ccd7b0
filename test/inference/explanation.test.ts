import type { Arguments } from "../support/client";
import { startTestHub, type TestHub } from "../support/hub";
import { buildWorld, makeIncident, release } from "../support/world";

/** What a coordinator, an owner and a stranger could work out from sharingDecision and audiencePreview. */
let hub: TestHub;
let w: Awaited<ReturnType<typeof build>>;
const SIZES = ["one", "two", "three", "four"] as const;
const build = () =>
  buildWorld(hub, {
    organizations: ["acme", "beta", "gamma", "delta", ...SIZES],
    accounts: { lead: { of: "gamma", roles: ["READER"] } },
    groups: {
      power: { members: ["acme", "beta", "gamma"], coordinators: ["lead"] },
      secret: { members: ["acme", "beta", "gamma", "delta"], roster: "HIDDEN" },
      open1: { members: ["acme", "one"] },
      open2: { members: ["acme", "one", "two"] },
      open3: { members: ["acme", "one", "two", "three"] },
      open4: { members: ["acme", "one", "two", "three", "four"] },
    },
    agreements: [
      { from: "power", to: "power" },
      { from: "power", to: "secret" },
      ...[1, 2, 3, 4].map((n) => ({ from: "power", to: `open${n}`, signedBy: ["acme"] })),
    ],
  });
beforeAll(async () => {
  hub = await startTestHub();
  w = await build();
  for (const [n, size] of SIZES.entries())
    for (let i = n + 1; i <= 4; i++)
      await w.as[size].do("signAgreement", { versionId: w.versions[i + 1] });
});
afterAll(() => hub.stop());

const power = () => ({ fromGroupId: w.group.power, groupIds: [w.group.power] });
interface Decision {
  visible: boolean;
  fields: string[];
  paths: { kind: string; holds: boolean }[];
}
const decide = (args: Arguments): Promise<Decision> =>
  w.as.lead.ask("sharingDecision", args, "visible fields paths { kind holds }");

describe("a coordinator that explains an item", () => {
  test("gets the same answer for its owner as for any other member of the group", async () => {
    const itemId = await makeIncident(w.as.acme, { victim: "Acme" });
    await release(w.as.acme, itemId, power());
    const owner = await decide({ itemId, organizationId: w.org.acme });
    const other = await decide({ itemId, organizationId: w.org.beta });
    expect(owner).toEqual(other);
    expect(other.visible).toBe(true);
    expect(other.fields).not.toContain("victim");
    expect(await decide({ itemId, accountId: w.account.acme })).toEqual(
      await decide({ itemId, accountId: w.account.beta }),
    );
  });

  test("learns nothing of a release to a name that comes from its group", async () => {
    const itemId = await makeIncident(w.as.acme);
    await release(w.as.acme, itemId, power());
    const before = await decide({ itemId, organizationId: w.org.beta });
    const bilateral = { fromGroupId: w.group.power, withheldFields: [] };
    await release(w.as.acme, itemId, { ...bilateral, organizationIds: [w.org.beta] });
    await release(w.as.acme, itemId, { ...bilateral, accountIds: [w.account.beta] });
    expect(await decide({ itemId, organizationId: w.org.beta })).toEqual(before);
    expect(await decide({ itemId, accountId: w.account.beta })).toEqual(before);
    const { visible } = await decide({ itemId, organizationId: w.org.delta });
    expect(visible).toBe(false);
  });

  test("gets NOT_FOUND for an item that reaches it by a name alone", async () => {
    const itemId = await makeIncident(w.as.acme);
    await release(w.as.acme, itemId, {
      fromGroupId: w.group.power,
      organizationIds: [w.org.gamma],
    });
    const args = { itemId, organizationId: w.org.beta };
    expect(await w.as.lead.code("sharingDecision", args)).toBe("NOT_FOUND");
  });
});

test("nobody, not even its owner, saw an item before it was there", async () => {
  const itemId = await makeIncident(w.as.acme);
  await release(w.as.acme, itemId, power());
  for (const name of ["acme", "beta"] as const) {
    const args = { itemId, organizationId: w.org[name] };
    const ask = (at?: string): Promise<Decision> =>
      w.as.acme.ask("sharingDecision", { ...args, at }, "visible fields paths { kind holds }");
    expect(await ask()).toMatchObject({ visible: true });
    const before = await ask("2000-01-01T00:00:00Z");
    expect(before).toMatchObject({ visible: false, fields: [] });
    expect(before.paths.filter((p) => p.holds)).toEqual([]);
  }
});

describe("the size of a HIDDEN group", () => {
  interface Preview {
    organizationCount: number;
    accountCount: number;
    organizations: { id: string }[];
  }
  const preview = async (itemId: string, to: Arguments): Promise<Preview> =>
    w.as.acme.ask(
      "audiencePreview",
      { input: { itemId, tlp: "AMBER", fromGroupId: w.group.power, ...to } },
      "organizationCount accountCount organizations { id }",
    );

  test("adds the same rounded number to a preview, whatever is previewed beside it", async () => {
    const itemId = await makeIncident(w.as.acme);
    const { secret } = w.group;
    const alone = await preview(itemId, { groupIds: [secret] });
    const beside: Arguments[] = [
      { groupIds: [w.group.open1] },
      { groupIds: [w.group.open2] },
      { groupIds: [w.group.open3] },
      { groupIds: [w.group.open4] },
      { groupIds: [], organizationIds: [w.org.beta, w.org.one] },
      { groupIds: [], accountIds: [w.account.delta] },
    ];
    for (const other of beside) {
      const without = await preview(itemId, other);
      const groupIds = [...(other.groupIds as string[]), secret];
      const together = await preview(itemId, { ...other, groupIds });
      expect(together.organizationCount - without.organizationCount).toBe(alone.organizationCount);
      expect(together.accountCount - without.accountCount).toBe(alone.accountCount);
      expect(together.organizations).toEqual(without.organizations);
    }
  });
});

describe("by which record a condition is decided", () => {
  interface Told {
    paths: {
      kind: string;
      group: { id: string } | null;
      releaseId: string | null;
      conditions: { condition: string; detail: string | null }[];
    }[];
  }
  const WHOLE = "paths { kind group { id } releaseId conditions { condition detail } }";
  const detailOf = (told: Told, condition: string): unknown =>
    told.paths
      .find((p) => p.kind === "AGREEMENT")
      ?.conditions.find((c) => c.condition === condition)?.detail;
  const HELD = "it was released while the right was held";

  test("is told to the owner and the operator: the release, its marking against the ceiling, its times", async () => {
    const itemId = await makeIncident(w.as.acme);
    const releaseId = await release(w.as.acme, itemId, power());
    await w.as.acme.do("submitIncident", { id: itemId });
    for (const asker of [w.as.acme, hub.operator]) {
      const told: Told = await asker.ask(
        "sharingDecision",
        { itemId, organizationId: w.org.beta },
        WHOLE,
      );
      expect(told.paths.find((p) => p.kind === "AGREEMENT")).toMatchObject({
        group: { id: w.group.power },
        releaseId,
      });
      expect(detailOf(told, "a release reaches this audience")).toBe(releaseId);
      expect(detailOf(told, "the TLP is at most the agreement's ceiling")).toMatch(
        /^TLP:AMBER, at most TLP:[A-Z_]+$/,
      );
      expect(detailOf(told, HELD)).toMatch(/^released .+Z, held since .+Z$/);
      expect(detailOf(told, "the release is live")).toMatch(/^since .+Z$/);
    }
  });

  test("is not told to a coordinator as far as it is the release's or the item's, nor since when a HIDDEN group's member held a right", async () => {
    const itemId = await makeIncident(w.as.acme);
    await release(w.as.acme, itemId, power());
    await release(w.as.acme, itemId, {
      fromGroupId: w.group.power,
      groupIds: [w.group.secret],
    });
    const args = { itemId, organizationId: w.org.beta };
    const lead: Told = await w.as.lead.ask("sharingDecision", args, WHOLE);
    expect(lead.paths.map((p) => p.releaseId)).toEqual(lead.paths.map(() => null));
    expect(JSON.stringify(lead)).not.toContain("release_");
    expect(JSON.stringify(lead)).not.toContain("TLP:");
    expect(detailOf(lead, HELD)).toBeNull();
    const owner: Told = await w.as.acme.ask("sharingDecision", args, WHOLE);
    const secret = owner.paths.find((p) => p.group?.id === w.group.secret);
    expect(secret?.conditions.find((c) => c.condition === HELD)?.detail).toBeNull();
  });
});
