import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { disclose } from "../../src/sharing/disclosure";
import { explain } from "../../src/sharing/explanation";
import { decide, type Scope, scopeOf } from "../../src/sharing/policy";
import type { WorldItem } from "./generated-world";
import { instantOf, listed, type Scenario, ScenarioWorld } from "./scenario-world";

const folder = join(__dirname, "scenarios");
const scenarios = readdirSync(folder).map((file): [string, Scenario] => {
  const scenario = parse(readFileSync(join(folder, file), "utf8")) as Scenario;
  return [`${file.replace(".yaml", "")}: ${scenario.says}`, scenario];
});

test("there are scenarios, and each expects something", () => {
  expect(scenarios.length).toBeGreaterThan(24);
  for (const [, s] of scenarios)
    expect(Object.keys({ ...s.sees, ...s["does-not-see"], ...s.fields })).not.toEqual([]);
});

describe.each(scenarios)("%s", (_, scenario) => {
  const world = new ScenarioWorld(scenario);
  const asked = (who: string): Scope => {
    const { viewer, now } = world.viewer(who);
    return scopeOf(viewer, world.parties, now);
  };
  const one = (title: string): { scope: Scope; item: WorldItem } => {
    const [who = "", of = ""] = title.split(" of ");
    const [name = "", when] = of.split(/ (?=on day|just before)/);
    return { scope: asked(when ? `${who} ${when}` : who), item: world.item(name) };
  };

  for (const [who, items] of Object.entries(scenario.sees ?? {}))
    test(`${who} sees ${listed(items).join(", ")}`, () => {
      const scope = asked(who);
      expect(listed(items).filter((name) => decide(scope, world.item(name)).visible)).toEqual(
        listed(items),
      );
    });

  for (const [who, items] of Object.entries(scenario["does-not-see"] ?? {}))
    test(`${who} does not see ${listed(items).join(", ")}`, () => {
      const scope = asked(who);
      expect(listed(items).filter((name) => decide(scope, world.item(name)).visible)).toEqual([]);
    });

  for (const [title, expected] of Object.entries(scenario.fields ?? {}))
    test(`what ${title} shows`, () => {
      const { scope, item } = one(title);
      const decision = decide(scope, item);
      expect(decision.visible).toBe(true);
      const view = disclose(item, decision, () => "00000000-0000-4000-8000-00000000cafe");
      const redacted = view.redactions.map((r) => r.field);
      const { shows, hides, title: titled, source, sector, updated, created, ...rest } = expected;
      for (const field of listed(shows))
        expect([field, redacted.includes(field)]).toEqual([field, false]);
      for (const field of listed(hides))
        expect([field, redacted.includes(field)]).toEqual([field, true]);
      expect(view).toMatchObject(rest);
      if (titled !== undefined) expect(view.title ?? view.name).toBe(titled);
      if (updated !== undefined) expect(view.updatedAt.getTime()).toBe(instantOf(updated));
      if (created !== undefined) expect(view.createdAt.getTime()).toBe(instantOf(created));
      if (sector !== undefined) expect(view.shownSource.groupId).toBe(sector && world.id(sector));
      if (source !== undefined) {
        expect(view.shownSource.attribution).toBe(source);
        expect(view.shownSource.organizationId).toBe(source === "NAMED" ? item.ownerId : null);
        expect(view.stixId === item.stixId).toBe(source === "NAMED");
      }
    });

  for (const [title, reason] of Object.entries(scenario.because ?? {}))
    test(`${title}: ${reason}`, () => {
      const { scope, item } = one(title);
      const explanation = explain(scope, world.parties, item);
      expect(explanation.visible).toBe(decide(scope, item).visible);
      const reasons = explanation.visible
        ? explanation.paths.filter((p) => p.holds).map((p): string => p.kind)
        : explanation.paths.flatMap((p) => p.conditions.filter((c) => !c.holds).map((c) => c.says));
      expect(reasons).toContainEqual(reason);
    });
});
