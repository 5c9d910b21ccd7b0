import { ask, CliError, type HubAddress } from "./client";
import { ExportIepDocument, ImportIepDocument, type ItemKind } from "./generated";

/** An agreement version as an IEP 2.0 policy, in JSON for a file. Throws CliError where there is no such version. */
export async function exportIep(hub: HubAddress, id: string): Promise<string> {
  const { node } = await ask(hub, ExportIepDocument, { id });
  if (!node || !("iep" in node) || node.iep === null)
    throw new CliError(1, `There is no agreement version ${id}, or the key may not read it.`);
  return forTerminal(JSON.stringify(node.iep, null, 2));
}

/** The same JSON, without characters that act on a terminal: others wrote it. */
const forTerminal = (json: string): string =>
  json.replace(
    /[\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );

export interface ImportOptions {
  from: string;
  to: string;
  /** Lists, with commas between. */
  kinds: string;
  purposes: string;
  withheld: string | undefined;
}

/** Drafts an agreement version from an IEP 2.0 policy. Returns its id. */
export async function importIep(
  hub: HubAddress,
  iep: unknown,
  { from, to, kinds, purposes, withheld }: ImportOptions,
): Promise<string> {
  const input = {
    iep,
    fromGroupId: from,
    toGroupId: to,
    kinds: listOf(kinds) as ItemKind[],
    purposes: listOf(purposes),
    withheldFields: withheld === undefined ? null : listOf(withheld),
  };
  return (await ask(hub, ImportIepDocument, { input })).draftAgreementFromIep.id;
}

const listOf = (text: string): string[] => text.split(",").filter(Boolean);
