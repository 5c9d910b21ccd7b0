import { DAY, HOUR, makeAccount, startTestHub, type TestHub } from "../support/hub";
import { buildWorld, makeIncident, release } from "../support/world";

let hub: TestHub;
beforeAll(async () => {
  hub = await startTestHub();
});
afterAll(() => hub.stop());

const build = () =>
  buildWorld(hub, {
    organizations: ["acme", "beta"],
    accounts: {
      member: { of: "beta", roles: ["MEMBER"] },
      admin: { of: "beta", roles: ["ORG_ADMIN"] },
    },
    groups: { power: { members: ["acme", "beta"] } },
    agreements: [{ from: "power", to: "power" }],
  });
let shared: ReturnType<typeof build> | undefined;
const world = () => (shared ??= build());

const newAccount = (organizationId: string, roles = ["MEMBER"]) =>
  makeAccount(hub, { organizationId, roles });
const keyOf = (accountId: string, more: object = {}) =>
  hub.operator.do<{ id: string; secret: string }>(
    "createApiKey",
    { input: { accountId, name: "Further", ...more } },
    "id secret",
  );

describe("credentials over HTTP", () => {
  test.each([
    ["an unknown key", `Bearer ${"x".repeat(43)}`],
    ["a key that is none", "Bearer "],
    ["another scheme", "Basic dXNlcjpwYXNz"],
    ["a bare key", "x".repeat(43)],
    ["an endless key", `Bearer ${"x".repeat(5000)}`],
  ])(
    "%s is UNAUTHENTICATED with status 401, never taken for no credential",
    async (_, authorization) => {
      const response = await fetch(`${hub.url}/graphql`, {
        method: "POST",
        headers: { "content-type": "application/json", authorization },
        body: JSON.stringify({ query: "{ viewer { account { id } } }" }),
      });
      expect(response.status).toBe(401);
      const body = (await response.json()) as { errors: { extensions: { code: string } }[] };
      expect(body.errors[0]?.extensions.code).toBe("UNAUTHENTICATED");
      expect(body).not.toHaveProperty("data.viewer");
    },
  );

  test("no credential is the anonymous viewer", async () => {
    expect(
      await hub.anonymous.ask("viewer", {}, "account { id } organization { id } grants { kind }"),
    ).toEqual({ account: null, organization: null, grants: [] });
  });

  test("the scheme is taken in any case", async () => {
    const response = await fetch(`${hub.url}/graphql`, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        authorization: `bearer ${hub.operator.key}`,
      },
      body: JSON.stringify({ query: "{ viewer { account { displayName } } }" }),
    });
    expect(await response.json()).toEqual({
      data: { viewer: { account: { displayName: "Bootstrap" } } },
    });
  });

  test("the viewer is told who it is", async () => {
    const w = await world();
    expect(
      await w.as.member.ask(
        "viewer",
        {},
        "account { id roles affiliation displayName } organization { id }",
      ),
    ).toEqual({
      account: {
        id: w.account.member,
        roles: ["MEMBER"],
        affiliation: "EMPLOYEE",
        displayName: "member",
      },
      organization: { id: w.org.beta },
    });
  });
});

describe("a key", () => {
  test("is shown once, and listed by its public beginning alone", async () => {
    const w = await world();
    const { accountId } = await newAccount(w.org.beta);
    const { id, secret } = await keyOf(accountId);
    const { apiKeys } = await w.as.admin.ask<{ apiKeys: { id: string; prefix: string }[] }>(
      "node",
      { id: accountId },
      "... on Account { apiKeys { id name prefix expiresAt revokedAt } }",
    );
    const listed = apiKeys.find((k) => k.id === id);
    expect(listed).toMatchObject({ name: "Further", expiresAt: null, revokedAt: null });
    expect(secret.startsWith(listed?.prefix ?? "-")).toBe(true);
    expect(secret.length).toBeGreaterThan((listed?.prefix.length ?? 0) + 32);
  });

  test("expires at its time, for requests as for open sockets", async () => {
    const w = await world();
    const { accountId } = await newAccount(w.org.beta);
    const { secret } = await keyOf(accountId, { expiresAt: hub.clock.in(HOUR) });
    const client = hub.as(secret);
    const live = await hub.subscribe(client);
    hub.clock.advance(HOUR - 100);
    expect(await client.ask("viewer", {}, "account { id }")).toEqual({
      account: { id: accountId },
    });
    hub.clock.advance(100);
    expect(await client.code("viewer")).toBe("UNAUTHENTICATED");
    const id = await makeIncident(w.as.acme);
    await release(w.as.acme, id, { groupIds: [w.group.power] });
    expect(await live.end()).toMatchObject({ closed: 4403 });
  });

  test("cannot be made to expire in the past", async () => {
    const w = await world();
    const refusal = await w.as.member.refused("createApiKey", {
      input: { accountId: w.account.member, name: "Late", expiresAt: hub.clock.in(-DAY) },
    });
    expect(refusal.code).toBe("BAD_USER_INPUT");
    expect(Object.keys(refusal.issues)).toEqual(["input.expiresAt"]);
  });

  test("needs a name", async () => {
    const w = await world();
    const refusal = await w.as.member.refused("createApiKey", {
      input: { accountId: w.account.member, name: " " },
    });
    expect(Object.keys(refusal.issues)).toEqual(["input.name"]);
  });

  test("that is revoked stops working at once, and revoking it again changes nothing", async () => {
    const w = await world();
    const { accountId, key } = await newAccount(w.org.beta);
    const { id, secret } = await keyOf(accountId);
    const live = await hub.subscribe(hub.as(secret));
    expect(await w.as.admin.do("revokeApiKey", { id }, "")).toBe(true);
    expect(await hub.as(secret).code("viewer")).toBe("UNAUTHENTICATED");
    const item = await makeIncident(w.as.acme);
    await release(w.as.acme, item, { groupIds: [w.group.power] });
    expect(await live.end()).toMatchObject({ closed: 4403 });
    expect(await w.as.admin.do("revokeApiKey", { id }, "")).toBe(true);
    // The account's other key is not concerned.
    expect(await hub.as(key).ask("viewer", {}, "account { id }")).toEqual({
      account: { id: accountId },
    });
  });
});

describe("a disabled account", () => {
  test("is locked out of HTTP at once, and its open socket is closed before the next alert", async () => {
    const w = await world();
    const { accountId, key } = await newAccount(w.org.beta);
    const live = await hub.subscribe(hub.as(key));
    await w.as.admin.do("disableAccount", { id: accountId });
    const item = await makeIncident(w.as.acme);
    await release(w.as.acme, item, { groupIds: [w.group.power] });
    expect(await hub.as(key).code("viewer")).toBe("UNAUTHENTICATED");
    await expect(live.next()).rejects.toThrow("ended");
    expect(await live.end()).toMatchObject({ closed: 4403 });
    expect(
      await w.as.admin.ask("node", { id: accountId }, "... on Account { disabledAt }"),
    ).toEqual({ disabledAt: expect.any(String) });
  });

  test("works again with its old key once it is enabled", async () => {
    const w = await world();
    const { accountId, key } = await newAccount(w.org.beta);
    await w.as.admin.do("disableAccount", { id: accountId });
    expect(await w.as.admin.do("enableAccount", { id: accountId }, "disabledAt")).toEqual({
      disabledAt: null,
    });
    expect(await hub.as(key).ask("viewer", {}, "account { id }")).toEqual({
      account: { id: accountId },
    });
  });

  test("gets no new key", async () => {
    const w = await world();
    const { accountId } = await newAccount(w.org.beta);
    await w.as.admin.do("disableAccount", { id: accountId });
    const input = { accountId, name: "x" };
    expect(await w.as.admin.code("createApiKey", { input })).toBe("CONFLICT");
  });

  test("does not disable itself", async () => {
    const w = await world();
    expect(await w.as.admin.code("disableAccount", { id: w.account.admin })).toBe("FORBIDDEN");
  });
});

describe("credentials over WebSocket", () => {
  test.each([
    ["an unknown key", "x".repeat(43)],
    ["an empty one", " "],
  ])("%s closes the socket with 4403", async (_, key) => {
    const live = await hub.subscribe({ key }, { after: null });
    expect(await live.end()).toMatchObject({ closed: 4403 });
  });

  test("no credential subscribes as the anonymous viewer, who hears of public releases alone", async () => {
    const w = await world();
    const live = await hub.subscribe(hub.anonymous);
    const inside = await makeIncident(w.as.acme, { tlp: "CLEAR" });
    await release(w.as.acme, inside, { groupIds: [w.group.power], tlp: "CLEAR" });
    const open = await makeIncident(w.as.acme, { title: "For all", tlp: "CLEAR" });
    await release(w.as.acme, open, { toEveryone: true, tlp: "CLEAR" });
    const alerts = await live.rest();
    expect(alerts.map((a) => [a.type, a.itemId, a.item?.title])).toEqual([
      ["ITEM_RELEASED", open, "For all"],
    ]);
  });
});

describe("a key that somebody else made", () => {
  test("opens what the account may see, but neither the NAMED path nor a RED item", async () => {
    const w = await world();
    const amber = await makeIncident(w.as.acme, { title: "Amber" });
    await release(w.as.acme, amber, { groupIds: [w.group.power] });
    const named = await makeIncident(w.as.acme, { title: "Named" });
    await release(w.as.acme, named, { accountIds: [w.account.beta] });
    const ownRed = await makeIncident(w.as.beta, { title: "Own", tlp: "RED" });
    const seen = async (id: string, of: "as" | "foreign") =>
      (await w[of].beta.ask("incident", { id })) !== null;
    expect([await seen(amber, "as"), await seen(amber, "foreign")]).toEqual([true, true]);
    expect([await seen(named, "as"), await seen(named, "foreign")]).toEqual([true, false]);
    expect([await seen(ownRed, "as"), await seen(ownRed, "foreign")]).toEqual([true, false]);
  });

  test("does not act on a RED item either", async () => {
    const w = await world();
    const id = await makeIncident(w.as.beta, { title: "Own", tlp: "RED" });
    expect(await w.foreign.beta.code("submitIncident", { id })).toBe("NOT_FOUND");
    expect(
      await w.foreign.beta.code("updateIncident", {
        id,
        input: { title: "x", category: "x", tlp: "CLEAR" },
      }),
    ).toBe("NOT_FOUND");
  });

  test("gets no alert of a NAMED release", async () => {
    const w = await world();
    const live = await hub.subscribe(w.foreign.beta);
    const id = await makeIncident(w.as.acme, { title: "Named" });
    await release(w.as.acme, id, { accountIds: [w.account.beta] });
    expect(await live.rest()).toEqual([]);
  });
});
