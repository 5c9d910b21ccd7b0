import type { Client } from "../support/client";
import { startTestHub, type TestHub } from "../support/hub";
import { agree, buildWorld, join } from "../support/world";

let hub: TestHub;
let w: Awaited<ReturnType<typeof build>>;
const build = () =>
  buildWorld(hub, {
    organizations: ["acme", "beta", "gamma", "stranger"],
    accounts: {
      coordinator: { of: "stranger", roles: ["READER"] },
      outsider: { of: "stranger", roles: ["MEMBER"] },
    },
    groups: {
      open: { members: ["acme", "beta", "gamma"], coordinators: ["coordinator"] },
      hidden: { members: ["acme", "beta"], roster: "HIDDEN", coordinators: ["coordinator"] },
    },
    agreements: [
      { from: "open", to: "open" },
      { from: "hidden", to: "hidden" },
    ],
  });
beforeAll(async () => {
  hub = await startTestHub();
  w = await build();
  await hub.operator.do("suspendMembership", { id: w.membership["gamma open"], reason: "x" });
});
afterAll(() => hub.stop());

const members = async (client: Client, group: "open" | "hidden"): Promise<string[]> => {
  const { memberships } = await client.ask<{ memberships: { organization: { id: string } }[] }>(
    "node",
    { id: w.group[group] },
    "... on SectorGroup { memberships { organization { id } } }",
  );
  const names = new Map(Object.entries(w.org).map(([name, id]) => [id, name]));
  return memberships.map((m) => names.get(m.organization.id) ?? "?").toSorted();
};
const signatories = async (client: Client, version: number): Promise<string[] | null> => {
  const node = await client.ask<{ signatures: { organization: { id: string } }[] } | null>(
    "node",
    { id: w.versions[version] },
    "... on AgreementVersion { signatures { organization { id } signedBy { displayName email } } }",
  );
  const names = new Map(Object.entries(w.org).map(([name, id]) => [id, name]));
  return node && node.signatures.map((s) => names.get(s.organization.id) ?? "?").toSorted();
};

describe("the roster of a group", () => {
  test("that is OPEN is known to its active members, its coordinators and the operator", async () => {
    const all = ["acme", "beta", "gamma"];
    expect(await members(w.as.acme, "open")).toEqual(all);
    expect(await members(w.as.coordinator, "open")).toEqual(all);
    expect(await members(hub.operator, "open")).toEqual(all);
    expect(await members(w.as.outsider, "open")).toEqual([]);
    // Suspended: its own alone.
    expect(await members(w.as.gamma, "open")).toEqual(["gamma"]);
  });

  test("that is HIDDEN is known to its coordinators and the operator; a member sees itself", async () => {
    expect(await members(w.as.acme, "hidden")).toEqual(["acme"]);
    expect(await members(w.as.beta, "hidden")).toEqual(["beta"]);
    expect(await members(w.as.coordinator, "hidden")).toEqual(["acme", "beta"]);
    expect(await members(hub.operator, "hidden")).toEqual(["acme", "beta"]);
    expect(await members(w.as.outsider, "hidden")).toEqual([]);
  });

  test("is not told by the organizations either, nor by a membership's id", async () => {
    const of = (client: Client, id: string) =>
      client.ask("node", { id }, "... on Organization { memberships { group { id } } }");
    expect(await of(w.as.acme, w.org.beta)).toEqual({
      memberships: [{ group: { id: w.group.open } }],
    });
    expect(await of(w.as.outsider, w.org.beta)).toEqual({ memberships: [] });
    const id = w.membership["beta hidden"];
    expect(await w.as.acme.ask("node", { id })).toBeNull();
    expect(await w.as.acme.code("endMembership", { id, reason: "x" })).toBe("NOT_FOUND");
    expect(await w.as.beta.ask("node", { id })).toEqual({ id });
  });

  test("can be asked for one state", async () => {
    const ask = (state: string | null) =>
      hub.operator.query<{ node: { memberships: object[] } }>(
        "query($id: ID!, $state: MembershipState) { node(id: $id) { ... on SectorGroup { memberships(state: $state) { state } } } }",
        { id: w.group.open, state },
      );
    expect((await ask("SUSPENDED")).data?.node.memberships).toEqual([{ state: "SUSPENDED" }]);
    expect((await ask("ENDED")).data?.node.memberships).toEqual([]);
    expect((await ask(null)).data?.node.memberships).toHaveLength(3);
  });
});

describe("the signatures of an agreement", () => {
  test("of an OPEN group are known to its members, coordinators and the operator", async () => {
    for (const client of [w.as.acme, w.as.coordinator, hub.operator])
      expect(await signatories(client, 0)).toEqual(["acme", "beta", "gamma"]);
  });

  test("of a HIDDEN group a member sees its own alone", async () => {
    expect(await signatories(w.as.acme, 1)).toEqual(["acme"]);
    expect(await signatories(hub.operator, 1)).toEqual(["acme", "beta"]);
    expect(await signatories(w.as.coordinator, 1)).toEqual(["acme", "beta"]);
  });

  test("do not show who is in a HIDDEN group to the OPEN one that it once was, or may be, a member of", async () => {
    const own = await buildWorld(hub, {
      organizations: ["acme", "invited", "former", "later"],
      accounts: { lead: { of: "acme", roles: ["READER"] } },
      groups: {
        open: { members: ["acme", "former"], coordinators: ["lead"] },
        hidden: { members: ["invited", "former", "later"], roster: "HIDDEN" },
      },
    });
    const reason = "Moved to another sector";
    await own.as.former.do("endMembership", { id: own.membership["former open"], reason });
    const signedBy = ["acme", "invited", "former", "later"];
    const id = await agree(own, { from: "open", to: "hidden", signedBy });
    const { open: groupId } = own.group;
    await hub.operator.do("inviteMember", { groupId, organizationId: own.org.invited });
    await join(own, "later", "open");
    const names = new Map(Object.entries(own.org).map(([name, of]) => [of, name]));
    const told = async (client: Client): Promise<string[]> => {
      const { signatures } = await client.ask<{ signatures: { organization: { id: string } }[] }>(
        "node",
        { id },
        "... on AgreementVersion { signatures { organization { id } } }",
      );
      return signatures.map((s) => names.get(s.organization.id) ?? "?").toSorted();
    };
    expect(await told(own.as.acme)).toEqual(["acme"]);
    expect(await told(own.as.invited)).toEqual(["invited"]);
    expect(await told(own.as.lead)).toEqual(["acme", "later"]);
    expect(await told(hub.operator)).toEqual(signedBy.toSorted());
  });

  test("and the agreement itself are unknown to strangers", async () => {
    expect(await signatories(w.as.outsider, 0)).toBeNull();
    expect(
      await w.as.outsider.ask(
        "node",
        { id: w.group.open },
        "... on SectorGroup { agreements { id } }",
      ),
    ).toEqual({ agreements: [] });
  });
});

describe("organizations, groups and accounts", () => {
  test("are known by name to whoever is signed in", async () => {
    const listed = await w.as.outsider.ask<{ id: string }[]>("organizations");
    expect(listed.map((o) => o.id)).toEqual(expect.arrayContaining(Object.values(w.org)));
    const groups = await w.as.outsider.ask<{ id: string }[]>(
      "sectorGroups",
      {},
      "id slug name roster",
    );
    expect(groups.map((g) => g.id)).toEqual(expect.arrayContaining(Object.values(w.group)));
  });

  test("are found by a part of the name, in either language and any case", async () => {
    const { id } = await hub.operator.do("createOrganization", {
      input: { name: "Kita Denryoku", nameJa: "北電力", kind: "MEMBER", sectors: ["power"] },
    });
    for (const text of ["kita", "DENRYOKU", "北電"])
      expect(await w.as.outsider.ask("organizations", { text })).toEqual([{ id }]);
    expect(await w.as.outsider.ask("organizations", { text: "minami" })).toEqual([]);
    const all = await w.as.outsider.ask<object[]>("organizations", { text: null });
    expect(all.length).toBeGreaterThan(4);
  });

  test("e-mail, roles and state of an account are for its organization and the operator", async () => {
    const coordinators = async (client: Client) =>
      (
        await client.ask<{ coordinators: object[] }>(
          "node",
          { id: w.group.open },
          "... on SectorGroup { coordinators { id displayName email roles disabledAt } }",
        )
      ).coordinators;
    const whole = [
      {
        id: w.account.coordinator,
        displayName: "coordinator",
        email: expect.stringContaining("@"),
        roles: ["READER"],
        disabledAt: null,
      },
    ];
    expect(await coordinators(w.as.outsider)).toEqual(whole);
    expect(await coordinators(hub.operator)).toEqual(whole);
    expect(await coordinators(w.as.acme)).toEqual([
      { ...whole[0], email: "", roles: [], disabledAt: null },
    ]);
    expect(await w.as.acme.ask("node", { id: w.account.beta })).toBeNull();
  });
});

describe("making organizations", () => {
  const make = (input: object) =>
    hub.operator.refused("createOrganization", {
      input: { name: "Fresh", kind: "MEMBER", sectors: [], ...input },
    });

  test("one character is a name", async () => {
    const made = await hub.operator.do(
      "createOrganization",
      { input: { name: "X", kind: "PEER_HUB", sectors: ["電力", "a"], country: "JP" } },
      "name kind sectors country",
    );
    expect(made).toEqual({ name: "X", kind: "PEER_HUB", sectors: ["電力", "a"], country: "JP" });
  });

  test.each([
    ["input.name", { name: "" }],
    ["input.name", { name: "x".repeat(201) }],
    ["input.name", { name: "a\u0000b" }],
    ["input.country", { country: "Japan" }],
    ["input.country", { country: "jp" }],
    ["input.sectors.0", { sectors: [""] }],
    ["input.sectors", { sectors: Array.from({ length: 51 }, (_, i) => `s${i}`) }],
  ])("%s is checked", async (path, input) => {
    const refusal = await make(input);
    expect(refusal.code).toBe("BAD_USER_INPUT");
    expect(Object.keys(refusal.issues)).toEqual([path]);
  });

  test("a name in use is a CONFLICT", async () => {
    const [first] = await hub.operator.ask<{ name: string }[]>("organizations", {}, "name");
    expect((await make({ name: first?.name.toUpperCase() })).code).toBe("CONFLICT");
  });
});

describe("making sector groups", () => {
  const group = { slug: "fresh", name: "Fresh", sector: "x", coordinatorIds: [] as string[] };
  const make = (input: object) =>
    hub.operator.refused("createSectorGroup", { input: { ...group, ...input } });

  test("one character is a slug, and a roster of null is OPEN", async () => {
    const made = await hub.operator.do(
      "createSectorGroup",
      { input: { ...group, slug: "e", roster: null, description: "Electricity" } },
      "slug name sector description roster coordinators { id } memberships { id }",
    );
    expect(made).toEqual({
      slug: "e",
      name: "Fresh",
      sector: "x",
      description: "Electricity",
      roster: "OPEN",
      coordinators: [],
      memberships: [],
    });
  });

  test.each([
    ["input.slug", { slug: "" }],
    ["input.slug", { slug: "-x" }],
    ["input.slug", { slug: "x".repeat(64) }],
    ["input.name", { name: " " }],
    ["input.sector", { sector: "" }],
    [
      "input.coordinatorIds.0",
      { coordinatorIds: ["account_00000000-0000-4000-8000-000000000000"] },
    ],
  ])("%s is checked", async (path, input) => {
    const refusal = await make(input);
    expect(refusal.code).toBe("BAD_USER_INPUT");
    expect(Object.keys(refusal.issues)).toEqual([path]);
  });

  test("a slug in use is a CONFLICT", async () => {
    const [first] = await hub.operator.ask<{ slug: string }[]>("sectorGroups", {}, "slug");
    expect((await make({ slug: first?.slug })).code).toBe("CONFLICT");
  });
});
