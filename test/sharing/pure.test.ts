import { grantUnder, inForceAt, stateOf, termsOf } from "../../src/sharing/agreement-periods";
import { ANY, type Condition, holds, holdsOne, toSql } from "../../src/sharing/condition";
import { durationMs } from "../../src/sharing/duration";
import { explain } from "../../src/sharing/explanation";
import {
  expanded,
  isWithheld,
  isWithholdable,
  maskOf,
  WITHHOLD_ALL,
} from "../../src/sharing/fields";
import { Pap, papOf, papRank } from "../../src/sharing/pap";
import { decide, scopeOf } from "../../src/sharing/policy";
import { effectiveTerms } from "../../src/sharing/terms";
import { Tlp, tlpOf, tlpRank } from "../../src/sharing/tlp";
import { Attribution, attributionOf, attributionRank } from "../../src/sharing/vocabulary";
import { InMemoryParties } from "./in-memory-parties";
import { instantOf, ScenarioWorld } from "./scenario-world";

test("TLP and PAP are ordered as FIRST and the PAP order them", () => {
  expect(Object.values(Tlp).map(tlpRank)).toEqual([0, 1, 2, 3, 4]);
  expect([0, 1, 2, 3, 4].map(tlpOf)).toEqual(["CLEAR", "GREEN", "AMBER", "AMBER_STRICT", "RED"]);
  expect(Object.values(Pap).map(papRank)).toEqual([0, 1, 2, 3]);
  expect([0, 1, 2, 3].map(papOf)).toEqual(["CLEAR", "GREEN", "AMBER", "RED"]);
});

test("a rank that is none is never guessed", () => {
  for (const rank of [-1, 5, NaN]) expect(() => tlpOf(rank)).toThrow(RangeError);
  for (const rank of [-1, 4]) expect(() => papOf(rank)).toThrow(RangeError);
});

test("an attribution that is none tells nothing of the source", () => {
  expect(Object.values(Attribution).map(attributionRank)).toEqual([2, 1, 0]);
  expect([2, 1, 0, 7, -1].map(attributionOf)).toEqual([
    "NAMED",
    "SECTOR_ONLY",
    "ANONYMOUS",
    "ANONYMOUS",
    "ANONYMOUS",
  ]);
});

test.each([
  ["P30D", 30 * 86_400_000],
  ["P1Y2M3W4D", (365 + 60 + 21 + 4) * 86_400_000],
  ["PT1H30M15S", 5_415_000],
  ["P1DT1S", 86_401_000],
  ["P0D", 0],
])("%s lasts %d ms", (duration, ms) => {
  expect(durationMs(duration)).toBe(ms);
});

test.each([
  "",
  "P",
  "PT",
  "P1DT",
  "1D",
  "P-1D",
  "P1.5D",
  "p1d",
  "P1S",
  "PT1D",
  "P1D ",
  "P99999Y",
  "PT1H2H",
])("%j is no duration", (text) => {
  expect(durationMs(text)).toBeNull();
});

test("a field is withheld by its own name, that of its group and that of its other name", () => {
  expect(isWithheld("victim", maskOf(["victim"]))).toBe(true);
  expect(isWithheld("victim", maskOf(["damage"]))).toBe(true);
  expect(isWithheld("victim", maskOf(["technical", "identity", "contact"]))).toBe(false);
  expect(isWithheld("name", maskOf(["title"]))).toBe(true);
  expect(isWithheld("title", maskOf(["name"]))).toBe(true);
  expect(isWithheld("body", maskOf(["description"]))).toBe(true);
  expect(isWithheld("summary", maskOf(["description", "title"]))).toBe(false);
  expect(isWithheld("summary", expanded(WITHHOLD_ALL))).toBe(true);
});

test("a word that is neither a group nor a field is refused", () => {
  expect(isWithholdable("damage") && isWithholdable("severity")).toBe(true);
  for (const word of ["wording", "id", "tlp", "", "__proto__", "constructor"]) {
    expect(isWithholdable(word)).toBe(false);
    expect(() => maskOf([word])).toThrow(RangeError);
  }
});

describe("a condition", () => {
  const c = (compare: Condition<{ fact: unknown }, { right: unknown }>["compare"]) =>
    ({ says: "", fact: "fact", compare, right: "right" }) as const;
  test.each([
    ["is", "a", "a", true],
    ["is", "a", "b", false],
    ["is", null, null, false],
    ["is", undefined, undefined, false],
    ["oneOf", 1, [1, 2], true],
    ["oneOf", 3, [1, 2], false],
    ["oneOf", undefined, [], false],
    ["oneOf", 1, null, false],
    ["oneOf", "any", ANY, false],
    ["oneOfOrAny", 1, ANY, true],
    ["oneOfOrAny", 1, [1], true],
    ["oneOfOrAny", 1, [], false],
    ["oneOfOrAny", 1, null, false],
    ["atMost", 1, 1, true],
    ["atMost", 2, 1, false],
    ["atMost", null, 1, false],
    ["atMost", 1, null, false],
    ["atLeast", 1, 1, true],
    ["atLeast", 0, 1, false],
    ["atLeast", "9", 1, false],
    ["before", 1, 1, false],
    ["before", 0, 1, true],
    ["before", undefined, 1, false],
    ["after", 1, 1, false],
    ["after", 2, 1, true],
    ["after", 2, undefined, false],
  ] as const)("%s: %j and %j: %j", (compare, fact, right, expected) => {
    expect(holdsOne(c(compare), { fact }, { right })).toBe(expected);
    expect(holds([c(compare)], { fact }, { right })).toBe(expected);
  });

  test("list holds when each does; an empty one forbids nothing", () => {
    expect(holds([c("is"), c("oneOf")], { fact: "a" }, { right: "a" })).toBe(false);
    expect(holds([], {}, {})).toBe(true);
  });

  test("is compiled to SQL that names columns alone", () => {
    const rule = (
      ["is", "oneOf", "oneOfOrAny", "atMost", "atLeast", "before", "after"] as const
    ).map(c);
    expect(toSql(rule, "a", "r").split(" AND ")).toEqual([
      "a.fact = r.right",
      "a.fact = ANY(r.right)",
      "(r.right_any OR a.fact = ANY(r.right))",
      "a.fact <= r.right",
      "a.fact >= r.right",
      "a.fact < r.right",
      "a.fact > r.right",
    ]);
  });
});

const terms = {
  kinds: [],
  tlpCeiling: Tlp.GREEN,
  papCeiling: Pap.GREEN,
  attribution: Attribution.NAMED,
  withheldFields: [],
  onward: true,
  requiresApproval: false,
  retroactive: false,
  purposes: [],
};

test("a retention that cannot be read grants nothing; none is no limit; no purpose is any", () => {
  expect(effectiveTerms({ ...terms, retention: "for ever" }).retentionMs).toBe(0);
  expect(effectiveTerms({ ...terms, retention: null }).retentionMs).toBe(Infinity);
  expect(effectiveTerms({ ...terms, retention: null }).purposes).toBeNull();
  expect(effectiveTerms({ ...terms, retention: null, purposes: ["RESEARCH"] }).purposes).toEqual([
    "RESEARCH",
  ]);
});

test("a version goes from DRAFT over PROPOSED and IN_FORCE to SUPERSEDED or TERMINATED", () => {
  const version = (
    number: number,
    proposedAt: number | null,
    from: number,
    terminatedAt = Infinity,
  ) => ({
    id: `v${number}`,
    number,
    terms: { ...terms, retention: null },
    signWithinMs: 0,
    proposedAt,
    effectiveFrom: from,
    effectiveUntil: Infinity,
    terminatedAt,
  });
  const [first, second, third] = [
    version(1, 1, 2),
    version(2, 3, 5, 8),
    version(3, null, Infinity, 9),
  ] as const;
  const versions = [first, second, third];
  const agreement = { id: "a", fromGroupId: "f", toGroupId: "t", versions, signatures: new Map() };
  const states = (v: (typeof versions)[number]): string[] =>
    [0, 1, 2, 4, 5, 8, 9].map((at) => stateOf(agreement, v, at));
  expect(states(first)).toEqual([
    "DRAFT",
    "PROPOSED",
    "IN_FORCE",
    "IN_FORCE",
    "SUPERSEDED",
    "SUPERSEDED",
    "SUPERSEDED",
  ]);
  expect(states(second)).toEqual([
    "DRAFT",
    "DRAFT",
    "DRAFT",
    "PROPOSED",
    "IN_FORCE",
    "TERMINATED",
    "TERMINATED",
  ]);
  expect(states(third)).toEqual([
    "DRAFT",
    "DRAFT",
    "DRAFT",
    "DRAFT",
    "DRAFT",
    "DRAFT",
    "TERMINATED",
  ]);
  expect(inForceAt(agreement, 8)).toBeUndefined();
  expect(termsOf(first)).toBe(termsOf(first));
});

test("an organization that never was a member, or never signed, has no grant", () => {
  const world = new ScenarioWorld({
    says: "",
    model: "",
    items: {},
    groups: { power: ["Aoba"] },
    agreements: { "power → power": [{}] },
  });
  const agreement = world.parties.agreement("power → power")!;
  for (const who of ["Aoba", "Botan"]) {
    expect(grantUnder(world.parties, agreement, world.id(who), instantOf(1))).toBeNull();
  }
});

test("what was written in a request is shown in its answer to the account that wrote it, and to nobody else", () => {
  const world = new ScenarioWorld({
    says: "",
    model: "",
    items: { secret: { of: "Aoba", tlp: Tlp.RED }, other: { of: "Aoba", tlp: Tlp.RED } },
  });
  const written = new Set([world.item("secret").id]);
  const sees = (who: string, item: string): boolean => {
    const { viewer, now } = world.viewer(who);
    return decide(scopeOf(viewer, world.parties, now, written), world.item(item)).visible;
  };
  expect(sees("Aoba's contractor", "secret")).toBe(true);
  expect(sees("Aoba with a key made by another", "secret")).toBe(true);
  expect(sees("Aoba's contractor", "other")).toBe(false);
  expect(sees("Botan", "secret")).toBe(false);
  expect(sees("anybody", "secret")).toBe(false);
});

test("a release under an agreement that is not known, or to an anonymous viewer, explains that it reaches nobody", () => {
  const world = new ScenarioWorld({
    says: "",
    model: "",
    groups: { power: ["Aoba", "Botan"] },
    agreements: { "power → power": [{ signed: { Aoba: 0, Botan: 0 } }] },
    items: { outage: { of: "Aoba" } },
    releases: [{ item: "outage", day: 1, from: "power", to: "power" }],
  });
  const nobody = new InMemoryParties({ operatorId: null, memberships: [], agreements: [] });
  for (const [who, parties] of [
    ["anybody", world.parties],
    ["Botan", nobody],
  ] as const) {
    const { viewer, now } = world.viewer(who);
    const explanation = explain(scopeOf(viewer, parties, now), parties, world.item("outage"));
    expect(explanation.visible).toBe(false);
    expect(explanation.fields).toEqual([]);
    const path = explanation.paths.find((p) => p.kind === "AGREEMENT");
    expect(path?.groupIds).toEqual([world.id("power"), world.id("power")]);
    expect(path?.conditions[0]).toMatchObject({
      says: "the viewer is a party to the agreement",
      holds: false,
    });
  }
});
