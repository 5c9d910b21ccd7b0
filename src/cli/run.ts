import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { ask, CliError, failed, followAlerts, type HubAddress, post } from "./client";
import { AlertsDocument, type AlertType, LookupDocument, ViewerDocument } from "./generated";
import { alertLine, lookupLines, viewerLines } from "./print";

/** What the CLI touches of the world. */
export interface World {
  env: Readonly<Record<string, string | undefined>>;
  out(line: string): void;
  err(line: string): void;
  readInput(): string;
}

const HELP = `Usage: npm run --silent hub -- <command> [options]

  viewer                     who the key belongs to, and by which agreements it reads
  alerts                     the alerts so far, oldest first
    --after CURSOR             those after this cursor
    --follow                   goes on live; comes back with the last cursor when the connection is lost
    --types TYPE,TYPE          only these, such as ITEM_RELEASED,ITEM_WITHDRAWN
  lookup VALUE...            what is known of addresses, domains, URLs, hashes (defanged forms too)
  query FILE|-               sends a GraphQL document, from a file or from the standard input
    --variables JSON           its variables

  --url URL                  the hub; default: HUB_URL, else http://127.0.0.1:4000
  --key KEY                  an API key; default: HUB_KEY, else nobody in particular
  --json                     JSON, one object a line for alerts
  --help                     this

Ends with 0; 1 if the hub said no, 2 if the command is wrong, 3 if the key was refused, 4 if no hub answers.`;

const TEXT = { type: "string" } as const;
const FLAG = { type: "boolean" } as const;
const EVERYWHERE = { url: TEXT, key: TEXT, json: FLAG, help: FLAG } as const;
interface Options {
  url?: string;
  key?: string;
  json?: boolean;
  help?: boolean;
  after?: string;
  follow?: boolean;
  types?: string;
  variables?: string;
}
type Command = (hub: HubAddress, options: Options, world: World, words: string[]) => Promise<void>;
const COMMANDS = new Map<string, { run: Command; options: object; words: boolean }>([
  ["viewer", { run: viewer, options: {}, words: false }],
  ["alerts", { run: alerts, options: { after: TEXT, follow: FLAG, types: TEXT }, words: false }],
  ["lookup", { run: lookup, options: {}, words: true }],
  ["query", { run: query, options: { variables: TEXT }, words: true }],
]);

/** Runs one command. Returns the exit code; whatever goes wrong is one line on `err`. */
export async function run([name = "", ...args]: string[], world: World): Promise<number> {
  try {
    const command = COMMANDS.get(name);
    const help = name === "--help" || name === "-h";
    if (!command && !help) throw usage(name ? `There is no command ${name}; see --help.` : HELP);
    const { values, positionals } = help
      ? { values: { help }, positionals: [] }
      : parse(args, command);
    if (!command || values.help) world.out(HELP);
    else await command.run(addressOf(values, world), values, world, positionals);
    return 0;
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    world.err(error.message);
    return error.exitCode;
  }
}
async function viewer(hub: HubAddress, { json }: Options, { out }: World): Promise<void> {
  const found = await ask(hub, ViewerDocument, {});
  for (const line of json ? [JSON.stringify(found.viewer)] : viewerLines(found)) out(line);
}

async function alerts(hub: HubAddress, options: Options, { out, err }: World): Promise<void> {
  const types = options.types?.flatMap((t) => t.split(",")).filter(Boolean) as
    AlertType[] | undefined;
  const filter = types ? { types } : null;
  const show = (alert: Parameters<typeof alertLine>[0]): void =>
    out(options.json ? JSON.stringify(alert) : alertLine(alert));
  let after = options.after ?? null;
  if (options.follow) {
    const lost = (cursor: string | null): void =>
      err(
        cursor
          ? "Connection lost; coming back."
          : "Connection lost before the first alert; coming back live.",
      );
    for await (const alert of followAlerts(hub, { after, filter }, lost)) show(alert);
    return;
  }
  for (let more = true; more;) {
    const { nodes, pageInfo } = (await ask(hub, AlertsDocument, { after, filter })).alerts;
    nodes.forEach(show);
    after = pageInfo.endCursor ?? after;
    more = pageInfo.hasNextPage;
  }
  if (after !== null) err(`Go on with: --after ${after}`);
}

async function lookup(
  hub: HubAddress,
  values: string[],
  { json }: Options,
  { out }: World,
): Promise<void> {
  if (!values.length) throw usage("lookup needs at least one value.");
  const found = await ask(hub, LookupDocument, { values });
  for (const line of json ? found.lookup.map((l) => JSON.stringify(l)) : lookupLines(found))
    out(line);
}

async function query(
  hub: HubAddress,
  file: string | undefined,
  options: Options,
  world: World,
): Promise<void> {
  if (file === undefined) throw usage("query needs a file, or - for the standard input.");
  let document: string;
  let variables: object;
  try {
    document = file === "-" ? world.readInput() : readFileSync(file, "utf8");
  } catch {
    throw usage(`${file} cannot be read.`);
  }
  try {
    variables = JSON.parse(options.variables ?? "{}") as object;
  } catch {
    throw usage("--variables must be JSON.");
  }
  const { data, errors } = await post<unknown>(hub, document, variables);
  if (data !== undefined && data !== null)
    world.out(JSON.stringify(data, null, options.json ? 0 : 2));
  if (errors?.length) throw failed(errors);
}
