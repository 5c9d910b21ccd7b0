/** The tree that the grammar of `pattern.peggy` builds. `at` is a 0-based offset into the pattern, in UTF-16 units. */
export interface Literal {
  kind: "string" | "integer" | "float" | "boolean" | "timestamp" | "hex" | "binary";
  value: string | number | boolean;
  at: number;
}

/** `file:hashes.'SHA-256'` → type `file`, steps `hashes`, `SHA-256`; an index (`[0]`, `[*]`) is the step `[]`. */
export interface ObjectPath {
  type: string;
  steps: string[];
}

export interface Comparison {
  kind: "comparison";
  path: ObjectPath;
  /** Preceded by NOT. */
  negated: boolean;
  operator:
    | "="
    | "!="
    | "<"
    | "<="
    | ">"
    | ">="
    | "IN"
    | "LIKE"
    | "MATCHES"
    | "ISSUBSET"
    | "ISSUPERSET"
    | "EXISTS";
  values: Literal[];
  at: number;
}

export type Test = Comparison | { kind: "and" | "or"; operands: Test[] };

export type Qualifier =
  | { kind: "within"; seconds: number; at: number }
  | { kind: "repeats"; times: number; at: number }
  | { kind: "startStop"; start: Literal; stop: Literal; at: number };

export type Observation =
  | { kind: "observation"; test: Test; qualifiers: Qualifier[] }
  | { kind: "group"; inner: Observation; qualifiers: Qualifier[] }
  | { kind: "and" | "or" | "followedBy"; operands: Observation[] };

/** Every comparison of a pattern, in the order written. */
export function comparisonsOf(node: Observation | Test): Comparison[] {
  switch (node.kind) {
    case "comparison":
      return [node];
    case "observation":
      return comparisonsOf(node.test);
    case "group":
      return comparisonsOf(node.inner);
    default:
      return node.operands.flatMap(comparisonsOf);
  }
}
