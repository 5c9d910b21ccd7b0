import { HOUR, startTestHub, type TestHub } from "../support/hub";
import { buildWorld, makeIncident, propose, release } from "../support/world";

let hub: TestHub;
let w: Awaited<ReturnType<typeof build>>;
const build = () =>
  buildWorld(hub, {
    organizations: ["acme", "beta", "gamma"],
    accounts: { mssp: { of: "beta", roles: ["MEMBER"], affiliation: "CONTRACTOR" } },
    groups: {
      power: { members: ["acme", "beta"] },
      water: { members: ["gamma"] },
      other: { members: ["acme"] },
    },
    agreements: [
      { from: "power", to: "power" },
      { from: "power", to: "water" },
      { from: "other", to: "power" },
    ],
  });
beforeAll(async () => {
  hub = await startTestHub();
  w = await build();
});
afterAll(() => hub.stop());

const to = (...groups: ("power" | "water")[]) => ({
  fromGroupId: w.group.power,
  groupIds: groups.map((g) => w.group[g]),
});
const title = (name: "beta" | "gamma" | "mssp", id: string) =>
  w.as[name].ask<{ title: string } | null>("incident", { id }, "title").then((i) => i?.title);
const states = async (id: string): Promise<string[]> => {
  const { releases } = await w.as.acme.ask<{ releases: { title: string; state: string }[] }>(
    "incident",
    { id },
    "releases { title state }",
  );
  return releases.map((r) => `${r.title} ${r.state}`).toSorted();
};

describe("a newer release to the same audience", () => {
  test("takes the older one's place", async () => {
    const id = await makeIncident(w.as.acme);
    await release(w.as.acme, id, { ...to("power"), title: "First" });
    await release(w.as.acme, id, { ...to("power"), title: "Second" });
    expect(await title("beta", id)).toBe("Second");
    expect(await states(id)).toEqual(["First SUPERSEDED", "Second RELEASED"]);
    expect(await w.as.beta.ask("incident", { id }, "access { kind }")).toEqual({
      access: [{ kind: "AGREEMENT" }],
    });
  });

  test("does so whatever its origin group", async () => {
    const id = await makeIncident(w.as.acme);
    await release(w.as.acme, id, { ...to("power"), title: "First" });
    await release(w.as.acme, id, {
      fromGroupId: w.group.other,
      groupIds: [w.group.power],
      title: "Second",
    });
    expect(await states(id)).toEqual(["First SUPERSEDED", "Second RELEASED"]);
  });

  test("does so for this audience alone", async () => {
    const id = await makeIncident(w.as.acme);
    await release(w.as.acme, id, { ...to("power", "water"), title: "First" });
    await release(w.as.acme, id, { ...to("power"), title: "Second" });
    expect([await title("beta", id), await title("gamma", id)]).toEqual(["Second", "First"]);
    expect(await states(id)).toEqual(["First RELEASED", "Second RELEASED"]);
    await release(w.as.acme, id, { ...to("water"), title: "Third" });
    expect(await title("gamma", id)).toBe("Third");
    expect(await states(id)).toEqual(["First SUPERSEDED", "Second RELEASED", "Third RELEASED"]);
  });

  test("narrows by its stricter TLP", async () => {
    const id = await makeIncident(w.as.acme);
    await release(w.as.acme, id, { ...to("power"), title: "First" });
    expect(await title("mssp", id)).toBe("First");
    await release(w.as.acme, id, { ...to("power"), title: "Second", tlp: "AMBER_STRICT" });
    expect(await title("mssp", id)).toBeUndefined();
    expect(await title("beta", id)).toBe("Second");
  });

  test("has taken it for good: neither its withdrawal nor its expiry brings the older one back", async () => {
    const id = await makeIncident(w.as.acme);
    await release(w.as.acme, id, { ...to("power"), title: "First" });
    const second = await release(w.as.acme, id, { ...to("power"), title: "Second" });
    await w.as.acme.do("withdrawRelease", { id: second, reason: "x" });
    expect(await title("beta", id)).toBeUndefined();

    await release(w.as.acme, id, { ...to("power"), title: "Third" });
    await release(w.as.acme, id, {
      ...to("power"),
      title: "Fourth",
      expiresAt: hub.clock.in(HOUR),
    });
    hub.clock.advance(HOUR);
    expect(await title("beta", id)).toBeUndefined();
    expect(await states(id)).toEqual([
      "First SUPERSEDED",
      "Fourth EXPIRED",
      "Second WITHDRAWN",
      "Third SUPERSEDED",
    ]);
  });

  test("does so only once it is approved", async () => {
    const id = await makeIncident(w.as.acme);
    await w.as.acme.do("submitIncident", { id });
    await release(w.as.acme, id, { ...to("power"), title: "First" });
    const second = await propose(hub.operator, id, { ...to("power"), title: "Second" });
    expect(await title("beta", id)).toBe("First");
    await w.as.acme.do("approveRelease", { id: second });
    expect(await title("beta", id)).toBe("Second");
    expect(await states(id)).toEqual(["First SUPERSEDED", "Second RELEASED"]);
  });

  test("does so for organizations, accounts and everyone alike", async () => {
    for (const audience of [
      { organizationIds: [w.org.beta] },
      { accountIds: [w.account.beta] },
      { toEveryone: true, tlp: "CLEAR" },
    ]) {
      const id = await makeIncident(w.as.acme);
      await release(w.as.acme, id, { ...audience, title: "First" });
      await release(w.as.acme, id, { ...audience, title: "Second" });
      expect(await title("beta", id)).toBe("Second");
      expect(await states(id)).toEqual(["First SUPERSEDED", "Second RELEASED"]);
    }
  });

  test("leaves a release to another kind of audience in place", async () => {
    const id = await makeIncident(w.as.acme);
    await release(w.as.acme, id, { ...to("power"), title: "Group" });
    await release(w.as.acme, id, { organizationIds: [w.org.beta], title: "Bilateral" });
    expect(await states(id)).toEqual(["Bilateral RELEASED", "Group RELEASED"]);
  });
});

describe("raising the item's own marking", () => {
  const update = (id: string, input: object) =>
    w.as.acme.do("updateIncident", {
      id,
      input: { title: "Raised", category: "malicious-code", tlp: "AMBER", ...input },
    });

  test("narrows its live releases at once to at least that", async () => {
    const id = await makeIncident(w.as.acme, { tlp: "GREEN" });
    await release(w.as.acme, id, { ...to("power"), tlp: "GREEN", title: "Green" });
    expect(await title("mssp", id)).toBe("Green");
    await update(id, { tlp: "AMBER_STRICT" });
    expect(await title("mssp", id)).toBeUndefined();
    expect(await w.as.beta.ask("incident", { id }, "tlp title")).toEqual({
      tlp: "AMBER_STRICT",
      title: "Green",
    });
    await update(id, { tlp: "RED" });
    expect(await title("beta", id)).toBeUndefined();
  });

  test("narrows by PAP too: what passes the agreement's ceiling is gone", async () => {
    const own = await buildWorld(hub, {
      organizations: ["acme", "beta"],
      groups: { power: { members: ["acme", "beta"] } },
      agreements: [{ from: "power", to: "power", terms: { papCeiling: "GREEN" } }],
    });
    const id = await makeIncident(own.as.acme, { pap: "CLEAR" });
    await release(own.as.acme, id, { groupIds: [own.group.power] });
    const input = { title: "x", category: "x", tlp: "AMBER" };
    await own.as.acme.do("updateIncident", { id, input: { ...input, pap: "GREEN" } });
    expect(await own.as.beta.ask("incident", { id }, "pap")).toEqual({ pap: "GREEN" });
    await own.as.acme.do("updateIncident", { id, input: { ...input, pap: "AMBER" } });
    expect(await own.as.beta.ask("incident", { id })).toBeNull();
  });

  test("leaves a release that is stricter already as it is, and lowering widens nothing", async () => {
    const id = await makeIncident(w.as.acme, { tlp: "GREEN" });
    await release(w.as.acme, id, { ...to("power"), tlp: "AMBER_STRICT", title: "Strict" });
    await update(id, { tlp: "AMBER" });
    expect(await w.as.beta.ask("incident", { id }, "tlp")).toEqual({ tlp: "AMBER_STRICT" });
    await update(id, { tlp: "CLEAR", pap: "CLEAR" });
    expect(await w.as.beta.ask("incident", { id }, "tlp pap")).toEqual({
      tlp: "AMBER_STRICT",
      pap: "AMBER",
    });
    expect(await title("mssp", id)).toBeUndefined();
  });

  test("does not move the item to another place in its readers' lists", async () => {
    const id = await makeIncident(w.as.acme, { tlp: "GREEN" });
    await release(w.as.acme, id, { ...to("power"), tlp: "GREEN" });
    const before = await w.as.beta.ask("incident", { id }, "createdAt updatedAt");
    hub.clock.advance(HOUR);
    await update(id, { tlp: "AMBER" });
    expect(await w.as.beta.ask("incident", { id }, "createdAt updatedAt")).toEqual(before);
  });
});
