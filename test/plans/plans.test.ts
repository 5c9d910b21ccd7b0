import { Client } from "pg";
import { pino } from "pino";
import {
  benchConfig,
  indicatorUuid,
  isVisible,
  observableOf,
  openWorld,
  VIEWERS,
} from "../../bench/world";
import { openDatabase } from "../../src/database";
import { Hub } from "../../src/hub";
import { type RunningHub, startHub } from "../../src/server";
import { createTestDatabase, type TestDatabase } from "../support/database";
import { statementsOf } from "../support/statements";

/**
 * How PostgreSQL carries out what is asked on the read path: the plans for whatever values, as the hub's connections have
 * them. A plan that reads a whole table would let the cost of a question grow with what others own.
 * WHY so many rows: statistics are then taken from all of a table (30,000 rows at the most), and are the same each time.
 */
const ROWS = 10_000;
const SETTINGS = {
  plan_cache_mode: "force_generic_plan",
  random_page_cost: "1.1",
  effective_cache_size: "1GB",
  work_mem: "4MB",
  timezone: "UTC",
  jit: "off",
};
/** Its statistics, and whether a page is visible to all, follow each of these. */
const TABLES =
  "item incident indicator advisory observable release release_audience link log sighting";

const member = VIEWERS[1]!;
const ANALYST = "musubi_plans_of_the_operators_analyst_0123456789";
let database: TestDatabase;
let hub: RunningHub;
let client: Client;

beforeAll(async () => {
  database = await createTestDatabase();
  process.env.BENCH_DATABASE_URL = database.url;
  await openWorld(ROWS, () => undefined);
  client = new Client(database.url);
  await client.connect();
  await client.query("UPDATE account SET roles = '{ANALYST}' WHERE email = 'a0@example.org'");
  await client.query(
    `INSERT INTO api_key (account_id, name, prefix, hash, created_by, created_at, version)
     SELECT id, 'plans', 'musubi_plans', $1, id, created_at, 1 FROM account WHERE email = 'a0@example.org'`,
    [await hashOf(ANALYST)],
  );
  // What the benchmark's world lacks: alerts, and sightings.
  await client.query(`
    INSERT INTO log (at, type, actor_organization_id, actor_account_id, item_id)
    SELECT now(), 'ITEM_UPDATED', owner_id, created_by, id FROM item;
    INSERT INTO sighting (indicator_id, organization_id, account_id, seen_at, recorded_at, count, false_positive, tlp, pap, path, target)
    SELECT i.id, i.owner_id, i.created_by, now(), now(), 1, false, 1, 1, 'AGREEMENT', a.target
    FROM item i JOIN release_audience a ON a.item_id = i.id WHERE i.kind = 'INDICATOR'`);
  for (const [name, value] of Object.entries(SETTINGS))
    await client.query(`SET ${name} = '${value}'`);
  await client.query(`VACUUM (ANALYZE) ${TABLES.replaceAll(" ", ", ")}`);
  hub = await startHub(onDatabase());
}, 120_000);
afterAll(async () => {
  await client.end();
  await hub.stop();
  await database.drop();
});

const onDatabase = () => ({
  config: benchConfig(database.url),
  databaseUrl: database.url,
  logger: pino({ level: "silent" }),
});

async function hashOf(key: string): Promise<Buffer> {
  const { config, databaseUrl, logger } = onDatabase();
  const keys = new Hub(config, await openDatabase(databaseUrl), databaseUrl, logger, Date);
  await keys.open();
  const hash = keys.credentialHash(key);
  await keys.close();
  await keys.dataSource.destroy();
  return hash;
}

const seen = Array.from({ length: ROWS }, (_, n) => n).find((n) => isVisible(n, member)) ?? 0;
const known = observableOf(seen).value;
const ITEM = "id name pattern source { attribution } redactions { field }";
const list = (args: string, selection = `nodes { ${ITEM} }`): string =>
  `{ indicators(${args}) { ${selection} } }`;
const lookup = (many: number): string => {
  const values = Array.from({ length: many }, (_, n) => observableOf(n).value);
  return `{ lookup(values: ${JSON.stringify(values)}) { indicators { ${ITEM} } } }`;
};

const QUESTIONS = {
  "the first page": list("first: 20"),
  "a page by a filter that is walked": list(`first: 20, filter: { text: "payload" }`),
  "a page by a filter that few pass": list(`first: 20, filter: { labels: ["campaign-3"] }`),
  "a page by a value": list(`first: 20, filter: { value: "${known}" }`),
  "a count": list("first: 1", "totalCount"),
  "a count by a value": list(`first: 1, filter: { value: "${known}" }`, "totalCount"),
  "a node": `{ node(id: "indicator_${indicatorUuid(seen)}") { id } }`,
  "a lookup of one": lookup(1),
  "a lookup of many": lookup(100),
  "linked items": "{ incidents(first: 5) { nodes { indicators(first: 5) { nodes { id } } } } }",
  scores: list("first: 5", "nodes { id score sightingCount }"),
  observables: list("first: 5", "nodes { id observables { value } }"),
  "alerts after a cursor": "{ alerts(first: 5) { nodes { type } } }",
};
type Question = keyof typeof QUESTIONS;
/** Of those who are no member, what is asked by statements of their own. */
const OF_OTHERS: Question[] = ["the first page", "a lookup of many"];
const ASKED: [string, Question, string | null][] = [
  ...(Object.keys(QUESTIONS) as Question[]).map((q): [string, Question, string] => [
    "a member",
    q,
    member.key,
  ]),
  ...[...OF_OTHERS, "a count" as const].map((q): [string, Question, string] => [
    "an analyst",
    q,
    ANALYST,
  ]),
  ...OF_OTHERS.map((q): [string, Question, null] => ["nobody in particular", q, null]),
];

test.each(ASKED)("of %s: %s", async (_, question, key) => {
  const { answer, statements } = await statementsOf(hub.hub, key, QUESTIONS[question]);
  expect(answer.errors).toBeUndefined();
  const reads = [...new Set(statements.map((s) => s.text))].filter((t) =>
    /^(SELECT|WITH)/i.test(t),
  );
  const plans: string[] = [];
  for (const text of reads) plans.push(await planOf(text));
  expect(plans.length).toBeGreaterThan(0);
  const all = plans.join("\n\n");
  const whole = new RegExp(`Seq Scan on (${TABLES.replaceAll(" ", "|")})\\b`);
  expect(all).not.toMatch(whole);
  expect(`\n${all}\n`).toMatchSnapshot();
});

async function planOf(text: string): Promise<string> {
  const { rows } = await client.query<{ "QUERY PLAN": string }>(
    `EXPLAIN (GENERIC_PLAN, COSTS OFF) ${text}`,
  );
  return rows.map((row) => row["QUERY PLAN"]).join("\n");
}
