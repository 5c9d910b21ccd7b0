import type { Client } from "../support/client";
import { startTestHub, type TestHub } from "../support/hub";
import { buildWorld, release } from "../support/world";

let hub: TestHub;
let w: Awaited<ReturnType<typeof build>>;
const build = () =>
  buildWorld(hub, {
    organizations: ["acme", "beta"],
    groups: { power: { members: ["acme", "beta"] } },
    agreements: [{ from: "power", to: "power" }],
  });
const PATTERNS = {
  domain: "[domain-name:value = 'evil-site.test']",
  idn: "[domain-name:value = 'münchen.test']",
  ipv4: "[ipv4-addr:value = '45.83.122.7']",
  ipv6: "[ipv6-addr:value = '2a02:4780::7']",
  cidr: "[ipv4-addr:value = '45.83.120.0/24']",
  url: "[url:value = 'https://evil-site.test/Path?q=1']",
  mail: "[email-addr:value = 'Bad.Guy@evil-site.test']",
  md5: "[file:hashes.MD5 = '9e107d9d372bb6826bd81d3542a419d6']",
  sha256:
    "[file:hashes.'SHA-256' = 'D7A8FBB307D7809469CA9ABCB0082E4F8D5651E46D3CDB762D02D0BF37C9E592']",
};
const ids = {} as Record<keyof typeof PATTERNS, string>;
beforeAll(async () => {
  hub = await startTestHub();
  w = await build();
  for (const [name, pattern] of Object.entries(PATTERNS)) {
    const { id } = await w.as.acme.do("createIndicator", { input: { pattern, tlp: "GREEN" } });
    await release(w.as.acme, id, { groupIds: [w.group.power], tlp: "GREEN" });
    ids[name as keyof typeof PATTERNS] = id;
  }
});
afterAll(() => hub.stop());

interface Result {
  value: string;
  normalized: string | null;
  type: string | null;
  score: number | null;
  sightingCount: number;
  indicators: { id: string }[];
}
const lookup = (values: string[], client = w.as.beta): Promise<Result[]> =>
  client.ask<Result[]>(
    "lookup",
    { values },
    "value normalized type score sightingCount indicators { id }",
  );

test.each<[string, keyof typeof PATTERNS]>([
  ["evil-site.test", "domain"],
  ["EVIL-Site.Test.", "domain"],
  ["evil-site[.]test", "domain"],
  ["evil-site(dot)test", "domain"],
  ["ｅｖｉｌ－ｓｉｔｅ．ｔｅｓｔ", "domain"],
  ["münchen.test", "idn"],
  ["MÜNCHEN[.]test", "idn"],
  ["xn--mnchen-3ya.test", "idn"],
  ["45.83.122.7", "ipv4"],
  ["45[.]83[.]122[.]7", "ipv4"],
  ["45.83.122.7:443", "ipv4"],
  ["2a02:4780::7", "ipv6"],
  ["2A02:4780:0000:0:0:0:0:0007", "ipv6"],
  ["[2a02:4780::7]", "ipv6"],
  ["45.83.120.0/24", "cidr"],
  ["45.83.120.99/24", "cidr"],
  ["hxxps://evil-site[.]test/Path?q=1", "url"],
  ["HTTPS://EVIL-SITE.TEST:443/Path?q=1", "url"],
  ["Bad.Guy@EVIL-SITE.test", "mail"],
  ["Bad.Guy[@]evil-site[.]test", "mail"],
  ["9E107D9D372BB6826BD81D3542A419D6", "md5"],
  ["d7a8fbb307d7809469ca9abcb0082e4f8d5651e46d3cdb762d02d0bf37c9e592", "sha256"],
])("%j is found", async (value, name) => {
  const [result] = await lookup([value]);
  expect(result).toMatchObject({ value, indicators: [{ id: ids[name] }] });
  expect(result?.normalized).not.toBeNull();
  expect(result?.score).toEqual(expect.any(Number));
});

test.each([
  ["a path of another case", "https://evil-site.test/path?q=1"],
  ["a local part of another case", "bad.guy@evil-site.test"],
  ["a longer name", "www.evil-site.test"],
  ["a neighbouring address", "45.83.122.8"],
])("%s is another value", async (_, value) => {
  const [result] = await lookup([value]);
  expect(result).toMatchObject({ score: null, sightingCount: 0, indicators: [] });
});

test("values are answered in the order asked, repeats and nonsense included", async () => {
  const values = ["45.83.122.7", "no observable at all", "", "evil-site.test", "45.83.122.7"];
  const results = await lookup(values);
  expect(results.map((r) => r.value)).toEqual(values);
  expect(results.map((r) => r.indicators.length)).toEqual([1, 0, 0, 1, 1]);
  expect(results[1]).toEqual({
    value: values[1],
    normalized: null,
    type: null,
    score: null,
    sightingCount: 0,
    indicators: [],
  });
});

test("what is hidden is answered exactly like what nobody ever submitted", async () => {
  const { id } = await w.as.acme.do("createIndicator", {
    input: { pattern: "[domain-name:value = 'hidden.test']", tlp: "GREEN" },
  });
  const [hidden] = await lookup(["hidden.test"]);
  const [never] = await lookup(["nevers.test"]);
  expect({ ...hidden, value: "", normalized: "" }).toEqual({ ...never, value: "", normalized: "" });
  expect((await lookup(["hidden.test"], w.as.acme))[0]?.indicators).toEqual([{ id }]);
});

test("a value is merged over the assertions that are visible", async () => {
  const make = async (client: typeof w.as.acme, confidence: number) => {
    const { id } = await client.do("createIndicator", {
      input: { pattern: "[domain-name:value = 'merged.test']", tlp: "GREEN", confidence },
    });
    await release(client, id, { groupIds: [w.group.power], tlp: "GREEN" });
    return id;
  };
  const both = [await make(w.as.acme, 20), await make(w.as.beta, 80)];
  const [result] = await lookup(["merged.test"]);
  expect(result?.indicators.map((i) => i.id).toSorted()).toEqual(both.toSorted());
  expect(result?.score).toBe(80);
});

test("warnings tell of values that are usually harmless, known or not", async () => {
  const [result] = await w.as.beta.ask<{ warnings: object[] }[]>(
    "lookup",
    { values: ["8.8.8.8"] },
    "warnings { list message }",
  );
  expect(result?.warnings.length).toBeGreaterThan(0);
});

test("nothing is asked for nothing, and 10,000 values are the most", async () => {
  expect(await lookup([])).toEqual([]);
  const many = Array.from({ length: 10_000 }, (_, i) => `host${i}.test`);
  const results = await w.as.beta.ask<object[]>("lookup", { values: many }, "indicators { id }");
  expect(results).toHaveLength(10_000);
  const refusal = await w.as.beta.refused("lookup", { values: [...many, "one.more.test"] });
  expect(refusal.code).toBe("BAD_USER_INPUT");
  expect(Object.keys(refusal.issues)).toEqual(["values"]);
});

test("an endless value is no observable", async () => {
  const [result] = await lookup([`${"a.".repeat(50_000)}test`]);
  expect(result).toMatchObject({ normalized: null, indicators: [] });
});

describe("many values at once are answered as each by itself", () => {
  const NAMES = ["own", "released", "withheld", "submitted"].map((name) => `${name}.many.test`);
  const SHOWN = `normalized type
    indicators { id tlp createdAt updatedAt access { kind } redactions { field } name pattern }`;
  const ask = (client: Client, values: string[]): Promise<object[]> =>
    client.ask("lookup", { values }, SHOWN);
  const others = (n: number): string[] => Array.from({ length: n }, (_, i) => `no${i}.many.test`);
  /** By lookups of one value, and within so many others. */
  const expectSame = async (n: number): Promise<void> => {
    for (const client of [w.as.acme, w.as.beta, hub.operator, hub.anonymous]) {
      const alone = await Promise.all(NAMES.map(async (name) => (await ask(client, [name]))[0]));
      const among = await ask(client, [...NAMES, ...others(n), ...NAMES]);
      expect(among.slice(0, NAMES.length)).toEqual(alone);
      expect(among.slice(NAMES.length + n)).toEqual(alone);
    }
  };

  beforeAll(async () => {
    for (const name of NAMES) {
      const pattern = `[domain-name:value = '${name}']`;
      const { id } = await w.as.acme.do("createIndicator", { input: { pattern, tlp: "AMBER" } });
      const to = { groupIds: [w.group.power] };
      if (name.startsWith("released")) await release(w.as.acme, id, to);
      if (name.startsWith("withheld"))
        await release(w.as.acme, id, { ...to, withheldFields: ["observables"] });
      if (name.startsWith("submitted")) await w.as.acme.do("submitItem", { id });
    }
  });

  test.each([20, 1_100])("among %i others", (n) => expectSame(n));

  test("by an owner of far more than are asked for", async () => {
    await hub.running.hub.pool.query(
      `INSERT INTO item (kind, owner_id, created_by, stix_id, tlp, pap, attribution, state, created_at, updated_at)
       SELECT 'INDICATOR', $1, $1, 'indicator--' || gen_random_uuid(), 2, 2, 0, 'DRAFT', now(), now() FROM generate_series(1, 400)`,
      [w.org.acme.split("_")[1]],
    );
    await expectSame(20);
  });
});
