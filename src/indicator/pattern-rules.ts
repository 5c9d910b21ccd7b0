import { PatternError } from "./pattern-error";
import {
  comparisonsOf,
  type Comparison,
  type Literal,
  type Observation,
  type Qualifier,
  type Test,
} from "./pattern-tree";

/** A regular expression of MATCHES is never run here; it is only kept from growing without end. */
const LONGEST_REGEX = 4096;

/** Digits of the hash algorithms of STIX 2.1 §10.6 (`hash-algorithm-ov`), by name without hyphens. */
const HASH_DIGITS: Readonly<Record<string, number>> = {
  MD5: 32,
  SHA1: 40,
  SHA224: 56,
  SHA256: 64,
  SHA384: 96,
  SHA512: 128,
  SHA3256: 64,
  SHA3512: 128,
};

/** An instant as two texts that compare as time does, whatever the number of its decimals. */
function instant({ value, at }: Literal): [string, string] {
  const [whole = "", decimals = ""] = String(value).replace("Z", "").split(".");
  const day = new Date(`${whole.slice(0, 10)}T00:00:00Z`);
  if (Number.isNaN(day.getTime()) || !day.toISOString().startsWith(whole.slice(0, 10))) {
    throw new PatternError("no such day", at);
  }
  return [whole, decimals.replace(/0+$/, "")];
}

function isAfter(stop: Literal, start: Literal): boolean {
  const [from, fromDecimals] = instant(start);
  const [to, toDecimals] = instant(stop);
  return to === from ? toDecimals > fromDecimals : to > from;
}

function checkQualifier(qualifier: Qualifier): void {
  if (qualifier.kind === "startStop") {
    if (!isAfter(qualifier.stop, qualifier.start))
      throw new PatternError("STOP is not later than START", qualifier.stop.at);
    return;
  }
  const [word, amount] =
    qualifier.kind === "within" ? ["WITHIN", qualifier.seconds] : ["REPEATS", qualifier.times];
  if (!(amount > 0)) throw new PatternError(`${word} needs a positive number`, qualifier.at);
}

/** The object types that one object may have to satisfy the test: AND speaks of a single object, OR of either. STIX 2.1 §9.5. */
function objectTypes(test: Test): Set<string> {
  if (test.kind === "comparison") return new Set([test.path.type]);
  const [first, ...others] = test.operands;
  const types = first ? objectTypes(first) : new Set<string>();
  for (const operand of others) {
    const more = objectTypes(operand);
    if (test.kind === "or") {
      for (const type of more) types.add(type);
      continue;
    }
    for (const type of types) if (!more.has(type)) types.delete(type);
    if (types.size === 0) {
      throw new PatternError(
        "AND joins comparisons of different object types",
        comparisonsOf(operand)[0]?.at ?? 0,
      );
    }
  }
  return types;
}

/** One bracket takes each kind of qualifier once; a group may be qualified again, as the OASIS validator has it. */
function checkObservation(node: Observation): void {
  if (node.kind !== "observation" && node.kind !== "group")
    return node.operands.forEach(checkObservation);
  node.qualifiers.forEach(checkQualifier);
  if (node.kind === "group") return checkObservation(node.inner);
  const again = node.qualifiers.find(
    ({ kind }, at) => node.qualifiers.findIndex((other) => other.kind === kind) < at,
  );
  if (again) throw new PatternError("qualifier given twice", again.at);
  objectTypes(node.test);
}

function checkComparison({ path, operator, values }: Comparison): void {
  for (const { kind, value, at } of values) {
    const text = String(value);
    if (operator === "MATCHES" && text.length > LONGEST_REGEX) {
      throw new PatternError(`regular expression is longer than ${LONGEST_REGEX} characters`, at);
    }
    const algorithm = path.steps.at(-2) === "hashes" ? (path.steps.at(-1) ?? "") : "";
    const digits = HASH_DIGITS[algorithm.toUpperCase().replace(/[-_]/g, "")];
    const exact = operator === "=" || operator === "!=" || operator === "IN";
    if (
      digits &&
      exact &&
      (kind !== "string" || text.length !== digits || !/^[0-9a-f]+$/i.test(text))
    ) {
      throw new PatternError(`not a hash of the kind ${algorithm}`, at);
    }
    if (kind === "timestamp") instant({ kind, value, at });
  }
}

/** What the grammar cannot say. Throws a PatternError at the first rule broken. */
export function checkPattern(root: Observation): void {
  checkObservation(root);
  comparisonsOf(root).forEach(checkComparison);
}
