import { csvLine } from "../../src/cli/ledger";
import { run } from "../../src/cli/run";
import type { Client } from "../support/client";
import { startTestHub, type TestHub } from "../support/hub";
import { buildWorld, makeIncident, release } from "../support/world";

let hub: TestHub;
let w: Awaited<ReturnType<typeof build>>;
const build = () =>
  buildWorld(hub, {
    organizations: ["acme", "beta"],
    groups: { power: { members: ["acme", "beta"] } },
    agreements: [{ from: "power", to: "power" }],
  });
beforeAll(async () => {
  hub = await startTestHub();
  w = await build();
});
afterAll(() => hub.stop());

interface Act {
  act: string;
  subject: string;
  organization: { id: string };
  address: string | null;
  before: object | null;
  after: Record<string, unknown> | null;
}

/** The whole log as an account reads it. */
async function logOf(client: Client): Promise<Act[]> {
  const acts: Act[] = [];
  for (let after: string | null = null, more = true; more;) {
    const page: { nodes: Act[]; pageInfo: { endCursor: string; hasNextPage: boolean } } =
      await client.ask(
        "auditLog",
        { first: 100, after },
        "nodes { act subject organization { id } address before after } pageInfo { endCursor hasNextPage }",
      );
    acts.push(...page.nodes);
    ({ endCursor: after, hasNextPage: more } = page.pageInfo);
  }
  return acts;
}

const cli = async (...args: string[]): Promise<{ code: number; said: string }> => {
  const said: string[] = [];
  const code = await run(args, {
    env: { HUB_URL: hub.url, HUB_KEY: hub.operator.key ?? "" },
    out: (line) => said.push(line),
    err: (line) => said.push(line),
    readInput: () => "",
    signal: new AbortController().signal,
  });
  return { code, said: said.join("\n") };
};
const sql = (text: string, values: unknown[] = []) => hub.running.hub.pool.query(text, values);

describe("the audit log", () => {
  test("tells an organization's ORG_ADMIN its own acts, with the record, before and after, and never content", async () => {
    const item = await makeIncident(w.as.acme, {
      title: "Secret title",
      victim: "Secret victim",
      tlp: "AMBER",
    });
    const released = await release(w.as.acme, item, {
      groupIds: [w.group.power],
      tlp: "AMBER",
      title: "Told title",
    });
    await w.as.acme.do("withdrawRelease", { id: released, reason: "a mistake" });
    const acts = await logOf(w.as.acme);
    expect(acts.filter((a) => a.subject === item || a.subject === released)).toMatchObject([
      {
        act: "createIncident",
        subject: item,
        before: null,
        after: { tlp: "AMBER", state: "DRAFT" },
      },
      {
        act: "releaseItem",
        subject: released,
        before: null,
        after: { state: "RELEASED", itemId: item },
      },
      {
        act: "withdrawRelease",
        before: { state: "RELEASED" },
        after: { state: "WITHDRAWN", reason: "a mistake" },
      },
    ]);
    expect(acts.every((a) => a.organization.id !== w.org.beta)).toBe(true);
    expect(JSON.stringify(acts)).not.toMatch(/Secret|Told title/);
  });

  test("holds the operator's acts on an organization's accounts too, without the operator's address", async () => {
    await hub.operator.do("createAccount", {
      input: {
        organizationId: w.org.beta,
        email: "new@beta.example",
        displayName: "New",
        roles: ["READER"],
      },
    });
    const foreign = (await logOf(w.as.beta)).filter((a) => a.organization.id === hub.operatorId);
    expect(foreign.at(-1)).toMatchObject({
      act: "createAccount",
      address: null,
      after: { email: "new@beta.example" },
    });
    expect(JSON.stringify(await logOf(w.as.acme))).not.toContain("new@beta.example");
  });

  test("holds others' acts on its keys, memberships and coordinators, with their reason", async () => {
    const accountId = w.account.beta;
    const key = await hub.operator.do("createApiKey", { input: { accountId, name: "Foreign" } });
    await hub.operator.do("revokeApiKey", { id: key.id });
    const id = w.membership["beta power"];
    await hub.operator.do("suspendMembership", { id, reason: "Under inquiry" });
    await hub.operator.do("resumeMembership", { id });
    const coordinator = { groupId: w.group.power, accountId };
    await hub.operator.do("appointCoordinator", coordinator);
    await hub.operator.do("dismissCoordinator", { ...coordinator, leaveNone: true });
    const foreign = async (client: Client) =>
      (await logOf(client)).filter((a) => a.organization.id === hub.operatorId).slice(-6);
    expect(await foreign(w.as.beta)).toMatchObject([
      { act: "createApiKey", subject: key.id, address: null },
      { act: "revokeApiKey", subject: key.id },
      { act: "suspendMembership", after: { state: "SUSPENDED", reason: "Under inquiry" } },
      { act: "resumeMembership", after: { state: "ACTIVE" } },
      { act: "appointCoordinator" },
      { act: "dismissCoordinator" },
    ]);
    expect(JSON.stringify(await logOf(w.as.acme))).not.toMatch(/Under inquiry|Foreign/);
  });

  test("tells no colleague of a coordinator who is in its HIDDEN group, nor what it drafts", async () => {
    const own = await buildWorld(hub, {
      organizations: ["host", "delta"],
      accounts: { lead: { of: "host", roles: ["ORG_ADMIN"] } },
      groups: { secret: { members: [], roster: "HIDDEN", coordinators: ["lead"] } },
    });
    const { secret } = own.group;
    const { id } = await own.as.lead.do("inviteMember", {
      groupId: secret,
      organizationId: own.org.delta,
    });
    await own.as.delta.do("acceptMembership", { id });
    await own.as.lead.do("suspendMembership", { id, reason: "Under inquiry" });
    const terms = { kinds: ["INCIDENT"], tlpCeiling: "AMBER" };
    await own.as.lead.do("draftAgreement", {
      input: { title: "Draft", fromGroupId: secret, toGroupId: secret, terms },
    });
    const acts = async (client: Client): Promise<string[]> => [
      ...new Set((await logOf(client)).map((a) => a.act)),
    ];
    const byLead = ["inviteMember", "suspendMembership", "draftAgreement"];
    expect(await acts(own.as.lead)).toEqual(expect.arrayContaining(byLead));
    expect(await acts(own.as.host)).toEqual(["createAccount", "createApiKey"]);
    expect(await acts(own.as.delta)).toEqual(
      expect.arrayContaining(["inviteMember", "acceptMembership", "suspendMembership"]),
    );
  });

  test("is whole to the operator, and holds no secret", async () => {
    const acts = await logOf(hub.operator);
    expect(new Set(acts.map((a) => a.organization.id)).size).toBeGreaterThan(2);
    expect(acts.some((a) => a.act === "createApiKey")).toBe(true);
    expect(JSON.stringify(acts)).not.toMatch(/hash|musubi_[A-Za-z0-9]+_/);
  });

  test("is refused to a plain member and to the anonymous viewer", async () => {
    const reader = await buildWorld(hub, {
      organizations: ["delta"],
      accounts: { plain: { of: "delta", roles: ["MEMBER"] } },
      groups: {},
      agreements: [],
    });
    expect(await reader.as.plain.code("auditLog", {}, "nodes { act }")).toBe("FORBIDDEN");
    expect(await hub.anonymous.code("auditLog", {}, "nodes { act }")).toBe("UNAUTHENTICATED");
  });
});

describe("the chain over audit log and disclosures", () => {
  test("holds as long as nobody touched it, also against a head that was kept", async () => {
    await hub.running.hub.ledger.flush();
    const first = await cli("ledger", "verify");
    expect(first).toMatchObject({
      code: 0,
      said: expect.stringMatching(/^\d+ entries hold\. Head \d+:[0-9a-f]{64}$/),
    });
    const kept = first.said.split("Head ")[1] ?? "";
    const item = await makeIncident(w.as.acme, { tlp: "AMBER" });
    await release(w.as.acme, item, { groupIds: [w.group.power], tlp: "AMBER" });
    expect(await w.as.beta.ask("incident", { id: item })).toMatchObject({ id: item });
    await hub.running.hub.ledger.flush();
    expect(await cli("ledger", "verify", "--head", kept)).toMatchObject({ code: 0 });
    expect((await sql("SELECT FROM chain WHERE kind = 'disclosure'")).rowCount).toBeGreaterThan(0);
  });

  test.each([
    ["a reading's count", "UPDATE disclosure SET count = count + 1 WHERE id = $1", "disclosure"],
    ["who did an act", "UPDATE audit SET account_id = gen_random_uuid() WHERE id = $1", "audit"],
  ])("shows that %s was changed", async (_, change, kind) => {
    const { rows } = await sql(
      "SELECT entry_id, seq FROM chain WHERE kind = $1 ORDER BY seq LIMIT 1",
      [kind],
    );
    const [entry] = rows as { entry_id: string; seq: string }[];
    await sql("CREATE TABLE kept AS SELECT * FROM " + kind);
    await sql(change, [entry?.entry_id]);
    const { code, said } = await cli("ledger", "verify");
    expect([code, said]).toEqual([
      1,
      `The ledger does not hold: entry ${entry?.seq} was changed, or one before it.`,
    ]);
    await sql(`DELETE FROM ${kind}`);
    await sql(`INSERT INTO ${kind} SELECT * FROM kept`);
    await sql("DROP TABLE kept");
    expect(await cli("ledger", "verify")).toMatchObject({ code: 0 });
  });

  test("shows that an entry was removed, and that the end was cut off", async () => {
    const head = await hub.running.hub.ledger.chain.head();
    const kept = `${head?.seq}:${head?.hash}`;
    await sql("DELETE FROM chain WHERE seq = $1", [head?.seq]);
    expect(await cli("ledger", "verify", "--head", kept)).toMatchObject({
      code: 1,
      said: expect.stringContaining("rewritten"),
    });
    await sql(
      "DELETE FROM audit WHERE id = (SELECT entry_id FROM chain WHERE kind = 'audit' ORDER BY seq DESC LIMIT 1)",
    );
    expect(await cli("ledger", "verify")).toMatchObject({
      code: 1,
      said: expect.stringContaining("was removed"),
    });
  });

  test("is read whole by the OPERATOR_ADMIN alone", async () => {
    expect(await w.as.acme.code("ledgerLinks", {}, "seq")).toBe("FORBIDDEN");
    expect(await hub.anonymous.code("ledgerHead", {}, "seq")).toBe("UNAUTHENTICATED");
  });
});

test.each([
  "=1+1",
  "+1",
  "-1",
  "@SUM(A1)",
  "\t=1",
  "\r=1",
  "\n=1",
  "＝1+1",
  "＋1",
  "－1",
  "＠SUM(A1)",
])(
  "a cell that begins as %j is no formula in the CSV, and what holds a comma or a quote is quoted",
  (text) => {
    const cell = csvLine([`${text},"x"`, "plain"]);
    expect(cell).toBe(`"'${text},""x""",plain`);
  },
);

test("disclosures are exported as CSV, and as JSON lines", async () => {
  const item = await makeIncident(w.as.acme, { tlp: "AMBER" });
  await release(w.as.acme, item, { organizationIds: [w.org.beta], tlp: "AMBER" });
  await w.as.beta.ask("incident", { id: item });
  const said: string[] = [];
  const world = {
    env: { HUB_URL: hub.url, HUB_KEY: w.as.acme.key ?? "" },
    out: (line: string) => said.push(line),
    err: (line: string) => said.push(line),
    readInput: () => "",
    signal: new AbortController().signal,
  };
  expect(await run(["disclosures", "--item", item], world)).toBe(0);
  expect(said[0]).toBe("item,stixId,tlp,organization,sector,path,channel,firstAt,lastAt,count");
  expect(said[1]).toMatch(
    new RegExp(`^${item},incident--[^,]+,AMBER,[^,]*beta[^,]*,,BILATERAL,query,`, "i"),
  );
  said.length = 0;
  expect(await run(["disclosures", "--item", item, "--json"], world)).toBe(0);
  expect(said.map((line) => JSON.parse(line))).toMatchObject([
    { item: { id: item }, path: "BILATERAL", count: 1 },
  ]);
});
