import { HOUR, startTestHub, type TestHub } from "../support/hub";
import { pageOf, walk } from "../support/pages";
import { buildWorld, makeIndicator, release } from "../support/world";

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

const LEAST = { pattern: "[domain-name:value = 'evil.test']", tlp: "AMBER" };
const to = () => ({ groupIds: [w.group.power] });

describe("creating an indicator", () => {
  test("keeps what was given, and shows the observables in canonical form", async () => {
    const input = {
      name: "N",
      description: "D",
      pattern:
        "[domain-name:value = 'EVIL.Test'] OR [ipv4-addr:value = '203.0.113.0/24' OR file:hashes.'SHA-256' = 'E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855']",
      tlp: "GREEN",
      pap: "CLEAR",
      validFrom: "2026-01-01T00:00:00Z",
      validUntil: "2027-01-01T00:00:00Z",
      confidence: 70,
      labels: ["c2", "malicious-activity"],
    };
    const made = await w.as.acme.do(
      "createIndicator",
      { input },
      `kind name description pattern patternType tlp pap validFrom validUntil confidence labels
       observables { type value } sightingCount warnings { list message } releases { id } redactions { field }`,
    );
    expect(made).toMatchObject({
      ...input,
      kind: "INDICATOR",
      patternType: "stix",
      validFrom: "2026-01-01T00:00:00.000Z",
      validUntil: "2027-01-01T00:00:00.000Z",
      sightingCount: 0,
      releases: [],
      redactions: [],
      observables: [
        { type: "domain-name", value: "evil.test" },
        { type: "ipv4-addr", value: "203.0.113.0/24" },
        {
          type: "sha256",
          value: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        },
      ],
    });
  });

  test("takes nulls for absent, and for the defaults of patternType, pap and attribution", async () => {
    const made = await w.as.acme.do(
      "createIndicator",
      {
        input: {
          ...LEAST,
          name: null,
          description: null,
          patternType: null,
          pap: null,
          attribution: null,
          validFrom: null,
          validUntil: null,
          confidence: null,
          labels: null,
        },
      },
      "name patternType pap validFrom validUntil confidence labels",
    );
    expect(made).toEqual({
      name: null,
      patternType: "stix",
      pap: "AMBER",
      validFrom: null,
      validUntil: null,
      confidence: null,
      labels: [],
    });
  });

  test.each([
    ["input.name", { name: "x".repeat(501) }],
    ["input.description", { description: "x".repeat(100_001) }],
    ["input.pattern", { pattern: "" }],
    ["input.pattern", { pattern: "x".repeat(200_000) }],
    ["input.confidence", { confidence: -1 }],
    ["input.confidence", { confidence: 101 }],
    ["input.labels", { labels: Array.from({ length: 101 }, (_, i) => `l${i}`) }],
    ["input.labels.0", { labels: ["x".repeat(201)] }],
    ["input.labels.0", { labels: [""] }],
    ["input.patternType", { patternType: "klingon" }],
    ["input.validUntil", { validFrom: "2026-01-02T00:00:00Z", validUntil: "2026-01-01T00:00:00Z" }],
    ["input.validUntil", { validFrom: "2026-01-02T00:00:00Z", validUntil: "2026-01-02T00:00:00Z" }],
  ])("refuses a wrong %s by name", async (path, wrong) => {
    const refusal = await w.as.acme.refused("createIndicator", { input: { ...LEAST, ...wrong } });
    expect(refusal.code).toBe("BAD_USER_INPUT");
    expect(Object.keys(refusal.issues)).toEqual([path]);
  });

  test.each([
    "[domain-name:value = 'evil.test'",
    "domain-name:value = 'evil.test'",
    "[domain-name:value 'evil.test']",
    "[ipv4-addr:value = ]",
    "nonsense",
  ])("refuses the unparsable pattern %j with position and reason", async (pattern) => {
    const refusal = await w.as.acme.refused("createIndicator", { input: { ...LEAST, pattern } });
    expect(refusal.code).toBe("BAD_USER_INPUT");
    expect(refusal.issues["input.pattern"]).toMatch(/position \d+: \S+/);
  });

  test("takes other pattern languages as they are, unparsed", async () => {
    const made = await w.as.acme.do(
      "createIndicator",
      { input: { pattern: "rule x { condition: true }", patternType: "yara", tlp: "AMBER" } },
      "patternType pattern observables { value }",
    );
    expect(made).toEqual({
      patternType: "yara",
      pattern: "rule x { condition: true }",
      observables: [],
    });
  });

  test("warns of values that are usually harmless, and takes them all the same", async () => {
    const { warnings } = await w.as.acme.do<{ warnings: { list: string; message: string }[] }>(
      "createIndicator",
      { input: { pattern: "[ipv4-addr:value = '8.8.8.8']", tlp: "AMBER" } },
      "warnings { list message }",
    );
    expect(warnings.length).toBeGreaterThan(0);
    expect(warnings.every((x) => x.list && x.message)).toBe(true);
  });
});

describe("indicators in lists", () => {
  let ids: Record<"domain" | "address" | "hash" | "old", string>;
  beforeAll(async () => {
    const make = async (pattern: string, more: object = {}) => {
      const { id } = await w.as.acme.do("createIndicator", {
        input: { pattern, tlp: "AMBER", name: "Listed", ...more },
      });
      await release(w.as.acme, id, { ...to(), tlp: "AMBER" });
      return id;
    };
    ids = {
      domain: await make("[domain-name:value = 'listed.test']", {
        labels: ["c2", "apt"],
        confidence: 90,
      }),
      address: await make("[ipv6-addr:value = '2001:db8::1']", { labels: ["c2"], confidence: 10 }),
      hash: await make("[file:hashes.MD5 = 'd41d8cd98f00b204e9800998ecf8427f']"),
      old: await make("[domain-name:value = 'old.test']", {
        validFrom: "2020-01-01T00:00:00Z",
        validUntil: "2021-01-01T00:00:00Z",
      }),
    };
  });
  const found = async (filter: object): Promise<string[]> => {
    const { nodes, totalCount } = await pageOf(w.as.beta, "indicators", { filter });
    expect(totalCount).toBe(nodes.length);
    const names = new Map(Object.entries(ids).map(([name, id]) => [id, name]));
    return nodes.flatMap((n) => names.get(n.id) ?? []).toSorted();
  };

  test.each<[object, string[]]>([
    [{ value: "listed.test" }, ["domain"]],
    [{ value: "LISTED[.]TEST" }, ["domain"]],
    [{ value: "2001:DB8:0:0::1" }, ["address"]],
    [{ value: "D41D8CD98F00B204E9800998ECF8427F" }, ["hash"]],
    [{ value: "unlisted.test" }, []],
    [{ type: "ipv6-addr" }, ["address"]],
    [{ type: "md5" }, ["hash"]],
    [{ type: "nonsense" }, []],
    [{ labels: ["c2"] }, ["address", "domain"]],
    [{ labels: ["c2", "apt"] }, ["domain"]],
    [{ labels: [] }, ["address", "domain", "hash", "old"]],
    [{ text: "LIST" }, ["address", "domain", "hash", "old"]],
    [{ minScore: 80 }, ["domain"]],
    [{ minScore: 101 }, []],
    [{ validAt: "2020-06-01T00:00:00Z", type: "domain-name" }, ["domain", "old"]],
    [{ validAt: "2021-01-01T00:00:00Z", type: "domain-name" }, ["domain"]],
    [{ validAt: "2019-12-31T23:59:59.999Z", type: "domain-name" }, ["domain"]],
    [{ tlp: ["AMBER"], type: "md5" }, ["hash"]],
    [
      { value: null, type: null, labels: null, minScore: null, validAt: null, text: null },
      ["address", "domain", "hash", "old"],
    ],
  ])("the filter %j finds %j", async (filter, expected) => {
    expect(await found(filter)).toEqual(expected);
  });

  test("a value of no known kind is refused", async () => {
    const refusal = await w.as.beta.refused("indicators", {
      filter: { value: "not a value at all" },
    });
    expect(refusal.code).toBe("BAD_USER_INPUT");
    expect(Object.keys(refusal.issues)).toEqual(["filter.value"]);
  });

  test("walk in pages", async () => {
    const all = await walk(w.as.beta, "indicators", { first: 1 });
    expect(new Set(all).size).toBe(all.length);
    expect(all.slice(0, 4)).toEqual([ids.old, ids.hash, ids.address, ids.domain]);
    expect(await w.as.beta.ask("indicators", {}, "totalCount")).toEqual({ totalCount: all.length });
  });
});

describe("filters on withheld fields are no oracle", () => {
  test.each<[string, string[], object]>([
    ["labels", ["labels"], { labels: ["secret-label"] }],
    ["score", ["score"], { minScore: 50 }],
    ["validity", ["validFrom", "validUntil"], { validAt: "2026-02-01T00:00:00Z" }],
    ["all technical", ["technical"], { labels: ["secret-label"] }],
    ["the name", ["title"], { text: "secretname" }],
    ["the description", ["description"], { text: "secretdescription" }],
  ])("%s", async (_, withheldFields, filter) => {
    const { id } = await w.as.acme.do("createIndicator", {
      input: {
        pattern: "[domain-name:value = 'oracle.test']",
        tlp: "AMBER",
        name: "secretname",
        description: "secretdescription",
        labels: ["secret-label"],
        confidence: 95,
        validFrom: "2026-01-01T00:00:00Z",
        validUntil: "2026-12-01T00:00:00Z",
      },
    });
    const only = async () =>
      (await pageOf(w.as.beta, "indicators", { first: 100, filter })).nodes.some(
        (n) => n.id === id,
      );
    await release(w.as.acme, id, { ...to(), withheldFields });
    expect(await only()).toBe(false);
    await release(w.as.acme, id, { ...to(), withheldFields: [] });
    expect(await only()).toBe(true);
  });

  test("a withheld confidence does not enter the score that is shown", async () => {
    const scores: unknown[] = [];
    for (const confidence of [0, 100]) {
      const id = await makeIndicator(w.as.acme, "45.83.122.10", { confidence });
      await release(w.as.acme, id, { ...to(), withheldFields: ["confidence"] });
      scores.push(await w.as.beta.ask("indicator", { id }, "score confidence"));
    }
    expect(scores[0]).toEqual(scores[1]);
    expect(scores[0]).toMatchObject({ confidence: null });
  });
});

describe("sightings", () => {
  const three = () =>
    buildWorld(hub, {
      organizations: ["acme", "beta", "delta", "gamma"],
      groups: { power: { members: ["acme", "beta", "delta"] }, water: { members: ["gamma"] } },
      agreements: [
        { from: "power", to: "power" },
        { from: "power", to: "water" },
      ],
    });

  test("count for the owner and for those whom they reach, and for nobody else", async () => {
    const own = await three();
    const id = await makeIndicator(own.as.acme, "45.83.122.20");
    await release(own.as.acme, id, {
      fromGroupId: own.group.power,
      groupIds: [own.group.power, own.group.water],
    });
    expect(
      await own.as.beta.do("recordSighting", { indicatorId: id, count: 3 }, "sightingCount"),
    ).toEqual({ sightingCount: 3 });
    const count = async (name: "acme" | "beta" | "delta" | "gamma") =>
      (await own.as[name].ask<{ sightingCount: number }>("indicator", { id }, "sightingCount"))
        .sightingCount;
    expect([
      await count("acme"),
      await count("beta"),
      await count("delta"),
      await count("gamma"),
    ]).toEqual([3, 3, 3, 0]);
    expect(await own.as.delta.ask("lookup", { values: ["45.83.122.20"] }, "sightingCount")).toEqual(
      [{ sightingCount: 3 }],
    );
  });

  test("raise the score, and false alarms lower it", async () => {
    const own = await three();
    const id = await makeIndicator(own.as.acme, "45.83.122.21");
    await release(own.as.acme, id, { groupIds: [own.group.power], fromGroupId: own.group.power });
    const score = async () =>
      (await own.as.acme.ask<{ score: number }>("indicator", { id }, "score")).score;
    const first = await score();
    await own.as.beta.do("recordSighting", { indicatorId: id });
    const second = await score();
    expect(second).toBeGreaterThan(first);
    await own.as.delta.do("recordSighting", { indicatorId: id, falsePositive: true });
    expect(await score()).toBeLessThan(second);
    expect(await own.as.acme.ask("indicator", { id }, "sightingCount")).toEqual({
      sightingCount: 1,
    });
  });

  test("under an agreement whose kinds lack SIGHTING go to the owner alone", async () => {
    const own = await buildWorld(hub, {
      organizations: ["acme", "beta", "delta"],
      groups: { power: { members: ["acme", "beta", "delta"] } },
      agreements: [{ from: "power", to: "power", terms: { kinds: ["INDICATOR"] } }],
    });
    const id = await makeIndicator(own.as.acme, "45.83.122.22");
    await release(own.as.acme, id, { groupIds: [own.group.power] });
    await own.as.beta.do("recordSighting", { indicatorId: id });
    const count = (name: "acme" | "delta") =>
      own.as[name].ask("indicator", { id }, "sightingCount");
    expect(await count("acme")).toEqual({ sightingCount: 1 });
    expect(await count("delta")).toEqual({ sightingCount: 0 });
  });

  test("take nulls for their defaults, and check what they are given", async () => {
    const id = await makeIndicator(w.as.acme, "45.83.122.23");
    const nulls = { seenAt: null, count: null, falsePositive: null };
    expect(
      await w.as.acme.do("recordSighting", { indicatorId: id, ...nulls }, "sightingCount"),
    ).toEqual({ sightingCount: 1 });
    const refused = async (args: object) =>
      Object.keys((await w.as.acme.refused("recordSighting", { indicatorId: id, ...args })).issues);
    expect(await refused({ count: 0 })).toEqual(["count"]);
    expect(await refused({ count: 1_000_001 })).toEqual(["count"]);
    expect(await refused({ seenAt: hub.clock.in(HOUR) })).toEqual(["seenAt"]);
    expect(await w.as.acme.ask("indicator", { id }, "sightingCount")).toEqual({ sightingCount: 1 });
  });
});
