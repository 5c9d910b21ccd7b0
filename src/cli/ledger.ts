import { createHash } from "node:crypto";
import { ask, CliError, type HubAddress } from "./client";
import {
  DisclosuresDocument,
  type DisclosuresQuery,
  LedgerHeadDocument,
  LedgerLinksDocument,
} from "./generated";

type Disclosure = DisclosuresQuery["disclosures"]["nodes"][number];

/**
 * Walks the whole hash chain and computes each hash anew: SHA-256 of the hash before (32 zero bytes at first) and the
 * entry's text. Throws CliError at the first entry that was changed or removed.
 * @param kept a head that somebody kept, `seq:hash` or the hash alone: it must still be in the chain
 * @returns what was verified, for people
 */
export async function verifyLedger(hub: HubAddress, kept: string | null): Promise<string> {
  const { ledgerHead: head, unchainedEntries } = await ask(hub, LedgerHeadDocument, {});
  const last = head?.seq ?? 0;
  let [seq, hash] = [0, Buffer.alloc(32)];
  let keptHolds = kept === null;
  while (seq < last) {
    const { ledgerLinks } = await ask(hub, LedgerLinksDocument, { afterSeq: seq });
    if (!ledgerLinks.length) break;
    for (const link of ledgerLinks) {
      if (link.seq !== seq + 1) throw broken(seq + 1, "is missing");
      if (link.entry === null) throw broken(link.seq, "was removed");
      hash = createHash("sha256").update(hash).update(link.entry).digest();
      if (hash.toString("hex") !== link.hash)
        throw broken(link.seq, "was changed, or one before it");
      seq = link.seq;
      keptHolds ||= kept === `${seq}:${link.hash}` || kept === link.hash;
      if (seq === last && link.hash !== head?.hash)
        throw broken(seq, "is not what the published head says");
    }
  }
  if (seq < last) throw broken(seq + 1, "is missing");
  if (!keptHolds) throw new CliError(1, `The head ${kept} is not in the chain: it was rewritten.`);
  if (unchainedEntries > 0) {
    throw new CliError(
      1,
      `The ledger does not hold: ${unchainedEntries} entries are not in the chain; the hub did not write them.`,
    );
  }
  return `${seq} entries hold. Head ${seq}:${hash.toString("hex")}`;
}

const broken = (seq: number, what: string): CliError =>
  new CliError(1, `The ledger does not hold: entry ${seq} ${what}.`);

/** Who read one's own items, all of it. */
export async function* readDisclosures(
  hub: HubAddress,
  itemId: string | null,
): AsyncGenerator<Disclosure> {
  for (let after: string | null = null, more = true; more;) {
    const { disclosures }: DisclosuresQuery = await ask(hub, DisclosuresDocument, {
      itemId,
      after,
    });
    yield* disclosures.nodes;
    ({ endCursor: after, hasNextPage: more } = disclosures.pageInfo);
  }
}

export const DISCLOSURE_COLUMNS = [
  "item",
  "stixId",
  "tlp",
  "organization",
  "sector",
  "path",
  "channel",
  "firstAt",
  "lastAt",
  "count",
];

export const disclosureRow = (d: Disclosure): string[] => [
  d.item.id,
  d.item.stixId,
  d.item.tlp,
  d.organization?.name ?? "",
  d.sector ?? "",
  d.path,
  d.channel,
  d.firstAt,
  d.lastAt,
  String(d.count),
];

/**
 * One line of CSV (RFC 4180). A cell that a spreadsheet would take for a formula begins with an apostrophe; Japanese ones
 * take the signs in full width as well.
 */
export const csvLine = (cells: readonly string[]): string =>
  cells
    .map((cell) => (/^[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/.test(cell) ? `'${cell}` : cell))
    .map((cell) => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell))
    .join(",");
