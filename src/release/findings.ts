import { createHmac } from "node:crypto";
import {
  cardNumbersIn,
  emailAddressesIn,
  internalAddressesIn,
  myNumbersIn,
  telephoneNumbersIn,
} from "./find-identifiers";
import { domainsIn, namesIn, partsOf } from "./find-names";
import { folded, type FoldedText } from "./folded-text";

export enum FindingKind {
  OWNER_NAME = "OWNER_NAME",
  OWNER_DOMAIN = "OWNER_DOMAIN",
  VICTIM = "VICTIM",
  CONTACT = "CONTACT",
  EMAIL = "EMAIL",
  TELEPHONE = "TELEPHONE",
  MY_NUMBER = "MY_NUMBER",
  CARD_NUMBER = "CARD_NUMBER",
  INTERNAL_ADDRESS = "INTERNAL_ADDRESS",
  WARNINGLIST = "WARNINGLIST",
}

/** What a kind of finding is, as a sentence goes on after “contains”. */
export const FOUND: Record<FindingKind, string> = {
  OWNER_NAME: "the owner's name",
  OWNER_DOMAIN: "a domain of the owner",
  VICTIM: "what the withheld field victim says",
  CONTACT: "what the withheld field contact says",
  EMAIL: "an e-mail address",
  TELEPHONE: "a telephone number",
  MY_NUMBER: "what may be a My Number (individual number)",
  CARD_NUMBER: "what may be the number of a payment card",
  INTERNAL_ADDRESS: "an address or a name of an internal network",
  WARNINGLIST: "a value that is usually harmless",
};

/** Something in a release that its audience should perhaps not be shown. */
export interface Finding {
  /** The same for the same match in the same field of the same item. */
  id: string;
  /** `title`, `summary` or `description` of the wording, or a field of the item. */
  field: string;
  kind: FindingKind;
  /** What was found. Whoever reads it is shown the field anyway. */
  message: string;
  /** Whether an analyst's proposal is refused until it explains this finding. */
  blocks: boolean;
}

/** A finding that somebody looked at and let stand: never what was found. */
export type Explained = Pick<Finding, "id" | "field" | "kind">;

/** A field as the audience would read it. */
export interface ShownText {
  field: string;
  text: string;
  /** A pattern holds addresses because that is what it is for: in it is looked for the owner and the victim alone. */
  pattern?: boolean;
}

/** Whom the wording may not give away. */
export interface Protected {
  /** None where the audience is told the source by name. */
  ownerNames: readonly string[];
  ownerDomains: readonly string[];
  /** Of those fields that are withheld from the audience. */
  victim: string | null;
  contact: string | null;
}

/** More matches of one kind in one field are one finding, so that whoever explains can name them all. */
const MOST = 10;
const MOST_QUOTED = 80;

type Search = (text: FoldedText) => string[];

/** The findings in some texts, in the order of the texts. @param sealOf gives the id of what makes a finding what it is */
export function findingsIn(
  texts: readonly ShownText[],
  { ownerNames, ownerDomains, victim, contact }: Protected,
  sealOf: (parts: readonly string[]) => string,
): Finding[] {
  const victims = partsOf(victim ?? "");
  const contacts = partsOf(contact ?? "");
  const people: [FindingKind, Search][] = [
    [FindingKind.OWNER_NAME, (text) => namesIn(text, ownerNames)],
    [FindingKind.OWNER_DOMAIN, (text) => domainsIn(text, ownerDomains)],
    [FindingKind.VICTIM, (text) => namesIn(text, victims)],
    [FindingKind.CONTACT, (text) => namesIn(text, contacts)],
  ];
  const identifiers: [FindingKind, Search][] = [
    [FindingKind.EMAIL, ({ plain }) => emailAddressesIn(plain)],
    [FindingKind.TELEPHONE, ({ plain }) => telephoneNumbersIn(plain)],
    [FindingKind.MY_NUMBER, ({ plain }) => myNumbersIn(plain)],
    [FindingKind.CARD_NUMBER, ({ plain }) => cardNumbersIn(plain)],
    [FindingKind.INTERNAL_ADDRESS, ({ plain }) => internalAddressesIn(plain)],
  ];
  return texts.flatMap(({ field, text, pattern }) => {
    const searched = folded(text);
    return [...people, ...(pattern ? [] : identifiers)].flatMap(([kind, search]) => {
      const matches = [...new Set(search(searched))];
      const told = (of: readonly string[], message: string): Finding => ({
        id: sealOf([kind, field, ...of]),
        field,
        kind,
        message: `contains ${FOUND[kind]}: ${message}`,
        blocks: true,
      });
      if (matches.length <= MOST) return matches.map((match) => told([match], quoted(match)));
      const some = matches.slice(0, MOST).map(quoted).join(", ");
      return [told(matches, `${some} and ${matches.length - MOST} more`)];
    });
  });
}

/** An indicator's observables that are on a list of usually harmless values: worth a look, and nothing more. */
export const warninglistFindings = (
  warnings: readonly { list: string; message: string }[],
  pattern: string,
  sealOf: (parts: readonly string[]) => string,
): Finding[] =>
  [...new Map(warnings.map((warning) => [warning.list, warning])).values()].map(
    ({ list, message }) => ({
      id: sealOf([FindingKind.WARNINGLIST, "observables", list, pattern]),
      field: "observables",
      kind: FindingKind.WARNINGLIST,
      message,
      blocks: false,
    }),
  );

/**
 * Ids of the findings in one item's releases: 128 bits of a keyed hash, so that an id in a log does not let anybody try
 * which telephone number it stands for.
 */
export const sealWith =
  (key: Buffer, itemId: string) =>
  (parts: readonly string[]): string =>
    createHmac("sha256", key)
      .update(JSON.stringify([itemId, ...parts]))
      .digest("base64url")
      .slice(0, 22);

const quoted = (match: string): string =>
  `“${match.length > MOST_QUOTED ? `${match.slice(0, MOST_QUOTED)}…` : match}”`;
