import { Pap } from "../../sharing/pap";
import type { Terms } from "../../sharing/terms";
import { Tlp } from "../../sharing/tlp";
import { Attribution } from "../../sharing/vocabulary";

export const PERMITTED_ACTIONS = [
  "none",
  "contact-for-instruction",
  "internally-visible-actions",
  "externally-visible-indirect-actions",
  "externally-visible-direct-actions",
] as const;
const TLP_STATEMENTS = ["red", "amber", "green", "white"] as const;
export const ATTRIBUTIONS = ["may", "must", "must-not"] as const;

/** A policy of the FIRST Information Exchange Policy framework 2.0, as its JSON specification writes it. */
export interface IepPolicy {
  id: string;
  name: string;
  description: string;
  iep_version: 2;
  start_date: string | null;
  end_date: string | null;
  encrypt_in_transit: "must" | "may";
  permitted_actions: (typeof PERMITTED_ACTIONS)[number];
  affected_party_notifications: "may" | "must-not";
  tlp: (typeof TLP_STATEMENTS)[number];
  attribution: (typeof ATTRIBUTIONS)[number];
  unmodified_resale: "may" | "must-not";
  external_references: string[];
  /** The same in the singular, as MISP's taxonomy has it. */
  external_reference?: string;
}

type Required = "id" | "name" | "iep_version" | "permitted_actions" | "tlp" | "attribution";
/** A policy as somebody stated it, and as the database keeps it. */
export type StatedIep = Pick<IepPolicy, Required> & Partial<IepPolicy>;

/** The terms that IEP has. */
export type IepTerms = Pick<Terms, "tlpCeiling" | "papCeiling" | "attribution">;

/** What IEP 2.0 has no word for stands as a reference beside the nearest word that permits no more. */
export const MARK = "urn:musubi:term:";
const AMBER_STRICT = `${MARK}tlpCeiling:AMBER_STRICT`;
const NAMED = `${MARK}attribution:NAMED`;
/** Which statement each of these references makes exact; beside another it would contradict it. */
export const MARKS: ReadonlyMap<string, { statement: "tlp" | "attribution"; value: string }> =
  new Map([
    [AMBER_STRICT, { statement: "tlp", value: "red" }],
    [NAMED, { statement: "attribution", value: "may" }],
  ]);

const TLPS: Record<IepPolicy["tlp"], Tlp> = {
  red: Tlp.RED,
  amber: Tlp.AMBER,
  green: Tlp.GREEN,
  white: Tlp.CLEAR,
};

/**
 * The highest PAP whose items may flow to recipients who do this much.
 * INVARIANT: what a statement lets recipients do, an item of that PAP lets them do as well.
 */
const PAPS: Record<IepPolicy["permitted_actions"], Pap> = {
  none: Pap.RED,
  "contact-for-instruction": Pap.RED,
  "internally-visible-actions": Pap.AMBER,
  "externally-visible-indirect-actions": Pap.GREEN,
  "externally-visible-direct-actions": Pap.CLEAR,
};

const ATTRIBUTION: Record<IepPolicy["attribution"], Attribution> = {
  "must-not": Attribution.ANONYMOUS,
  may: Attribution.SECTOR_ONLY,
  must: Attribution.NAMED,
};

/** What a policy says on the terms of an agreement; of several readings the narrowest. */
export function termsOfIep(policy: StatedIep): IepTerms {
  const marked = (mark: string): boolean => policy.external_references?.includes(mark) ?? false;
  return {
    tlpCeiling: marked(AMBER_STRICT) ? Tlp.AMBER_STRICT : TLPS[policy.tlp],
    papCeiling: PAPS[policy.permitted_actions],
    attribution: marked(NAMED) ? Attribution.NAMED : ATTRIBUTION[policy.attribution],
  };
}

type Statements = Pick<StatedIep, "tlp" | "permitted_actions" | "attribution"> & {
  external_references: string[];
};

/** The statements that permit no more than the terms do, and from which `termsOfIep` reads the same terms again. */
export function statementsOf({ tlpCeiling, papCeiling, attribution }: IepTerms): Statements {
  const statements: Statements = {
    permitted_actions: keyOf(PAPS, papCeiling),
    tlp: "red",
    attribution: "may",
    external_references: [],
  };
  if (tlpCeiling === Tlp.AMBER_STRICT) statements.external_references.push(AMBER_STRICT);
  else statements.tlp = keyOf(TLPS, tlpCeiling);
  // WHY: `must` would oblige recipients to name the source to others, which nobody agreed on.
  if (attribution === Attribution.NAMED) statements.external_references.push(NAMED);
  else statements.attribution = keyOf(ATTRIBUTION, attribution);
  return statements;
}

interface TlpWord {
  tlp: IepPolicy["tlp"];
  mark?: string;
}

/** The words of TLP 1.0 and of TLP 2.0, in lower case, as IEP 2.0 states them. */
const TLP_WORDS: Record<string, TlpWord> = {
  ...Object.fromEntries(TLP_STATEMENTS.map((tlp) => [tlp, { tlp }])),
  clear: { tlp: "white" },
  "amber+strict": { tlp: "red", mark: AMBER_STRICT },
};

export const TLP_NAMES = Object.keys(TLP_WORDS);

/** `TLP:AMBER+STRICT`, `amber`, `WHITE`, …; null where it is no TLP. */
export function readTlp(text: string): TlpWord | null {
  const word = text.toLowerCase().replace(/^tlp:/, "");
  return Object.hasOwn(TLP_WORDS, word) ? (TLP_WORDS[word] ?? null) : null;
}

/** The first key of a value. */
const keyOf = <K extends string, V>(map: Record<K, V>, value: V): K =>
  (Object.keys(map) as K[]).find((key) => map[key] === value) as K;
