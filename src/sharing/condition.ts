/**
 * The language in which the policy is written: each rule is a list of comparisons between a fact and a right, all of
 * which must hold. It has no negation, and what is missing never equals anything, so that a gap can only deny.
 * One list is read four ways: `holds` in memory, `toSql` in the database, `explain` for people, and the types.
 */
export interface Condition<Fact, Right> {
  /** What the condition says, for people. */
  says: string;
  fact: keyof Fact & string;
  compare: Comparison;
  right: keyof Right & string;
}

/**
 * is: equal · oneOf: the fact is in the right's list · atMost, atLeast, before, after: by order ·
 * oneOfOrAny: in the right's list, or the right says "any" outright.
 */
type Comparison = "is" | "oneOf" | "oneOfOrAny" | "atMost" | "atLeast" | "before" | "after";

/** The word by which a right says that it does not depend on a fact at all. An empty list still means nobody. */
export const ANY = "any";

export function holds<F extends object, R extends object>(
  conditions: readonly Condition<F, R>[],
  facts: F,
  right: R,
): boolean {
  for (const c of conditions) if (!holdsOne(c, facts, right)) return false;
  return true;
}

export function holdsOne<F extends object, R extends object>(
  c: Condition<F, R>,
  facts: F,
  right: R,
): boolean {
  const fact: unknown = facts[c.fact];
  const bound: unknown = right[c.right];
  switch (c.compare) {
    case "is":
      return typeof fact === "string" && fact === bound;
    case "oneOf":
      return Array.isArray(bound) && bound.includes(fact);
    case "oneOfOrAny":
      return bound === ANY || (Array.isArray(bound) && bound.includes(fact));
    case "atMost":
      return ordinal(fact) <= ordinal(bound);
    case "atLeast":
      return ordinal(fact) >= ordinal(bound);
    case "before":
      return ordinal(fact) < ordinal(bound);
    case "after":
      return ordinal(fact) > ordinal(bound);
  }
}

/** INVARIANT: what is no number is NaN, and no comparison with NaN holds. */
const ordinal = (value: unknown): number => (typeof value === "number" ? value : NaN);

/**
 * The conditions as SQL over two row aliases. Columns bear the fields' names in snake case; `anyOf` a list that may
 * say ANY stands beside it as `<column>_any`. Neither side is ever a literal: rights travel as rows.
 */
export function toSql<F, R>(
  conditions: readonly Condition<F, R>[],
  factAlias: string,
  rightAlias: string,
): string {
  return conditions
    .map((c) => {
      const fact = `${factAlias}.${snake(c.fact)}`;
      const right = `${rightAlias}.${snake(c.right)}`;
      if (c.compare === "oneOf") return `${fact} = ANY(${right})`;
      if (c.compare === "oneOfOrAny") return `(${right}_any OR ${fact} = ANY(${right}))`;
      return `${fact} ${SQL_OPERATORS[c.compare]} ${right}`;
    })
    .join(" AND ");
}

const SQL_OPERATORS = { is: "=", atMost: "<=", atLeast: ">=", before: "<", after: ">" } as const;

export const snake = (name: string): string => name.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`);
