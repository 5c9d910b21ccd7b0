/** Which fields there are, and what withholds them: as the oracle knows it, without `src/`. */
export const WORDING = ["title", "name", "summary", "description", "body"];
const DAMAGE = ["victim", "affectedSystems", "dataStolen", "severity", "awareAt"];
const IDENTITY = ["contact", "source"];
// Score, warnings and sightingCount are derived from the technical fields.
const TECHNICAL =
  "category occurredAt detectedAt pattern patternType observables validFrom validUntil confidence labels indicators about score warnings sightingCount".split(
    " ",
  );
export const FIELDS = [...WORDING, ...DAMAGE, ...IDENTITY, ...TECHNICAL];
const ALIASES = [
  ["title", "name"],
  ["description", "body"],
];

export function withholds(names: readonly string[], field: string): boolean {
  const group = DAMAGE.includes(field)
    ? "damage"
    : IDENTITY.includes(field)
      ? "identity"
      : TECHNICAL.includes(field)
        ? "technical"
        : "";
  const same = ALIASES.find((pair) => pair.includes(field)) ?? [field];
  return names.includes(group) || names.some((name) => same.includes(name));
}
