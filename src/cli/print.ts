import type { AlertLineFragment, LookupQuery, Tlp, ViewerQuery } from "./generated";

export const HELP = `Usage: npm run --silent hub -- <command> [options]

  viewer                 whose key it is, and by which agreements it reads
  alerts                 the alerts so far, oldest first
    --after CURSOR         those after this cursor
    --follow               live, beginning now or after the cursor, until SIGINT or SIGTERM; a lost connection comes back
    --types TYPE,TYPE      only these, such as ITEM_RELEASED,ITEM_WITHDRAWN
    --min-tlp TLP          only of items marked so or stricter, such as AMBER
    --cursor-file FILE     goes on after the cursor in this file, and keeps it there once a line is printed;
                           with --follow it then also waits for a hub that cannot be reached yet
  lookup VALUE...        what is known of addresses, domains, URLs, hashes; defanged forms too
  query FILE|-           sends a GraphQL document, from a file or the standard input
    --variables JSON       its variables
  disclosures            who read one's own items, as CSV (or JSON lines)
    --item ID              of this item alone
  iep export VERSION     an agreement version as an IEP 2.0 policy
  iep import FILE|-      drafts an agreement version from such a policy; what is not said is as strict as can be
    --from ID --to ID      between these groups
    --kinds KIND,KIND      for these kinds of items, such as INCIDENT,INDICATOR
    --purposes WORD,WORD   for these purposes, such as DETECTION,RESPONSE; "" for any
    --withheld WORD,WORD   withholds these fields or groups alone; "" for none
  ledger verify          computes the hash chain of audit log and disclosures anew (OPERATOR_ADMIN)
    --head SEQ:HASH        and finds a head in it that was kept before

  --url URL              the hub; default: HUB_URL, else http://127.0.0.1:4000
  --key KEY              an API key; default: HUB_KEY, else nobody in particular
  --json                 JSON; of alerts and values one object a line
  --help                 this

Ends with 0; 1 where the hub says no, 2 for a wrong command, 3 for a refused key, 4 where no hub answers.`;

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
        agreementVersion && `up to ${marking(agreementVersion.terms.tlpCeiling)}`,
        agreementVersion && plain(agreementVersion.agreement.title),
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
