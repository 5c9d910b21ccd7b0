import { allDoors, doors } from "../support/doors";
import { startTestHub, type TestHub } from "../support/hub";
import { pageOf, walk } from "../support/pages";
import { buildWorld, makeIncident, release } from "../support/world";

let hub: TestHub;
let w: Awaited<ReturnType<typeof build>>;
const build = () =>
  buildWorld(hub, {
    organizations: ["acme", "beta", "outside"],
    groups: { power: { members: ["acme", "beta"] } },
    agreements: [{ from: "power", to: "power", terms: { attribution: "NAMED" } }],
  });
beforeAll(async () => {
  hub = await startTestHub();
  w = await build();
});
afterAll(() => hub.stop());

const LEAST = { title: "T", body: "# B", tlp: "AMBER" };
const to = () => ({ groupIds: [w.group.power] });

describe("an advisory", () => {
  test("keeps what was given; nulls mean the defaults, of which NAMED is one", async () => {
    const about = await makeIncident(w.as.acme);
    const { id, ...made } = await w.as.acme.do<{ id: string }>(
      "createAdvisory",
      { input: { ...LEAST, summary: "S", pap: "GREEN", aboutIds: [about] } },
      "id kind title summary body tlp pap about { id kind } releases { id } redactions { field }",
    );
    expect(made).toEqual({
      kind: "ADVISORY",
      title: "T",
      summary: "S",
      body: "# B",
      tlp: "AMBER",
      pap: "GREEN",
      about: [{ id: about, kind: "INCIDENT" }],
      releases: [],
      redactions: [],
    });
    const nulls = { summary: null, pap: null, attribution: null, aboutIds: null };
    const second = await w.as.acme.do<{ id: string; pap: string }>(
      "createAdvisory",
      { input: { ...LEAST, ...nulls } },
      "id pap about { id }",
    );
    expect(second).toMatchObject({ pap: "AMBER", about: [] });
    await release(w.as.acme, second.id, { ...to(), withheldFields: [] });
    expect(
      await w.as.beta.ask(
        "node",
        { id: second.id },
        "... on Advisory { source { attribution organization { id } } }",
      ),
    ).toEqual({ source: { attribution: "NAMED", organization: { id: w.org.acme } } });
    expect(id).toMatch(/^advisory_/);
  });

  test.each([
    ["input.title", { title: " " }],
    ["input.title", { title: "x".repeat(501) }],
    ["input.summary", { summary: "x".repeat(100_001) }],
    ["input.body", { body: "" }],
    ["input.body", { body: "x".repeat(100_001) }],
    ["input.aboutIds.0", { aboutIds: ["incident_00000000-0000-4000-8000-000000000000"] }],
    ["input.aboutIds", { aboutIds: Array.from({ length: 1001 }, () => "x") }],
  ])("with a wrong %s is refused", async (path, wrong) => {
    const refusal = await w.as.acme.refused("createAdvisory", { input: { ...LEAST, ...wrong } });
    expect(refusal.code).toBe("BAD_USER_INPUT");
    expect(Object.keys(refusal.issues)).toEqual([path]);
  });

  test("is about what its reader may see, of any kind, in its own right", async () => {
    const [shown, hidden] = [await makeIncident(w.as.acme), await makeIncident(w.as.acme)];
    await release(w.as.acme, shown, to());
    const inner = await w.as.acme.do("createAdvisory", { input: LEAST });
    await release(w.as.acme, inner.id, to());
    const { id } = await w.as.acme.do("createAdvisory", {
      input: { ...LEAST, aboutIds: [shown, hidden, inner.id] },
    });
    await release(w.as.acme, id, to());
    const about = async (client: typeof w.as.beta) =>
      (
        await client.ask<{ about: { id: string }[] }>(
          "node",
          { id },
          "... on Advisory { about { id } }",
        )
      ).about
        .map((a) => a.id)
        .toSorted();
    expect(await about(w.as.beta)).toEqual([shown, inner.id].toSorted());
    expect(await about(w.as.acme)).toEqual([shown, hidden, inner.id].toSorted());
  });

  test("shows itself at every door to those whom it reaches, and at none to others", async () => {
    const { id } = await w.as.acme.do("createAdvisory", {
      input: { ...LEAST, title: "Unheard of" },
    });
    await release(w.as.acme, id, to());
    const item = { kind: "advisory", id, text: "unheard" } as const;
    expect(await doors(w.as.beta, item)).toEqual(allDoors(item));
    expect(await doors(w.as.outside, item)).toEqual([]);
  });

  test("is submitted, proposed and approved like any item", async () => {
    const { id } = await w.as.acme.do("createAdvisory", { input: LEAST });
    await w.as.acme.do("submitItem", { id });
    const input = { itemId: id, ...to(), tlp: "AMBER", title: "T2", description: "B2" };
    const proposal = await hub.operator.do("proposeRelease", { input });
    await w.as.acme.do("approveRelease", { id: proposal.id });
    expect(await w.as.beta.ask("node", { id }, "... on Advisory { title body }")).toEqual({
      title: "T2",
      body: "B2",
    });
  });
});

test("advisories are listed, searched in their shown words, and walked in pages", async () => {
  const own = await build();
  const ids: string[] = [];
  for (const title of ["Alpha", "Beta", "Gamma"]) {
    const { id } = await own.as.acme.do("createAdvisory", {
      input: { ...LEAST, title, body: `Body of ${title}`, summary: "secretsummary" },
    });
    await release(own.as.acme, id, {
      groupIds: [own.group.power],
      title,
      description: "Public words",
    });
    ids.unshift(id);
  }
  const mine = async (text: string | null) => {
    const { nodes } = await pageOf(own.as.beta, "advisories", { text, first: 100 });
    return nodes.map((n) => n.id).filter((id) => ids.includes(id));
  };
  expect(await mine("gamma")).toEqual([ids[0]]);
  expect(await mine("public WORDS")).toEqual(ids);
  expect(await mine("secretsummary")).toEqual([]);
  expect(await mine("Body of")).toEqual([]);
  expect(await mine(null)).toEqual(ids);
  const walked = await walk(own.as.beta, "advisories", { first: 1 });
  expect(walked.filter((id) => ids.includes(id))).toEqual(ids);
  expect(await own.as.beta.code("advisories", { first: 0 })).toBe("BAD_USER_INPUT");
  expect(await own.as.beta.code("advisories", { after: "forged" })).toBe("BAD_USER_INPUT");
});
