/**
 * How a field is consented to (sharing model, section 2): with the item's wording, with its technical facts,
 * with the damage, or with the identity of those concerned.
 */
export type FieldClass = "wording" | "technical" | "damage" | "identity";

/** A set of fields as bits: the three consent groups, then each field. */
export type FieldMask = number;

const GROUPS = ["technical", "damage", "identity"] as const;

/** The class of every field of an item that can be withheld. Append only: the position is the bit. */
export const FIELD_CLASSES = {
  title: "wording",
  summary: "wording",
  description: "wording",
  name: "wording",
  body: "wording",
  category: "technical",
  occurredAt: "technical",
  detectedAt: "technical",
  pattern: "technical",
  patternType: "technical",
  observables: "technical",
  validFrom: "technical",
  validUntil: "technical",
  confidence: "technical",
  labels: "technical",
  indicators: "technical",
  about: "technical",
  score: "technical",
  warnings: "technical",
  sightingCount: "technical",
  victim: "damage",
  affectedSystems: "damage",
  dataStolen: "damage",
  severity: "damage",
  awareAt: "damage",
  contact: "identity",
  source: "identity",
} as const satisfies Record<string, FieldClass>;

export type FieldName = keyof typeof FIELD_CLASSES;

const FIELD_NAMES = Object.keys(FIELD_CLASSES) as FieldName[];
const BITS = new Map<string, FieldMask>(
  [...GROUPS, ...FIELD_NAMES].map((name, i) => [name, 1 << i]),
);
const bit = (name: string): FieldMask => BITS.get(name) ?? 0;

/** The same part of the wording has another name on another kind of item. */
const SAME_WORDING: Partial<Record<FieldName, FieldName>> = {
  name: "title",
  title: "name",
  body: "description",
  description: "body",
};

const WITHHOLDING = Object.fromEntries(
  FIELD_NAMES.map((f) => [f, bit(f) | bit(FIELD_CLASSES[f]) | bit(SAME_WORDING[f] ?? "")]),
) as Record<FieldName, FieldMask>;

/** The bits that withhold a field: its own, that of its group, and that of its other name. */
export const withholdingBits = (field: FieldName): FieldMask => WITHHOLDING[field];

/** What is withheld unless a release says otherwise. */
export const WITHHELD_BY_DEFAULT = ["damage", "identity"];
export const WITHHOLD_NOTHING: FieldMask = 0;
export const WITHHOLD_ALL: FieldMask = [...BITS.values()].reduce((mask, b) => mask | b, 0);

/** Whether a word names a consent group or a field that can be withheld. */
export const isWithholdable = (name: string): boolean => BITS.has(name);

/** The mask of groups and field names. Throws on a word that is neither: consent is never guessed. */
export function maskOf(names: readonly string[]): FieldMask {
  let mask = WITHHOLD_NOTHING;
  for (const name of names) {
    if (!isWithholdable(name)) throw new RangeError(`${name} is neither a field group nor a field`);
    mask |= bit(name);
  }
  return mask;
}

export const isWithheld = (field: FieldName, mask: FieldMask): boolean =>
  (mask & withholdingBits(field)) !== 0;

/** A mask in which each withheld field bears its own bit, so that masks of several paths can be intersected. */
export function expanded(mask: FieldMask): FieldMask {
  let result = WITHHOLD_NOTHING;
  for (const [own, bits] of EXPANSION) if ((mask & bits) !== 0) result |= own;
  return result;
}
const EXPANSION = FIELD_NAMES.map((f) => [bit(f), WITHHOLDING[f]] as const);

/** Every wording field: they come together, from one release. */
export const WORDING: FieldMask = FIELD_NAMES.filter((f) => FIELD_CLASSES[f] === "wording").reduce(
  (mask, f) => mask | bit(f),
  WITHHOLD_NOTHING,
);

/** No field: in a mask of changes, the item's own TLP or PAP, which only its owner and the operator are shown. */
export const OWN_MARKING: FieldMask = 1 << 30;
