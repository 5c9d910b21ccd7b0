import { plain } from "../../src/cli/print";
import { run } from "../../src/cli/run";
import { startTestHub, type TestHub } from "../support/hub";
import { startWire } from "../support/wire";
import { buildWorld, type World } from "../support/world";

let hub: TestHub;
let world: World<"hospital" | "clinic", "medical", "colleague">;

beforeAll(async () => {
  hub = await startTestHub();
  world = await buildWorld(hub, {
    organizations: ["hospital", "clinic"],
    accounts: { colleague: { of: "clinic", roles: ["MEMBER"] } },
    groups: { medical: { members: ["hospital", "clinic"] } },
    agreements: [{ from: "medical", to: "medical" }],
  });
});
afterAll(() => hub.stop());

/** A run of the CLI, with what it has printed so far. */
class Run {
  readonly out: string[] = [];
  readonly err: string[] = [];
  readonly exitCode: Promise<number>;
  private readonly ended = new AbortController();

  constructor(args: string[], { key = "", url = hub.url, input = "" } = {}) {
    this.exitCode = run(args, {
      env: { HUB_URL: url, HUB_KEY: key },
      out: (line) => this.out.push(line),
      err: (line) => this.err.push(line),
      readInput: () => input,
      signal: this.ended.signal,
    });
  }

  /** What it printed, once that holds. */
  async until(holds: (run: Run) => boolean): Promise<string[]> {
    for (const patience = Date.now() + 10_000; !holds(this);) {
      if (Date.now() > patience) throw new Error(`printed only ${this.out.join("\n")}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    return this.out;
  }

  end(): Promise<number> {
    this.ended.abort();
    return this.exitCode;
  }
}

const clinic = (): { key: string } => ({ key: world.as.clinic.key ?? "" });

/** The hospital releases an advisory to the group of both. */
async function release(title: string): Promise<string> {
  const { hospital } = world.as;
  const { id } = await hospital.do("createAdvisory", { input: { title, body: "…", tlp: "AMBER" } });
  const groupIds = [world.group.medical];
  await hospital.do("releaseItem", { input: { itemId: id, groupIds, tlp: "AMBER" } });
  return id;
}

/** The list of alerts, once there is one: the log is read shortly after what it tells of. */
async function list(args: string[]): Promise<Run> {
  for (;;) {
    const listed = new Run(["alerts", ...args], clinic());
    expect([await listed.exitCode, ...listed.err.filter((l) => !l.startsWith("Go on"))]).toEqual([
      0,
    ]);
    if (listed.out.length) return listed;
  }
}

const titled = (title: string) => (run: Run) => run.out.some((line) => line.includes(title));

test("viewer says whose key it is, and by which agreements it reads", async () => {
  const signedIn = new Run(["viewer"], clinic());
  expect(await signedIn.exitCode).toBe(0);
  expect(signedIn.out).toEqual([
    expect.stringMatching(/^clinic <.*>, EMPLOYEE, .*PUBLISHER/),
    expect.stringMatching(/^clinic-\d+, MEMBER$/),
    expect.stringMatching(
      /^reads by AGREEMENT, as a member of \[medical-\d+\], up to TLP:AMBER\+STRICT/,
    ),
  ]);
  const anonymous = new Run(["viewer"]);
  expect(await anonymous.exitCode).toBe(0);
  expect(anonymous.out).toHaveLength(1);
});

test("lookup tells what is known of each value, in the order asked", async () => {
  await world.as.clinic.do("createIndicator", {
    input: { name: "Beacon host", pattern: "[domain-name:value = 'cli.example']", tlp: "GREEN" },
  });
  const asked = new Run(["lookup", "other.example", "CLI[.]example", "???"], clinic());
  expect(await asked.exitCode).toBe(0);
  expect(asked.out).toEqual([
    expect.stringMatching(/^other\.example {2}domain-name {2}unknown/),
    expect.stringMatching(/^cli\.example {2}domain-name {2}score \d+/),
    expect.stringMatching(/^ +TLP:GREEN {2}indicator_\S+ {2}Beacon host {2}from clinic-\d+$/),
    "???  not an observable that the hub knows",
  ]);
});

test("alerts lists what there was, and goes on after its cursor", async () => {
  const first = await release("First of the list");
  const listed = await list(["--types", "ITEM_RELEASED"]);
  const last = listed.out.at(-1);
  expect(last).toMatch(/^\d{4}-\S+Z {2}ITEM_RELEASED {7}TLP:AMBER .*\[medical-\d+\]/);
  expect(last).toContain(`${first}  First of the list`);
  const [, cursor = ""] = /--after (\S+)$/.exec(listed.err.join("\n")) ?? [];

  const second = await release("Second of the list");
  const later = await list(["--after", cursor, "--json"]);
  const itemIds = later.out.map((line) => (JSON.parse(line) as { itemId: string }).itemId);
  expect(itemIds).toEqual([second]);
});

test("alerts --follow comes back with its last cursor when the connection is lost", async () => {
  const wire = await startWire(hub.running.port);
  const following = new Run(["alerts", "--follow"], { ...clinic(), url: wire.url });
  await wire.connected();
  // The hub may take the subscription later than the connection: release until the first one shows.
  while (!titled("Probe")(following)) await release("Probe");
  await wire.cut();
  await release("While away");
  await following.until((r) => r.err.length > 0);
  await release("Once back");
  await following.until(titled("Once back"));
  const titles = following.out.map((line) => line.split("  ").at(-1));
  expect(titles.filter((title) => title !== "Probe")).toEqual(["While away", "Once back"]);
  expect(new Set(following.out).size).toBe(following.out.length);
  expect(await following.end()).toBe(0);
  expect(following.err.at(-1)).toMatch(/^Go on with --after \S+$/);
  await wire.close();
});

test("a refused key ends every command, and is not tried again", async () => {
  for (const command of [["viewer"], ["alerts"], ["alerts", "--follow"]]) {
    const refused = new Run(command, { key: "no-such-key" });
    expect(await refused.exitCode).toBe(3);
    expect(refused.err).toEqual([expect.stringContaining("UNAUTHENTICATED")]);
  }
});

test("a key that is revoked while alerts are followed ends them", async () => {
  const { colleague } = world.as;
  const wire = await startWire(hub.running.port);
  const following = new Run(["alerts", "--follow"], { key: colleague.key ?? "", url: wire.url });
  await wire.connected();
  while (!titled("Before")(following)) await release("Before");
  const { apiKeys } = await colleague.ask<{ apiKeys: { id: string }[] }>(
    "node",
    { id: world.account.colleague },
    "... on Account { apiKeys { id } }",
  );
  for (const { id } of apiKeys) await world.as.clinic.do("revokeApiKey", { id }, "");
  expect(await following.exitCode).toBe(3);
  await wire.close();
});

test("query sends a document with variables, and errors go to the other side", async () => {
  const input = "query Q($id: ID!) { node(id: $id) { id } }";
  const id = world.org.hospital;
  const args = ["query", "-", "--json", "--variables", JSON.stringify({ id })];
  const asked = new Run(args, { ...clinic(), input });
  expect(await asked.exitCode).toBe(0);
  expect(JSON.parse(asked.out.join(""))).toEqual({ node: { id } });

  const wrong = new Run(["query", "-"], { ...clinic(), input: "{ nothing }" });
  expect(await wrong.exitCode).toBe(1);
  expect(wrong.err).toEqual([expect.stringMatching(/^BAD_USER_INPUT: /)]);
  const forged = new Run(["alerts", "--follow", "--after", "forged"], clinic());
  expect(await forged.exitCode).toBe(1);
});

test("iep drafts an agreement version from a policy, and gives it back as it was", async () => {
  const policy = {
    id: "01bc4353-4829-4d55-8d52-0ab7e0790df9",
    name: "方針\u009b2J\u202e",
    iep_version: 2,
    tlp: "green",
    permitted_actions: "none",
    attribution: "must-not",
  };
  const { medical } = world.group;
  const key = hub.operator.key ?? "";
  const to = ["--from", medical, "--to", medical, "--kinds", "INCIDENT,ADVISORY", "--purposes", ""];
  const args = ["iep", "import", "-", ...to, "--withheld", "damage"];
  const drafted = new Run(args, { key, input: JSON.stringify(policy) });
  expect([await drafted.exitCode, ...drafted.err]).toEqual([0]);
  const [id = ""] = drafted.out;
  const terms = "... on AgreementVersion { terms { kinds tlpCeiling withheldFields purposes } }";
  expect(await hub.operator.ask("node", { id }, terms)).toEqual({
    terms: {
      kinds: ["INCIDENT", "ADVISORY"],
      tlpCeiling: "GREEN",
      withheldFields: ["damage"],
      purposes: [],
    },
  });
  const exported = new Run(["iep", "export", id], { key });
  expect(await exported.exitCode).toBe(0);
  const text = exported.out.join("\n");
  expect(JSON.parse(text)).toMatchObject(policy);
  expect(text).toMatch(/方針\\u009b2J\\u202e"/);

  const hidden = new Run(["iep", "export", id], clinic());
  expect([await hidden.exitCode, hidden.out.length, hidden.err.length]).toEqual([1, 0, 1]);
  const wrong = new Run(args, { key, input: JSON.stringify({ ...policy, tlp: "purple" }) });
  expect(await wrong.exitCode).toBe(1);
  expect(wrong.err).toEqual([expect.stringMatching(/^BAD_USER_INPUT: input\.iep\.tlp: /)]);
});

test("where no hub answers it says so", async () => {
  const wire = await startWire(hub.running.port);
  await wire.close();
  for (const command of [["viewer"], ["alerts", "--follow"]]) {
    const asked = new Run(command, { url: wire.url });
    expect(await asked.exitCode).toBe(4);
    expect(asked.err).toEqual([expect.stringContaining(wire.url)]);
  }
});

const WRONG = [
  [],
  ["dance"],
  ["viewer", "everybody"],
  ["viewer", "--follow"],
  ["alerts", "--after"],
  ["lookup"],
  ["query"],
  ["query", "/no/such/file"],
  ["query", "-", "--variables", "{"],
  ["iep"],
  ["iep", "export"],
  ["iep", "import", "-", "--from", "group_1", "--to", "group_2", "--kinds", "INCIDENT"],
  ["iep", "draft", "x"],
  ["viewer", "--url", "ftp://example.jp"],
  ["viewer", "--key", "with space"],
].map((args) => ({ args }));

test.each(WRONG)("a wrong command is refused before anything is sent: $args", async ({ args }) => {
  const wrong = new Run(args);
  expect(await wrong.exitCode).toBe(2);
  expect(wrong.out).toEqual([]);
  expect(wrong.err).toHaveLength(1);
});

test("what others wrote cannot act on the terminal", () => {
  expect(plain("a\u001b[31mb\u009b2Jc\r\nd\u202ee\u2028f")).toBe("a [31mb 2Jc d e f");
});
