import { listed, type Scenario } from "../sharing/scenario-world";
import { KINDS } from "./selections";

/**
 * The scenario with each incident once more as an indicator and as an advisory, so that the doors for these are asked as
 * well. An item whose kind matters has none, nor one whose marking changes: only incidents can be changed.
 */
export function withTwins(scenario: Scenario): Scenario {
  const versions = Object.values(scenario.agreements ?? {}).flat();
  if (versions.some((v) => v.terms?.kinds)) return scenario;
  const remarked = new Set(
    (scenario.releases ?? []).filter((r) => r.pap !== undefined).map((r) => r.item),
  );
  const twinsOf = (name: string): string[] =>
    scenario.items[name]?.kind || remarked.has(name)
      ? []
      : KINDS.slice(1).map((kind) => `${name} as ${kind}`);
  const all = (names: string | string[]): string[] =>
    listed(names).flatMap((name) => [name, ...twinsOf(name)]);
  const about = (says: Scenario["sees"]): Scenario["sees"] =>
    says && Object.fromEntries(Object.entries(says).map(([who, items]) => [who, all(items)]));
  const [sees, unseen] = [about(scenario.sees), about(scenario["does-not-see"])];
  return {
    ...scenario,
    items: Object.fromEntries(
      Object.entries(scenario.items).flatMap(([name, item]) => [
        [name, item],
        ...twinsOf(name).map((twin, i) => [twin, { ...item, kind: KINDS[i + 1] }] as const),
      ]),
    ) as Scenario["items"],
    releases: (scenario.releases ?? []).flatMap((r) => all(r.item).map((item) => ({ ...r, item }))),
    ...(sees && { sees }),
    ...(unseen && { "does-not-see": unseen }),
  };
}
