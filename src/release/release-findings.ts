import type { Context } from "../context";
import type { Problems } from "../errors";
import { type ItemRow, KINDS, type Wording } from "../sharing/disclosure";
import { type FieldMask, type FieldName, isWithheld } from "../sharing/fields";
import { decide } from "../sharing/policy";
import type { CheckedRelease } from "./check-audience";
import {
  type Explained,
  type Finding,
  findingsIn,
  type Protected,
  sealWith,
  type ShownText,
  warninglistFindings,
} from "./findings";

/** The fields beside the wording in which people write freely. */
const FREE: readonly FieldName[] = [
  "category",
  "severity",
  "victim",
  "contact",
  "affectedSystems",
  "dataStolen",
  "labels",
];

/** Mail domains of everybody: an address there does not tell whose it is. */
const PUBLIC_MAIL = new Set(
  (
    "gmail.com googlemail.com outlook.com outlook.jp hotmail.com hotmail.co.jp live.jp yahoo.com yahoo.co.jp ymail.ne.jp " +
    "icloud.com me.com aol.com proton.me protonmail.com docomo.ne.jp ezweb.ne.jp au.com softbank.ne.jp i.softbank.jp"
  ).split(" "),
);

/**
 * The sanitising check: what a release would show to its audience that it perhaps should not. It rests only on what its
 * reader is shown: of a TLP:RED item the operator's analysts know the envelope, and so it checks for them the wording alone.
 */
export function findingsOf(
  ctx: Context,
  item: ItemRow,
  release: CheckedRelease,
  now: Date,
): Finding[] {
  const reader = decide(ctx.scopeAt(now.getTime()), item).withheld;
  const known = (field: FieldName): unknown =>
    isWithheld(field, reader) ? null : item.content[field];
  const masks = release.audiences.map((a) => release.withheld | (a.terms?.withheld ?? 0));
  if (!masks.length) masks.push(release.withheld);
  const shown = (field: FieldName): boolean => masks.some((mask) => !isWithheld(field, mask));
  const seal = sealWith(ctx.hub.keyFor("finding"), item.id);
  const pattern = textOf(known("pattern"));
  const warnings = known("warnings");
  return [
    ...findingsIn(
      [
        ...wordingShown(item, release, shown),
        ...FREE.filter(shown).map((field) => ({ field, text: textOf(known(field)) })),
        ...patternShown(pattern, shown),
      ],
      protectedBy(ctx, item, release, masks, known),
      seal,
    ),
    ...(Array.isArray(warnings) && shown("warnings")
      ? warninglistFindings(warnings, pattern, seal)
      : []),
  ];
}

function wordingShown(
  item: ItemRow,
  wording: Wording,
  shown: (field: FieldName) => boolean,
): ShownText[] {
  const [title, summary, description] = KINDS[item.kind].wording;
  return [
    { field: "title", as: title, text: wording.title },
    { field: "summary", as: summary, text: wording.summary },
    { field: "description", as: description, text: wording.description },
  ].flatMap(({ field, as, text }) => (as && shown(as) && text ? [{ field, text }] : []));
}

/** Observables are values of the pattern: where either is shown, what stands in the pattern is. */
function patternShown(text: string, shown: (field: FieldName) => boolean): ShownText[] {
  const field = (["pattern", "observables"] as const).find(shown);
  return field ? [{ field, text, pattern: true }] : [];
}

function protectedBy(
  { directory }: Context,
  item: ItemRow,
  release: CheckedRelease,
  masks: readonly FieldMask[],
  known: (field: FieldName) => unknown,
): Protected {
  const withheld = (field: "victim" | "contact"): string | null =>
    masks.some((mask) => isWithheld(field, mask)) ? textOf(known(field)) : null;
  const named =
    release.audiences.length > 0 &&
    release.audiences.every(
      (a, i) =>
        Math.min(item.attribution, a.terms?.attribution ?? NAMED) === NAMED &&
        !isWithheld("source", masks[i] ?? 0),
    );
  const owner = directory.organizations.get(item.ownerId);
  const domains = directory
    .accountsOf(item.ownerId)
    .map(({ email }) => email.slice(email.lastIndexOf("@") + 1).toLowerCase())
    .filter((domain) => !PUBLIC_MAIL.has(domain));
  return {
    ownerNames: named
      ? []
      : [owner?.name, owner?.nameJa, ...(owner?.formerNames ?? [])].filter(
          (n) => typeof n === "string",
        ),
    ownerDomains: named ? [] : [...new Set(domains)],
    victim: withheld("victim"),
    contact: withheld("contact"),
  };
}

/** The rank of `Attribution.NAMED`. */
const NAMED = 2;

const textOf = (value: unknown): string =>
  Array.isArray(value) ? value.join("\n") : typeof value === "string" ? value : "";

/**
 * The findings that an author names as explained. Adds a problem for each that it names and that is none, and, where it
 * `must` explain, for each that blocks and that it does not name.
 */
export function explainedAmong(
  findings: readonly Finding[],
  named: readonly string[] | null | undefined,
  must: boolean,
  problems: Problems,
): Explained[] {
  const byId = new Map(findings.map((finding) => [finding.id, finding]));
  (named ?? []).forEach((id, i) => {
    if (!byId.has(id))
      problems.add(
        `input.explainedFindings.${i}`,
        "is no finding of this release as it stands; ask for the preview again",
      );
  });
  const explained = new Set(named);
  for (const { id, field, message } of must ? findings.filter((f) => f.blocks) : []) {
    if (explained.has(id)) continue;
    const worded = WORDED.has(field);
    problems.add(
      worded ? `input.${field}` : "input.withheldFields",
      `${worded ? "" : `lets ${field} be shown, which `}${message} (finding ${id}: take it out, or name it in explainedFindings)`,
    );
  }
  return findings
    .filter((finding) => explained.has(finding.id))
    .map(({ id, field, kind }) => ({ id, field, kind }));
}

const WORDED = new Set(["title", "summary", "description"]);
