import type { AlertJson, ItemJson } from "../alert-json";
import { Tlp, tlpRank } from "../sharing/tlp";
import type { MailSettings } from "./mail.type";
import { wordsIn } from "./words";

/** What of a mail is told by what it is about; who gets it and how it is stopped comes on top. */
export interface Draft {
  subject: string;
  text: string;
}

type Reader = Pick<MailSettings, "language" | "timeZone">;

const MOST_SUBJECT = 150;
const MOST_TEXT = 2_000;

/** The most that goes out as content: above it a mail is a link, and nothing of the item but its marking and its kind. */
const CEILING = tlpRank(Tlp.GREEN);

export const isContent = (item: Pick<ItemJson, "tlp">): boolean =>
  tlpRank(item.tlp as Tlp) <= CEILING;

/** TLP 2.0, section 2: the label in the subject, in capitals. */
const label = (tlp: string): string => `TLP:${tlp === "AMBER_STRICT" ? "AMBER+STRICT" : tlp}`;

/** A mail on one alert. */
export function composeAlert(reader: Reader, alert: AlertJson, publicUrl: string): Draft {
  const words = wordsIn(reader.language);
  const { item } = alert;
  const what = words.types[alert.type] ?? alert.type;
  const head = item ? `[${label(item.tlp)}] ` : `[${words.hub}] `;
  const many = alert.count > 1 ? ` (${words.many(alert.count)})` : "";
  const told = item && isContent(item) ? `: ${titleOf(item)}` : "";
  const lines = item ? [`${label(item.tlp)}  PAP:${item.pap}`, ""] : [];
  lines.push(`${what}${many}${told}`);
  lines.push(`${words.at}: ${timeOf(reader, alert.at)}`);
  if (item && isContent(item)) {
    lines.push(`${words.from}: ${sourceOf(reader, item)}`);
    const body = [item.summary, item.description, item.body].find(Boolean);
    if (body) lines.push("", shown(body, MOST_TEXT));
  } else if (item) lines.push(`${words.kinds[item.kind] ?? item.kind}. ${words.elsewhere}`);
  if (PURGED.has(alert.type)) lines.push(words.purge);
  lines.push("", `${words.open}: ${linkTo(publicUrl, alert.itemId ?? alert.subject?.id ?? null)}`);
  return { subject: subjectOf(head, `${what}${many}${told}`), text: lines.join("\n") };
}

const PURGED = new Set(["ITEM_WITHDRAWN", "ACCESS_ENDED"]);

/** A mail on the alerts of a day. `further`: how many of each type there is no room for. */
export function composeDigest(
  reader: Reader,
  alerts: readonly AlertJson[],
  further: ReadonlyMap<string, number>,
  at: number,
  publicUrl: string,
): Draft {
  const words = wordsIn(reader.language);
  const beyond = [...further.values()].reduce((sum, n) => sum + n, 0);
  const count = String(alerts.length + beyond);
  // Of several markings the strictest: the mail holds no content above the ceiling, but it says that there is some.
  const [strictest] = alerts
    .flatMap(({ item }) => (item ? [item.tlp as Tlp] : []))
    .toSorted((a, b) => tlpRank(b) - tlpRank(a));
  const head = strictest ? `[${label(strictest)}] ` : `[${words.hub}] `;
  const day = timeOf(reader, new Date(at).toISOString()).slice(0, 10);
  const lines = [words.digestHead, ""];
  for (const alert of alerts) {
    const { item } = alert;
    const marking = item ? `[${label(item.tlp)}] ` : "";
    const kind = item ? `${words.kinds[item.kind] ?? item.kind}: ` : "";
    const told = item ? (isContent(item) ? titleOf(item) : words.linkOnly) : "";
    const many = alert.count > 1 ? words.many(alert.count) : "";
    const purge = PURGED.has(alert.type) ? words.purge : "";
    const what = words.types[alert.type] ?? alert.type;
    const link = linkTo(publicUrl, alert.itemId ?? alert.subject?.id ?? null);
    lines.push(`${timeOf(reader, alert.at)}  ${what}`);
    const said = `${marking}${kind}${told}${many}${purge}`;
    if (said) lines.push(`  ${said}`);
    lines.push(`  ${link}`, "");
  }
  if (beyond) {
    const counts = [...further].map(([type, n]) => `${words.types[type] ?? type} ${n}`);
    lines.push(words.further(counts.join(", ")), `  ${linkTo(publicUrl, null)}`, "");
  }
  return { subject: subjectOf(head, words.digest(count, day)), text: lines.join("\n") };
}

/** Where something is found in the hub. */
const linkTo = (publicUrl: string, id: string | null): string =>
  id === null ? `${publicUrl}/` : `${publicUrl}/?node=${encodeURIComponent(id)}`;

const titleOf = (item: ItemJson): string =>
  shown(item.title ?? item.name ?? item.kind, MOST_SUBJECT).replaceAll(/\s+/g, " ");

function sourceOf({ language }: Reader, { source }: ItemJson): string {
  const words = wordsIn(language);
  if (source.organization) return shown(source.organization.name, MOST_SUBJECT);
  return source.sector ? words.sector(source.sector) : words.notNamed;
}

/** In the reader's time zone: 2026-04-01 09:00 (Asia/Tokyo). */
export function timeOf({ timeZone }: Pick<Reader, "timeZone">, at: string): string {
  const format = new Intl.DateTimeFormat("sv-SE", {
    timeZone,
    dateStyle: "short",
    timeStyle: "short",
  });
  return `${format.format(new Date(at))} (${timeZone})`;
}

/** Text of others: cut, without control characters, and with no link that a mail program would make one of. */
function shown(text: string, most: number): string {
  const plain = text
    .replaceAll(/[\u0000-\u0008\u000b-\u001f\u007f\u202a-\u202e\u2066-\u2069]/g, " ")
    .replaceAll(/\bhttp(s?):\/\//gi, "hxxp$1://")
    .replaceAll(/\bwww\./gi, "www[.]");
  if (plain.length <= most) return plain;
  // Not through the middle of a character.
  return `${plain.slice(0, most).replace(/[\ud800-\udbff]$/, "")}…`;
}

const subjectOf = (head: string, text: string): string =>
  `${head}${text}`.replaceAll(/\s+/g, " ").trim();
