import { readFileSync } from "node:fs";
import { parseArgs, type ParseArgsConfig } from "node:util";
import { type AlertOptions, alerts } from "./alerts";
import { ask, CliError, failed, type HubAddress, post } from "./client";
import { LookupDocument, ViewerDocument } from "./generated";
import { exportIep, importIep } from "./iep";
import {
  csvLine,
  DISCLOSURE_COLUMNS,
  disclosureRow,
  readDisclosures,
  verifyLedger,
} from "./ledger";
import { HELP, lookupLines, viewerLines } from "./print";
import type { World } from "./world";

const TEXT = { type: "string" } as const;
const FLAG = { type: "boolean" } as const;
const COMMON = { url: TEXT, key: TEXT, json: FLAG, help: { ...FLAG, short: "h" } };

interface Options extends AlertOptions {
  url?: string;
  key?: string;
  help?: boolean;
  variables?: string;
  head?: string;
  item?: string;
  from?: string;
  to?: string;
  kinds?: string;
  purposes?: string;
  withheld?: string;
}

interface Command {
  run: (hub: HubAddress, options: Options, world: World, words: string[]) => Promise<void>;
  options: NonNullable<ParseArgsConfig["options"]>;
  /** How many words it takes. */
  words: number;
}

const COMMANDS: Partial<Record<string, Command>> = {
  viewer: { run: viewer, options: {}, words: 0 },
  alerts: {
    run: alerts,
    options: { after: TEXT, follow: FLAG, types: TEXT, "min-tlp": TEXT, "cursor-file": TEXT },
    words: 0,
  },
  lookup: { run: lookup, options: {}, words: Infinity },
  query: { run: query, options: { variables: TEXT }, words: 1 },
  ledger: { run: ledger, options: { head: TEXT }, words: 1 },
  disclosures: { run: disclosures, options: { item: TEXT }, words: 0 },
  iep: {
    run: iep,
    options: { from: TEXT, to: TEXT, kinds: TEXT, purposes: TEXT, withheld: TEXT },
    words: 2,
  },
};

/** Runs one command. Returns the exit code; whatever goes wrong is a line on `err`. */
export async function run([name = "", ...args]: string[], world: World): Promise<number> {
  try {
    if (!name || name === "--help" || name === "-h") {
      (name ? world.out : world.err)(HELP);
      return name ? 0 : 2;
    }
    const command = COMMANDS[name];
    if (!command) throw usage(`There is no command ${name}; see --help.`);
    const { options, words } = parse(args, command);
    if (options.help) world.out(HELP);
    else await command.run(addressOf(options, world), options, world, words);
    return 0;
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    world.err(error.message);
    return error.exitCode;
  }
}

const usage = (message: string): CliError => new CliError(2, message);

function parse(args: string[], command: Command): { options: Options; words: string[] } {
  try {
    const options = { ...COMMON, ...command.options };
    const { values, positionals } = parseArgs({ args, options, allowPositionals: true });
    if (positionals.length > command.words) throw new Error(`Too much: ${positionals.at(-1)}`);
    return { options: values, words: positionals };
  } catch (error) {
    throw usage(`${(error as Error).message.split(". ")[0]}; see --help.`);
  }
}

function addressOf({ url, key }: Options, { env }: World): HubAddress {
  const wanted = url ?? (env.HUB_URL || "http://127.0.0.1:4000");
  const { protocol, origin } = new URL(URL.canParse(wanted) ? wanted : "none:");
  if (!/^https?:$/.test(protocol)) throw usage("--url (HUB_URL) must be an http or https URL.");
  const credential = key ?? (env.HUB_KEY || null);
  if (credential !== null && !/^[\x21-\x7e]+$/.test(credential))
    throw usage("--key (HUB_KEY) must be printable characters without spaces.");
  return { url: origin, key: credential };
}

async function viewer(hub: HubAddress, { json }: Options, { out }: World): Promise<void> {
  const found = await ask(hub, ViewerDocument, {});
  for (const line of json ? [JSON.stringify(found.viewer)] : viewerLines(found)) out(line);
}

async function lookup(hub: HubAddress, { json }: Options, { out }: World, values: string[]) {
  if (!values.length) throw usage("lookup needs at least one value; see --help.");
  const found = await ask(hub, LookupDocument, { values });
  const lines = json ? found.lookup.map((one) => JSON.stringify(one)) : lookupLines(found);
  lines.forEach(out);
}

async function ledger(hub: HubAddress, { head }: Options, { out }: World, [act]: string[]) {
  if (act !== "verify") throw usage("ledger needs what to do: verify; see --help.");
  out(await verifyLedger(hub, head ?? null));
}

async function disclosures(hub: HubAddress, { json, item }: Options, { out }: World) {
  if (!json) out(csvLine(DISCLOSURE_COLUMNS));
  for await (const one of readDisclosures(hub, item ?? null))
    out(json ? JSON.stringify(one) : csvLine(disclosureRow(one)));
}

async function iep(hub: HubAddress, options: Options, world: World, [act, what]: string[]) {
  if (act === "export" && what !== undefined) world.out(await exportIep(hub, what));
  else if (act === "import" && what !== undefined) {
    const { from, to, kinds, purposes, withheld } = options;
    if (!from || !to || !kinds || purposes === undefined)
      throw usage("iep import needs --from, --to, --kinds and --purposes; see --help.");
    const policy = read(() => JSON.parse(textOf(what, world)) as unknown, what);
    world.out(await importIep(hub, policy, { from, to, kinds, purposes, withheld }));
  } else throw usage("iep needs export and a version, or import and a file; see --help.");
}

const textOf = (file: string, world: World): string =>
  file === "-" ? world.readInput() : readFileSync(file, "utf8");

async function query(hub: HubAddress, options: Options, world: World, [file]: string[]) {
  if (file === undefined) throw usage("query needs a file, or - for the standard input.");
  const document = read(() => textOf(file, world), file);
  const variables = read(() => JSON.parse(options.variables ?? "{}") as object, "--variables");
  const { data, errors } = await post<object>(hub, document, variables);
  if (data) world.out(JSON.stringify(data, null, options.json ? 0 : 2));
  if (errors?.length) throw failed(errors);
}

function read<T>(how: () => T, what: string): T {
  try {
    return how();
  } catch {
    throw usage(`${what} cannot be read.`);
  }
}
