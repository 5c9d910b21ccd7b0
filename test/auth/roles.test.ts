import type { Arguments, Client } from "../support/client";
import { makeAccount, startTestHub, type TestHub } from "../support/hub";
import { buildWorld, makeIncident, makeIndicator, propose, TERMS } from "../support/world";

let hub: TestHub;
let w: Awaited<ReturnType<typeof build>>;
const build = () =>
  buildWorld(hub, {
    organizations: ["acme", "beta", "police"],
    kinds: { police: "AUTHORITY" },
    accounts: {
      reader: { of: "acme", roles: ["READER"] },
      member: { of: "acme", roles: ["MEMBER"] },
      publisher: { of: "acme", roles: ["PUBLISHER"] },
      admin: { of: "acme", roles: ["ORG_ADMIN"] },
      stranger: { of: "beta", roles: ["ORG_ADMIN", "PUBLISHER", "MEMBER"] },
      coordinator: { of: "beta", roles: ["READER"] },
    },
    groups: {
      power: { members: ["acme"], coordinators: ["coordinator"] },
      water: { members: ["acme"] },
    },
    agreements: [{ from: "power", to: "power" }],
  });
/** Accounts of the operator that have one role each. */
const of = {} as Record<"analyst" | "operatorAdmin" | "operatorOrgAdmin", Client>;
beforeAll(async () => {
  hub = await startTestHub();
  w = await build();
  const roles = {
    analyst: "ANALYST",
    operatorAdmin: "OPERATOR_ADMIN",
    operatorOrgAdmin: "ORG_ADMIN",
  };
  for (const [name, role] of Object.entries(roles)) {
    const made = await makeAccount(hub, { organizationId: hub.operatorId, roles: [role] });
    of[name as keyof typeof of] = hub.as(made.key);
  }
});
afterAll(() => hub.stop());

/** The code with which it is refused, or "ok". */
async function attempt(client: Client, field: string, args: Arguments): Promise<string> {
  const input = args.input as object | undefined;
  const { errors } = await client.query(
    `mutation($a: ${TYPES[field] ?? "ID!"}) { ${field}(${input ? "input" : (Object.keys(args)[0] ?? "")}: $a${
      "reason" in args ? ', reason: "x"' : ""
    }) ${SCALAR.has(field) ? "" : "{ __typename }"} }`,
    { a: input ?? Object.values(args)[0] },
  );
  return errors?.[0]?.extensions.code ?? "ok";
}
const SCALAR = new Set(["revokeApiKey", "deleteWatch"]);
const TYPES: Record<string, string> = {
  createOrganization: "CreateOrganizationInput!",
  createSectorGroup: "CreateSectorGroupInput!",
  createAccount: "CreateAccountInput!",
  createApiKey: "CreateApiKeyInput!",
  createIncident: "IncidentInput!",
  createIndicator: "IndicatorInput!",
  createAdvisory: "AdvisoryInput!",
  submitBundle: "JSON!",
  releaseItem: "ProposeReleaseInput!",
  proposeRelease: "ProposeReleaseInput!",
  draftAgreement: "DraftAgreementInput!",
};

let n = 0;
const fresh = (): string => `x${++n}`;
const account = (organizationId: string, ...roles: string[]): Arguments => ({
  input: { organizationId, roles, email: `${fresh()}@example.jp`, displayName: "x" },
});

type Who = "reader" | "member" | "publisher" | "admin" | "stranger" | "coordinator";
const EVERYBODY: Who[] = ["reader", "member", "publisher", "admin", "stranger", "coordinator"];

describe("acts on parties", () => {
  test("only an OPERATOR_ADMIN makes organizations and sector groups", async () => {
    const organization = () => ({ input: { name: fresh(), kind: "MEMBER", sectors: [] } });
    const group = () => ({ input: { slug: fresh(), name: "x", sector: "x", coordinatorIds: [] } });
    for (const who of EVERYBODY) {
      expect(await attempt(w.as[who], "createOrganization", organization())).toBe("FORBIDDEN");
      expect(await attempt(w.as[who], "createSectorGroup", group())).toBe("FORBIDDEN");
    }
    for (const client of [of.analyst, of.operatorOrgAdmin]) {
      expect(await attempt(client, "createOrganization", organization())).toBe("FORBIDDEN");
      expect(await attempt(client, "createSectorGroup", group())).toBe("FORBIDDEN");
    }
    expect(await attempt(of.operatorAdmin, "createOrganization", organization())).toBe("ok");
    expect(await attempt(of.operatorAdmin, "createSectorGroup", group())).toBe("ok");
  });

  test("there is no second operator", async () => {
    const input = { name: fresh(), kind: "OPERATOR", sectors: [] };
    expect(await hub.operator.refused("createOrganization", { input })).toMatchObject({
      code: "BAD_USER_INPUT",
      issues: { "input.kind": expect.any(String) },
    });
  });

  test("only an ORG_ADMIN makes accounts, and only in its own organization", async () => {
    for (const who of ["reader", "member", "publisher", "stranger", "coordinator"] as const)
      expect(await attempt(w.as[who], "createAccount", account(w.org.acme, "READER"))).toBe(
        "FORBIDDEN",
      );
    expect(await attempt(of.analyst, "createAccount", account(w.org.acme, "READER"))).toBe(
      "FORBIDDEN",
    );
    expect(await attempt(w.as.admin, "createAccount", account(w.org.acme, "READER"))).toBe("ok");
    expect(await attempt(of.operatorAdmin, "createAccount", account(w.org.acme, "READER"))).toBe(
      "ok",
    );
  });

  test.each(["ORG_ADMIN", "PUBLISHER", "MEMBER", "READER"])(
    "an ORG_ADMIN grants %s",
    async (role) => {
      expect(await attempt(w.as.admin, "createAccount", account(w.org.acme, role))).toBe("ok");
    },
  );

  test.each(["OPERATOR_ADMIN", "ANALYST", "OFFICER"])(
    "an ORG_ADMIN does not grant %s, neither alone nor beside another role",
    async (role) => {
      expect(await attempt(w.as.admin, "createAccount", account(w.org.acme, role))).toBe(
        "FORBIDDEN",
      );
      expect(await attempt(w.as.admin, "createAccount", account(w.org.acme, "MEMBER", role))).toBe(
        "FORBIDDEN",
      );
    },
  );

  test.each(["OPERATOR_ADMIN", "ANALYST"])(
    "%s is granted by an OPERATOR_ADMIN alone, and inside the operator alone",
    async (role) => {
      expect(
        await attempt(of.operatorOrgAdmin, "createAccount", account(hub.operatorId, role)),
      ).toBe("FORBIDDEN");
      expect(await attempt(of.analyst, "createAccount", account(hub.operatorId, role))).toBe(
        "FORBIDDEN",
      );
      expect(await attempt(of.operatorAdmin, "createAccount", account(w.org.acme, role))).toBe(
        "FORBIDDEN",
      );
      expect(await attempt(of.operatorAdmin, "createAccount", account(hub.operatorId, role))).toBe(
        "ok",
      );
    },
  );

  test("OFFICER is granted inside an AUTHORITY alone", async () => {
    const by = of.operatorAdmin;
    expect(await attempt(by, "createAccount", account(w.org.acme, "OFFICER"))).toBe("FORBIDDEN");
    expect(await attempt(by, "createAccount", account(hub.operatorId, "OFFICER"))).toBe(
      "FORBIDDEN",
    );
    expect(await attempt(by, "createAccount", account(w.org.police, "OFFICER"))).toBe("ok");
    expect(await attempt(w.as.police, "createAccount", account(w.org.police, "OFFICER"))).toBe(
      "FORBIDDEN",
    );
  });

  test("an ORG_ADMIN of the operator makes no key for an account that may do more than it could grant", async () => {
    for (const role of ["OPERATOR_ADMIN", "ANALYST"]) {
      const { accountId } = await makeAccount(hub, {
        organizationId: hub.operatorId,
        roles: [role],
      });
      const key = { input: { accountId, name: "x" } };
      expect(await attempt(of.operatorOrgAdmin, "createApiKey", key)).toBe("FORBIDDEN");
      expect(await attempt(of.operatorOrgAdmin, "disableAccount", { id: accountId })).toBe(
        "FORBIDDEN",
      );
      expect(await attempt(of.analyst, "createApiKey", key)).toBe("FORBIDDEN");
      expect(await attempt(of.operatorAdmin, "createApiKey", key)).toBe("ok");
    }
  });

  test("keys of a colleague are for the ORG_ADMIN, those of strangers for nobody, as if they were not there", async () => {
    const key = { input: { accountId: w.account.reader, name: "x" } };
    expect(await attempt(w.as.reader, "createApiKey", key)).toBe("ok");
    expect(await attempt(w.as.member, "createApiKey", key)).toBe("FORBIDDEN");
    expect(await attempt(w.as.admin, "createApiKey", key)).toBe("ok");
    expect(await attempt(w.as.stranger, "createApiKey", key)).toBe("NOT_FOUND");
    const never = {
      input: { accountId: "account_00000000-0000-4000-8000-000000000000", name: "x" },
    };
    expect(await w.as.stranger.refused("createApiKey", key)).toEqual(
      await w.as.stranger.refused("createApiKey", never),
    );
    expect(await attempt(w.as.stranger, "disableAccount", { id: w.account.reader })).toBe(
      "NOT_FOUND",
    );
    expect(await attempt(w.as.member, "disableAccount", { id: w.account.reader })).toBe(
      "FORBIDDEN",
    );
  });

  test("a key of a colleague is revoked by the ORG_ADMIN, a stranger's is NOT_FOUND", async () => {
    const { id } = await w.as.reader.do("createApiKey", {
      input: { accountId: w.account.reader, name: "x" },
    });
    expect(await attempt(w.as.stranger, "revokeApiKey", { id })).toBe("NOT_FOUND");
    expect(["NOT_FOUND", "FORBIDDEN"]).toContain(
      await attempt(w.as.member, "revokeApiKey", { id }),
    );
    expect(await attempt(w.as.admin, "revokeApiKey", { id })).toBe("ok");
  });
});

describe("creating accounts", () => {
  test("an address in use is a CONFLICT, whatever its case", async () => {
    const input = { organizationId: w.org.acme, displayName: "x", roles: ["READER"] };
    await w.as.admin.do("createAccount", { input: { ...input, email: "Once@example.jp" } });
    expect(
      await w.as.admin.code("createAccount", { input: { ...input, email: "once@EXAMPLE.jp" } }),
    ).toBe("CONFLICT");
  });

  test.each([
    ["input.email", { email: "nobody" }],
    ["input.email", { email: `${"x".repeat(300)}@example.jp` }],
    ["input.displayName", { displayName: " " }],
    ["input.displayName", { displayName: "x".repeat(201) }],
    ["input.roles", { roles: [] }],
  ])("%s is checked", async (path, wrong) => {
    const input = {
      organizationId: w.org.acme,
      email: `${fresh()}@example.jp`,
      displayName: "x",
      roles: ["READER"],
      ...wrong,
    };
    const refusal = await w.as.admin.refused("createAccount", { input });
    expect(refusal.code).toBe("BAD_USER_INPUT");
    expect(Object.keys(refusal.issues)).toEqual([path]);
  });

  test("an affiliation of null means EMPLOYEE", async () => {
    const made = await w.as.admin.do(
      "createAccount",
      {
        input: {
          organizationId: w.org.acme,
          email: `${fresh()}@example.jp`,
          displayName: "x",
          roles: ["READER"],
          affiliation: null,
        },
      },
      "affiliation roles organization { id }",
    );
    expect(made).toEqual({
      affiliation: "EMPLOYEE",
      roles: ["READER"],
      organization: { id: w.org.acme },
    });
  });
});

describe("acts on items", () => {
  const incident = () => ({ input: { title: "x", category: "x", tlp: "AMBER" } });
  const indicator = () => ({
    input: { pattern: "[domain-name:value = 'a.example']", tlp: "AMBER" },
  });
  const advisory = () => ({ input: { title: "x", body: "x", tlp: "AMBER" } });
  const bundle = () => ({ bundle: { type: "bundle", objects: [] } });

  test("a READER writes nothing; a MEMBER, PUBLISHER or ORG_ADMIN writes", async () => {
    const acts = {
      createIncident: incident,
      createIndicator: indicator,
      createAdvisory: advisory,
      submitBundle: bundle,
    };
    for (const [field, args] of Object.entries(acts)) {
      expect([field, await attempt(w.as.reader, field, args())]).toEqual([field, "FORBIDDEN"]);
      for (const who of ["member", "publisher", "admin"] as const)
        expect([field, await attempt(w.as[who], field, args())]).toEqual([field, "ok"]);
    }
  });

  test("only a PUBLISHER or ORG_ADMIN of the owner releases", async () => {
    const itemId = await makeIncident(w.as.member);
    const to = {
      input: { itemId, groupIds: [w.group.power], fromGroupId: w.group.power, tlp: "AMBER" },
    };
    for (const who of ["reader", "member"] as const)
      expect(await attempt(w.as[who], "releaseItem", to)).toBe("FORBIDDEN");
    expect(await attempt(w.as.stranger, "releaseItem", to)).toBe("NOT_FOUND");
    expect(await attempt(hub.operator, "releaseItem", to)).not.toBe("ok");
    for (const who of ["publisher", "admin"] as const)
      expect(await attempt(w.as[who], "releaseItem", to)).toBe("ok");
  });

  test("only an ANALYST of the operator proposes", async () => {
    const itemId = await makeIncident(w.as.member);
    await w.as.member.do("submitIncident", { id: itemId });
    const to = {
      input: {
        itemId,
        groupIds: [w.group.power],
        fromGroupId: w.group.power,
        tlp: "AMBER",
        title: "x",
      },
    };
    for (const who of EVERYBODY)
      expect(await attempt(w.as[who], "proposeRelease", to)).toBe("FORBIDDEN");
    expect(await attempt(of.operatorAdmin, "proposeRelease", to)).toBe("FORBIDDEN");
    expect(await attempt(of.analyst, "proposeRelease", to)).toBe("ok");
  });

  test("only a PUBLISHER or ORG_ADMIN of the owner decides, never the operator", async () => {
    const itemId = await makeIncident(w.as.member);
    await w.as.member.do("submitIncident", { id: itemId });
    const to = { groupIds: [w.group.power], fromGroupId: w.group.power };
    const id = await propose(hub.operator, itemId, to);
    for (const client of [of.analyst, hub.operator, w.as.member, w.as.reader]) {
      expect(await attempt(client, "approveRelease", { id })).toBe("FORBIDDEN");
      expect(await attempt(client, "rejectRelease", { id, reason: "x" })).toBe("FORBIDDEN");
    }
    // An OPERATOR_ADMIN who is no analyst does not even see it.
    expect(await attempt(of.operatorAdmin, "approveRelease", { id })).toBe("NOT_FOUND");
    expect(await attempt(w.as.stranger, "approveRelease", { id })).toBe("NOT_FOUND");
    expect(await attempt(w.as.publisher, "approveRelease", { id })).toBe("ok");
    const second = await propose(hub.operator, itemId, to);
    expect(await attempt(w.as.admin, "rejectRelease", { id: second, reason: "x" })).toBe("ok");
  });

  test("the owner's PUBLISHER or the operator withdraws, nobody else", async () => {
    const itemId = await makeIncident(w.as.member);
    await w.as.member.do("submitIncident", { id: itemId });
    const to = { groupIds: [w.group.power], fromGroupId: w.group.power };
    const released = async () => {
      const id = await propose(hub.operator, itemId, to);
      await w.as.publisher.do("approveRelease", { id });
      return { id, reason: "x" };
    };
    const first = await released();
    for (const who of ["reader", "member"] as const)
      expect(await attempt(w.as[who], "withdrawRelease", first)).toBe("FORBIDDEN");
    expect(await attempt(w.as.stranger, "withdrawRelease", first)).toBe("NOT_FOUND");
    expect(await attempt(w.as.publisher, "withdrawRelease", first)).toBe("ok");
    expect(await attempt(of.analyst, "withdrawRelease", await released())).toBe("ok");
  });

  test("recording a sighting needs the MEMBER role", async () => {
    const indicatorId = await makeIndicator(w.as.member, "198.51.100.77");
    for (const who of ["reader", "publisher", "admin"] as const)
      expect(await attempt(w.as[who], "recordSighting", { indicatorId })).toBe("FORBIDDEN");
    expect(await attempt(w.as.member, "recordSighting", { indicatorId })).toBe("ok");
  });

  test("a READER hands in nothing", async () => {
    const id = await makeIncident(w.as.member);
    expect(await attempt(w.as.reader, "submitIncident", { id })).toBe("FORBIDDEN");
    expect(await attempt(w.as.reader, "submitItem", { id })).toBe("FORBIDDEN");
    expect(await attempt(w.as.stranger, "submitItem", { id })).toBe("NOT_FOUND");
    expect(await attempt(w.as.member, "submitItem", { id })).toBe("ok");
  });
});

describe("acts on groups and agreements", () => {
  test("only coordinators and the operator invite and draft", async () => {
    const draft = {
      input: { title: "x", fromGroupId: w.group.power, toGroupId: w.group.power, terms: TERMS },
    };
    for (const who of ["reader", "member", "publisher", "admin", "stranger"] as const) {
      const code = await w.as[who].code("inviteMember", {
        groupId: w.group.power,
        organizationId: w.org.beta,
      });
      expect(code).toBe("FORBIDDEN");
      expect(await attempt(w.as[who], "draftAgreement", draft)).toBe("FORBIDDEN");
    }
    expect(await attempt(of.analyst, "draftAgreement", draft)).toBe("FORBIDDEN");
    expect(await attempt(w.as.coordinator, "draftAgreement", draft)).toBe("ok");
    expect(await attempt(of.operatorAdmin, "draftAgreement", draft)).toBe("ok");
  });

  test("only an ORG_ADMIN signs, for an organization that is an active member", async () => {
    const id = w.versions[0];
    for (const who of ["reader", "member", "publisher"] as const)
      expect(await attempt(w.as[who], "signAgreement", { versionId: id })).toBe("FORBIDDEN");
    expect(await attempt(w.as.admin, "signAgreement", { versionId: id })).toBe("ok");
    expect(["NOT_FOUND", "FORBIDDEN"]).toContain(
      await attempt(w.as.stranger, "signAgreement", { versionId: id }),
    );
    expect(await attempt(of.operatorAdmin, "signAgreement", { versionId: id })).toBe("FORBIDDEN");
  });

  test("only an ORG_ADMIN asks for membership", async () => {
    const groupId = w.group.water;
    expect(await attempt(w.as.coordinator, "requestMembership", { groupId })).toBe("FORBIDDEN");
    expect(await attempt(w.as.stranger, "requestMembership", { groupId })).toBe("ok");
  });
});
