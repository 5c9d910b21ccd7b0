import type { AlertLineFragment, LookupQuery, Tlp, ViewerQuery } from "./generated";

/**
 * Text from the hub, fit for one line of a terminal: others wrote it, so it must neither move the cursor, nor change
 * colours, nor turn the reading direction.
 */
export const plain = (text: string): string =>
  text.replace(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]+/gu, " ").trim();

const marking = (tlp: Tlp): string => `TLP:${tlp.replace("_", "+")}`;

/** `2026-11-23T09:14:02.118Z  ITEM_RELEASED  TLP:GREEN  [finance]  incident_…  Ransomware …` */
export function alertLine({ at, type, item, itemId, count, group, subject }: AlertLineFragment) {
  const words = item && ("title" in item ? item.title : item.name);
  const columns = [
    at,
    type.padEnd(18),
    (item ? marking(item.tlp) : "").padEnd(16),
    group ? `[${plain(group.slug)}]` : "",
    itemId ?? "",
    subject && subject.id !== itemId ? subject.id : "",
    words ? plain(words) : "",
    count > 1 ? `(${count} items)` : "",
  ];
  return columns.filter(Boolean).join("  ").trimEnd();
}

export function viewerLines({ viewer: { account, organization, grants } }: ViewerQuery): string[] {
  if (!account || !organization) return ["Nobody in particular: TLP:CLEAR to everyone is all."];
  return [
    `${plain(account.displayName)} <${plain(account.email)}>, ${account.affiliation}, ${account.roles.join(", ")}`,
    `${plain(organization.name)}, ${organization.kind}`,
    ...grants.map(({ kind, group, agreementVersion, until }) =>
      [
        `reads by ${kind}`,
        group && `as a member of [${plain(group.slug)}]`,
        agreementVersion && `version ${agreementVersion.number}`,
        until && `until ${until}`,
      ]
        .filter(Boolean)
        .join(", "),
    ),
  ];
}

/** One line for each value, and one for each assertion on it. */
export const lookupLines = ({ lookup }: LookupQuery): string[] =>
  lookup.flatMap(({ value, normalized, type, score, sightingCount, warnings, indicators }) => {
    if (normalized === null) return [`${plain(value)}  not an observable that the hub knows`];
    const known = [
      plain(normalized),
      type,
      indicators.length ? `score ${score ?? "-"}` : "unknown",
      sightingCount ? `sightings ${sightingCount}` : "",
      ...warnings.map(({ list }) => `warning: ${plain(list)}`),
    ];
    return [
      known.filter(Boolean).join("  "),
      ...indicators.map(({ id, name, tlp, source }) =>
        ["", marking(tlp), id, plain(name ?? ""), sourceOf(source)].filter(Boolean).join("  "),
      ),
    ].map((line, i) => (i ? `  ${line}` : line));
  });

function sourceOf({
  organization,
  sector,
}: LookupQuery["lookup"][number]["indicators"][number]["source"]): string {
  if (organization) return `from ${plain(organization.name)}`;
  return sector ? `from the sector ${plain(sector)}` : "from a source not named";
}
