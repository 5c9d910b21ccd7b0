import type { Problems } from "../../errors";
import { checkText, MAX_TITLE } from "../../inputs";
import { readInstant } from "../../scalars";
import {
  ATTRIBUTIONS,
  MARK,
  MARKS,
  PERMITTED_ACTIONS,
  readTlp,
  type StatedIep,
  TLP_NAMES,
} from "./iep-policy";

const PATH = "input.iep";
const MAX_DESCRIPTION = 10_000;
const MAX_REFERENCES = 100;
const MAX_REFERENCE = 2_000;
const MAX_UNKNOWN = 20;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[45][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i;
/** The characters of RFC 3986. */
const REFERENCE = /^(https?:\/\/|urn:)[\w\-.~:/?#[\]@!$&'()*+,;=%]+$/i;

/** One statement's value as the hub keeps it; what is wrong goes into `problems`. */
type Read = (value: unknown, path: string, problems: Problems) => unknown;

const text =
  (max: number, required = false): Read =>
  (value, path, problems) => {
    if (typeof value !== "string") problems.add(path, "must be a text");
    else checkText(problems, path, value, max, required);
    return value;
  };

const matching =
  (holds: (text: string) => boolean, wanted: string): Read =>
  (value, path, problems) => {
    if (typeof value !== "string" || !holds(value)) problems.add(path, `must be ${wanted}`);
    return value;
  };

const oneOf = (...words: readonly string[]): Read =>
  matching((word) => words.includes(word), `one of ${words.join(", ")}`);

const instant = matching(
  (value) => readInstant(value) !== null,
  "an RFC 3339 instant, such as 2026-04-01T00:00:00Z",
);

const reference = matching(
  (value) => value.length <= MAX_REFERENCE && REFERENCE.test(value) && URL.canParse(value),
  `a URL of RFC 3986 (http, https or urn) of at most ${MAX_REFERENCE} characters`,
);

const references: Read = (value, path, problems) => {
  if (!Array.isArray(value)) {
    problems.add(path, "must be a list of URLs");
    return value;
  }
  const own = value.filter((url) => !MARKS.has(url)).length;
  if (own > MAX_REFERENCES)
    problems.add(path, `must have at most ${MAX_REFERENCES} entries, has ${own}`);
  else value.forEach((url: unknown, i) => reference(url, `${path}.${i}`, problems));
  return value;
};

const version: Read = (value, path, problems) => {
  if (value !== 2 && value !== "2.0") problems.add(path, "must be 2.0");
  return 2;
};

const tlp = matching((word) => readTlp(word) !== null, `one of ${TLP_NAMES.join(", ")}`);

/** The statements of IEP 2.0. Without those that are not required a policy says the strictest there is. */
const STATEMENTS: Record<keyof StatedIep, { read: Read; required: boolean }> = {
  id: { read: matching((id) => UUID.test(id), "a UUID of version 4 or 5"), required: true },
  name: { read: text(MAX_TITLE, true), required: true },
  description: { read: text(MAX_DESCRIPTION), required: false },
  iep_version: { read: version, required: true },
  start_date: { read: instant, required: false },
  end_date: { read: instant, required: false },
  encrypt_in_transit: { read: oneOf("must", "may"), required: false },
  permitted_actions: { read: oneOf(...PERMITTED_ACTIONS), required: true },
  affected_party_notifications: { read: oneOf("may", "must-not"), required: false },
  tlp: { read: tlp, required: true },
  attribution: { read: oneOf(...ATTRIBUTIONS), required: true },
  unmodified_resale: { read: oneOf("may", "must-not"), required: false },
  external_references: { read: references, required: false },
  external_reference: { read: reference, required: false },
};

/**
 * Reads an IEP 2.0 policy. Nothing is passed over: what is no statement, or has no meaning, goes into `problems`; where
 * anything did, what is returned means nothing.
 */
export function readIep(document: unknown, now: Date, problems: Problems): StatedIep {
  const policy: Record<string, unknown> = {};
  if (!isRecord(document)) {
    problems.add(PATH, "must be an IEP 2.0 policy: a JSON object");
    return policy as unknown as StatedIep;
  }
  if (Object.hasOwn(document, "id_ref")) {
    problems.add(`${PATH}.id_ref`, "refers to a policy elsewhere; give the policy itself");
    return policy as unknown as StatedIep;
  }
  const before = problems.issues.length;
  refuseUnknown(document, problems);
  for (const [name, { read, required }] of Object.entries(STATEMENTS)) {
    const value = Object.hasOwn(document, name) ? (document[name] ?? null) : null;
    if (value !== null) policy[name] = read(value, `${PATH}.${name}`, problems);
    else if (required) problems.add(`${PATH}.${name}`, "is required");
  }
  const stated = policy as unknown as StatedIep;
  if (problems.issues.length > before) return stated;
  checkPeriod(stated, now, problems);
  spellTlp(stated);
  checkMarks(stated, problems);
  return stated;
}

function refuseUnknown(document: Record<string, unknown>, problems: Problems): void {
  const unknown = Object.keys(document).filter((name) => !Object.hasOwn(STATEMENTS, name));
  for (const name of unknown.slice(0, MAX_UNKNOWN))
    problems.add(`${PATH}.${name.slice(0, 100)}`, "is no statement of IEP 2.0");
  if (unknown.length > MAX_UNKNOWN)
    problems.add(PATH, `has ${unknown.length} names that are no statements of IEP 2.0`);
}

function checkPeriod({ start_date, end_date }: StatedIep, now: Date, problems: Problems): void {
  const end = readInstant(end_date ?? "");
  const start = readInstant(start_date ?? "");
  if (end && start && end <= start) problems.add(`${PATH}.end_date`, "must be after start_date");
  if (end && end <= now) problems.add(`${PATH}.end_date`, "must be in the future");
}

/** Writes TLP as IEP 2.0 spells it. */
function spellTlp(policy: StatedIep): void {
  const word = readTlp(policy.tlp);
  if (!word) return;
  const { tlp, mark } = word;
  policy.tlp = tlp;
  if (mark && !policy.external_references?.includes(mark))
    policy.external_references = [...(policy.external_references ?? []), mark];
}

function checkMarks(policy: StatedIep, problems: Problems): void {
  const { external_references: urls = [] } = policy;
  urls.forEach((url, i) => {
    const path = `${PATH}.external_references.${i}`;
    const mark = MARKS.get(url);
    if (!mark && url.startsWith(MARK)) problems.add(path, "is no term that this hub knows");
    if (mark && policy[mark.statement] !== mark.value)
      problems.add(path, `contradicts ${mark.statement}: it goes with ${mark.value} alone`);
  });
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
