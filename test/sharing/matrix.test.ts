import { snake, toSql } from "../../src/sharing/condition";
import type { ItemFacts, ReleasePath } from "../../src/sharing/facts";
import { EVERYONE } from "../../src/sharing/facts";
import { maskOf } from "../../src/sharing/fields";
import type { MaybeViewer } from "../../src/sharing/parties";
import { decide, OPERATOR_RULE, OWNER_RULE, RELEASE_RULE, scopeOf } from "../../src/sharing/policy";
import { Tlp } from "../../src/sharing/tlp";
import { AccessPathKind } from "../../src/sharing/vocabulary";
import { ScenarioWorld } from "./scenario-world";

const VIEWERS = [
  "Owner",
  "Owner's contractor",
  "Owner's client",
  "Owner with a key made by another",
  "Operator's analyst",
  "Operator's contractor analyst",
  "Operator's analyst with a key made by another",
  "Operator",
  "Member",
  "Member's contractor",
  "Member's client",
  "Member's analyst",
  "Member with a key made by another",
  "hanako",
  "jiro",
  "hanako with a key made by another",
  "Stranger",
  "anybody",
];

const world = new ScenarioWorld({
  says: "every right that there is",
  model: "§4",
  groups: { power: ["Owner", "Member"] },
  agreements: {
    "power → power": [{ terms: { tlpCeiling: Tlp.RED }, signed: { Owner: 0, Member: 0 } }],
  },
  accounts: { hanako: "Member", jiro: "Member's contractor" },
  items: {},
});

const TARGETS: Record<ReleasePath, string[]> = {
  AGREEMENT: ["power → power"],
  BILATERAL: [world.id("Member")],
  NAMED: [world.id("account hanako"), world.id("account jiro")],
  PUBLIC: [EVERYONE],
};

function item(tlp: number, path: ReleasePath | null, submitted: boolean): ItemFacts {
  const kind = "INCIDENT" as ItemFacts["kind"];
  const ownerId = world.id("Owner");
  return {
    id: "item",
    kind,
    ownerId,
    tlp,
    pap: 0,
    attribution: 2,
    submittedAt: submitted ? 0 : Infinity,
    audiences: (path ? TARGETS[path] : []).map((target) => ({
      releaseId: "release",
      kind,
      ownerId,
      path: path as ReleasePath,
      target,
      toGroupId: null,
      versionId: path === AccessPathKind.AGREEMENT ? `${target} v1` : null,
      fromGroupId: null,
      tlp,
      pap: 0,
      withheld: maskOf(["damage"]),
      releasedAt: Date.UTC(2026, 0, 2),
      liveFrom: Date.UTC(2026, 0, 2),
      liveUntil: Infinity,
    })),
  };
}

/** all: the whole item · view: what a release shows · envelope · a dot: nothing. */
function cell(who: string, facts: ItemFacts): string {
  const { viewer, now }: { viewer: MaybeViewer; now: number } = world.viewer(who);
  const decision = decide(scopeOf(viewer, world.parties, now), facts);
  if (!decision.visible) return "·";
  return decision.whole ? "all" : decision.wording ? "view" : "envelope";
}

const row = (cells: string[]): string =>
  cells
    .map((c, i) => c.padEnd(i ? 13 : 46))
    .join("")
    .trimEnd();

test.each([
  ["an item that was not submitted and never released", null, false],
  ["a submitted item without a release", null, true],
  ["a release to a group of which Member is one", AccessPathKind.AGREEMENT, false],
  ["a release to Member", AccessPathKind.BILATERAL, false],
  [
    "a release to Member's hanako, an employee, and jiro, a contractor",
    AccessPathKind.NAMED,
    false,
  ],
  ["a release to everyone", AccessPathKind.PUBLIC, false],
] as [string, ReleasePath | null, boolean][])("who sees %s", (_, path, submitted) => {
  const tlps = Object.values(Tlp);
  const rows = VIEWERS.map((who) =>
    row([who, ...tlps.map((__, tlp) => cell(who, item(tlp, path, submitted)))]),
  );
  expect([row(["", ...tlps]), ...rows].join("\n")).toMatchSnapshot();
});

test("the rules, as people and as the database read them", () => {
  const rules = { OWNER_RULE, OPERATOR_RULE, RELEASE_RULE };
  for (const [name, rule] of Object.entries(rules)) {
    const lines = rule.map((c) => `${c.says}: ${snake(c.fact)} ${c.compare} ${snake(c.right)}`);
    expect(lines.join("\n")).toMatchSnapshot(`${name} says`);
    expect(toSql(rule as never, "fact", "r").replaceAll(" AND ", "\nAND ")).toMatchSnapshot(
      `${name} in SQL`,
    );
  }
});
