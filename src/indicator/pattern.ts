import type { Observable } from "../observable/observable";
import { PatternError } from "./pattern-error";
import { parse, SyntaxError as GrammarError } from "./generated";
import { observablesOf } from "./pattern-observables";
import { checkPattern } from "./pattern-rules";
import type { Observation } from "./pattern-tree";

export { PatternError } from "./pattern-error";

/** In UTF-16 units. */
export const LONGEST_PATTERN = 65_536;

/** Levels of parentheses. INVARIANT: bounds the recursion of the parser and of every walk over its tree. */
export const DEEPEST_PATTERN = 100;

export interface ParsedPattern {
  /** The values that an indicator with this pattern stands for: positive equality, IN and ISSUBSET; canonical, each once. */
  observables: Observable[];
}

const startsWith = /[A-Za-z0-9_][A-Za-z0-9_-]{0,31}|[^]/uy;

function refusal(pattern: string, error: unknown): unknown {
  if (!(error instanceof GrammarError)) return error;
  const { message, expected, location } = error as GrammarError & {
    expected: unknown;
    location: { start: { offset: number } };
  };
  const position = location.start.offset;
  if (expected === null) return new PatternError(message, position);
  startsWith.lastIndex = position;
  const word = startsWith.exec(pattern)?.[0];
  return new PatternError(
    word === undefined ? "unexpected end of pattern" : `unexpected '${word}'`,
    position,
  );
}

/**
 * Reads a STIX 2.1 pattern (§9) and checks what the grammar cannot say: AND within one bracket speaks of one object type,
 * STOP lies after START, a hash has the length of its algorithm. Linear in the pattern's length. Throws only PatternError.
 */
export function parsePattern(pattern: string): ParsedPattern {
  if (pattern.length > LONGEST_PATTERN) {
    throw new PatternError(`pattern is longer than ${LONGEST_PATTERN} characters`, LONGEST_PATTERN);
  }
  let root: Observation;
  try {
    root = parse(pattern, { deepest: DEEPEST_PATTERN }) as Observation;
  } catch (error) {
    throw refusal(pattern, error);
  }
  checkPattern(root);
  return { observables: observablesOf(root) };
}
