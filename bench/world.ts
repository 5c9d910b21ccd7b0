import { createHash } from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { Client } from "pg";
import { pino } from "pino";
import type { Config } from "../src/config";
import { migrate, openDatabase } from "../src/database";
import { startEmbeddedPostgres } from "../src/embedded-postgres";
import { Hub } from "../src/hub";
import { projectRoot } from "../src/project-root";
import { maskOf, WITHHELD_BY_DEFAULT } from "../src/sharing/fields";
import type { Terms } from "../src/sharing/terms";
import { Pap } from "../src/sharing/pap";
import { Tlp } from "../src/sharing/tlp";
import { Attribution, ItemKind } from "../src/sharing/vocabulary";

export const GROUPS = 60;
const ORGANIZATIONS = 1_000;
/** One within each group; the others from one group to the next but one, two or three. */
const AGREEMENTS = 200;
/** One in so many indicators is released to the next group too. */
const TWICE = 5;
/** An incident for so many indicators. */
const PER_INCIDENT = 10;

/** A measured member: how many grants it has, and of how many groups, the first ones, it is a member. */
export interface BenchViewer {
  grants: number;
  memberOf: number;
  /** Its organization's number. */
  organization: number;
  /** Its credential, in every world. */
  key: string;
}
const viewer = (grants: number, memberOf: number, organization: number): BenchViewer => ({
  grants,
  memberOf,
  organization,
  key: `musubi_bench_${grants}_0123456789abcdefghijklmnopqrstuvwxyz`,
});
export const VIEWERS: readonly BenchViewer[] = [
  viewer(1, 1, 1),
  viewer(10, 4, 2),
  viewer(60, 18, 3),
];

/** From which group to which an agreement goes. */
const sidesOf = (agreement: number): { from: number; to: number } => {
  const from = agreement % GROUPS;
  return { from, to: (from + Math.floor(agreement / GROUPS)) % GROUPS };
};

/** The agreements that a measured member signed: as many as it has grants, of those to its groups. */
const signedBy = ({ grants, memberOf }: BenchViewer): number[] =>
  Array.from({ length: AGREEMENTS }, (_, a) => a)
    .filter((a) => sidesOf(a).to < memberOf)
    .slice(0, grants);

/** A database full of indicators, and how to put it away. */
export interface World {
  rows: number;
  url: string;
  /** PGDATA of the embedded server; null where BENCH_DATABASE_URL names another. */
  pgdata: string | null;
  stop(): Promise<void>;
}

/**
 * The world of this size: from `var/bench` where an earlier run left it, else made now. Its directory bears the size and
 * a hash of what shapes it (this file and the migrations), so a change of either makes a new one.
 */
export async function openWorld(rows: number, log: (message: string) => void): Promise<World> {
  const external = process.env.BENCH_DATABASE_URL;
  const dataDir = join(projectRoot, "var", "bench", `${rows}-${shape()}`);
  const postgres = external ? null : await startEmbeddedPostgres({ dataDir, log });
  const world: World = {
    rows,
    url: external ?? postgres?.url ?? "",
    pgdata: postgres && join(postgres.directory, "data"),
    stop: async () => postgres?.stop(),
  };
  try {
    await fill(world, log);
    return world;
  } catch (error) {
    await world.stop();
    throw error;
  }
}

function shape(): string {
  const hash = createHash("sha256").update(readFileSync(__filename));
  const migrations = join(__dirname, "..", "migrations");
  for (const file of readdirSync(migrations).toSorted()) {
    if (file.endsWith(".js")) hash.update(readFileSync(join(migrations, file)));
  }
  return hash.digest("hex").slice(0, 12);
}

/** How the benchmark's hub is set up; `hub.ts` and the filling share it. */
export const benchConfig = (databaseUrl: string): Config => ({
  port: 0,
  host: "127.0.0.1",
  databaseUrl,
  dataDir: join(projectRoot, "var", "bench"),
  demo: false,
  bootstrapKey: null,
  logLevel: "warn",
  foldSeconds: 30,
  logDays: 90,
  webhookPrivate: false,
  mail: null,
});

async function fill({ rows, url }: World, log: (message: string) => void): Promise<void> {
  const dataSource = await openDatabase(url);
  const client = new Client(url);
  await client.connect();
  try {
    await migrate(dataSource);
    const { rows: found } = await client.query<{ indicators: number }>(
      "SELECT (SELECT count(*)::int FROM indicator) AS indicators",
    );
    if (found[0]?.indicators === 0) {
      const started = Date.now();
      log(`making ${rows.toLocaleString("en")} indicators …`);
      const hub = new Hub(benchConfig(url), dataSource, url, pino({ level: "silent" }), Date);
      await hub.open();
      const hashes = VIEWERS.map(({ key }) => hub.credentialHash(key).toString("hex"));
      await hub.close();
      await load(client, rows, hashes);
      log(`made in ${Math.round((Date.now() - started) / 1000)} s`);
    } else if (found[0]?.indicators !== rows) {
      throw new Error(`The database has ${found[0]?.indicators} indicators instead of ${rows}.`);
    }
    // Every run starts with an empty ledger and statistics that fit.
    await client.query("TRUNCATE disclosure");
    await client.query("CHECKPOINT");
  } finally {
    await client.end();
    await dataSource.destroy();
  }
}

/** All of it or nothing; without the indexes, which are made afterwards, and without checking foreign keys one by one. */
async function load(client: Client, rows: number, keyHashes: string[]): Promise<void> {
  await client.query("BEGIN");
  await client.query("SET LOCAL session_replication_role = replica");
  await client.query("SET LOCAL maintenance_work_mem = '512MB'");
  const { rows: indexes } = await client.query<{ name: string; definition: string }>(
    `SELECT x.indexrelid::regclass::text AS name, pg_get_indexdef(x.indexrelid) AS definition FROM pg_index x
     WHERE x.indrelid = ANY($1::regclass[]) AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = x.indexrelid)`,
    [["item", "incident", "indicator", "observable", "release", "release_audience", "link"]],
  );
  for (const { name } of indexes) await client.query(`DROP INDEX ${name}`);
  for (const sql of parties(keyHashes)) await client.query(sql);
  for (const sql of items(rows)) await client.query(sql);
  for (const { definition } of indexes) await client.query(definition);
  await client.query("COMMIT");
  await client.query("VACUUM (ANALYZE)");
}

const id = (what: string, i: string): string => `md5('${what} ' || ${i})::uuid`;
/** Long before anything was released. */
const BEGINNING = "timestamptz '2020-01-01 00:00:00Z'";

const TERMS: Terms = {
  kinds: [ItemKind.INCIDENT, ItemKind.INDICATOR, ItemKind.ADVISORY, ItemKind.SIGHTING],
  tlpCeiling: Tlp.AMBER,
  papCeiling: Pap.RED,
  attribution: Attribution.NAMED,
  withheldFields: [],
  onward: false,
  requiresApproval: true,
  retroactive: false,
  retention: null,
  purposes: [],
};

const FROM_GROUP = `k % ${GROUPS}`;
const TO_GROUP = `((k % ${GROUPS} + k / ${GROUPS}) % ${GROUPS})`;
const measured = (column: string): string =>
  `CASE n ${VIEWERS.map((v) => `WHEN ${v.organization} THEN ${column} < ${v.memberOf}`).join(" ")}`;

/**
 * Organization 0 is the operator, 1 to 3 are the measured members; every other is in two groups and signed all their
 * agreements. All agreements are in force.
 */
const parties = (keyHashes: string[]): string[] => [
  `INSERT INTO organization (id, name, kind, sectors, created_at, version)
   SELECT ${id("organization", "n")}, 'Organization ' || n, CASE n WHEN 0 THEN 'OPERATOR' ELSE 'MEMBER' END, '{energy}', ${BEGINNING}, 1
   FROM generate_series(0, ${ORGANIZATIONS}) n`,
  `INSERT INTO account (id, organization_id, email, display_name, roles, affiliation, created_at, version)
   SELECT ${id("account", "n")}, ${id("organization", "n")}, 'a' || n || '@example.org', 'Account ' || n, '{MEMBER}', 'EMPLOYEE', ${BEGINNING}, 1
   FROM generate_series(0, ${ORGANIZATIONS}) n`,
  ...VIEWERS.map(
    ({ organization }, i) =>
      `INSERT INTO api_key (account_id, name, prefix, hash, created_by, created_at, version)
       VALUES (${id("account", `'${organization}'`)}, 'bench', 'musubi_bench', '\\x${keyHashes[i]}', ${id("account", `'${organization}'`)}, ${BEGINNING}, 1)`,
  ),
  `INSERT INTO sector_group (id, slug, name, sector, roster, created_at, version)
   SELECT ${id("group", "g")}, 'group-' || g, 'Group ' || g, 'sector-' || g, 'OPEN', ${BEGINNING}, 1 FROM generate_series(0, ${GROUPS - 1}) g`,
  `INSERT INTO membership (id, organization_id, group_id, version)
   SELECT ${id("membership", "n || ' ' || g")}, ${id("organization", "n")}, ${id("group", "g")}, 1
   FROM generate_series(1, ${ORGANIZATIONS}) n CROSS JOIN generate_series(0, ${GROUPS - 1}) g
   WHERE ${measured("g")} ELSE g IN (n % ${GROUPS}, (n + 7) % ${GROUPS}) END`,
  `INSERT INTO membership_change (membership_id, state, at, by_account, by_operator, version)
   SELECT id, 'ACTIVE', ${BEGINNING}, ${id("account", "0")}, true, 1 FROM membership`,
  `INSERT INTO sharing_agreement (id, title, from_group_id, to_group_id, version)
   SELECT ${id("agreement", "k")}, 'Agreement ' || k, ${id("group", FROM_GROUP)}, ${id("group", TO_GROUP)}, 1
   FROM generate_series(0, ${AGREEMENTS - 1}) k`,
  `INSERT INTO agreement_version (id, agreement_id, number, title, terms, sign_within, drafted_at, drafted_by, proposed_at, proposed_by, effective_from, version)
   SELECT ${id("version", "k")}, ${id("agreement", "k")}, 1, 'Agreement ' || k, '${JSON.stringify(TERMS)}', 'P30D',
     ${BEGINNING}, ${id("account", "0")}, ${BEGINNING}, ${id("account", "0")}, ${BEGINNING}, 1
   FROM generate_series(0, ${AGREEMENTS - 1}) k`,
  `INSERT INTO agreement_signature (version_id, organization_id, account_id, signed_at, version)
   SELECT DISTINCT ${id("version", "k")}, ${id("organization", "n")}, ${id("account", "n")}, ${BEGINNING}, 1
   FROM generate_series(1, ${ORGANIZATIONS}) n CROSS JOIN generate_series(0, ${AGREEMENTS - 1}) k
   WHERE CASE n ${VIEWERS.map((v) => `WHEN ${v.organization} THEN k IN (${signedBy(v).join(", ")})`).join(" ")}
     ELSE ${FROM_GROUP} IN (n % ${GROUPS}, (n + 7) % ${GROUPS}) OR ${TO_GROUP} IN (n % ${GROUPS}, (n + 7) % ${GROUPS}) END`,
  `UPDATE hub SET policy_version = 1, policy_changed_at = ${BEGINNING}`,
];

/** What indicator `n` stands for. The three kinds take turns. */
export const observableOf = (n: number): { type: string; value: string } => {
  const md5 = (text: string): string => createHash("md5").update(text).digest("hex");
  if (n % 3 === 0)
    return { type: "domain-name", value: `${md5(`host ${n}`).slice(0, 14)}.example` };
  if (n % 3 === 1) return { type: "sha256", value: md5(`a ${n}`) + md5(`b ${n}`) };
  return { type: "url", value: `https://${md5(`host ${n}`).slice(0, 10)}.example/${n}` };
};
const OBSERVABLE = `CASE n % 3 WHEN 0 THEN left(md5('host ' || n), 14) || '.example' WHEN 1 THEN md5('a ' || n) || md5('b ' || n)
  ELSE 'https://' || left(md5('host ' || n), 10) || '.example/' || n END`;
const OBSERVABLE_TYPE = `(ARRAY['domain-name', 'sha256', 'url'])[n % 3 + 1]`;
const PATTERN = `'[' || (ARRAY['domain-name:value', 'file:hashes.''SHA-256''', 'url:value'])[n % 3 + 1] || ' = ''' || ${OBSERVABLE} || ''']'`;

/** The indicators that a measured member sees: those of its groups, and those released under an agreement it signed. */
export function isVisible(n: number, to: BenchViewer): boolean {
  const signed = signedBy(to);
  return agreementsOf(n).some((a) => signed.includes(a));
}
/** The agreements under which indicator `n` is released. */
const agreementsOf = (n: number): number[] => {
  const group = n % GROUPS;
  return Math.floor(n / GROUPS) % TWICE === 0 ? [group, GROUPS + group] : [group];
};
export const indicatorUuid = (n: number): string => {
  const x = createHash("md5").update(`item ${n}`).digest("hex");
  return [x.slice(0, 8), x.slice(8, 12), x.slice(12, 16), x.slice(16, 20), x.slice(20)].join("-");
};

/**
 * Indicator `n` belongs to a member of group `n % 60` and is released to that group, one in five to the next group as well:
 * the later, the higher its number, over the last 300 days. TLP GREEN and AMBER take turns; one in four names its source,
 * the others withhold what is withheld by default. One incident in ten indicators lies beside them, and links to three.
 */
function items(rows: number): string[] {
  const owner = id("organization", `(${GROUPS} * (1 + n / ${GROUPS} % 15) + n % ${GROUPS})`);
  const series = `generate_series(0, ${rows - 1}) n`;
  const incidents = `generate_series(0, ${Math.floor(rows / PER_INCIDENT) - 1}) n`;
  const at = (total: number): string =>
    `(date_trunc('day', now()) - interval '1 day' - interval '300 days' * ((${total - 1} - n)::float8 / ${total}))`;
  const released = `date_trunc('milliseconds', ${at(rows)})`;
  const made = `date_trunc('milliseconds', ${at(rows)} - interval '2 hours')`;
  const ofIncident = `date_trunc('milliseconds', ${at(rows / PER_INCIDENT)})`;
  const tlp = `(1 + (n / ${GROUPS}) % 2)`;
  const named = `(n / ${GROUPS}) % 4 = 0`;
  const masks = { named: maskOf(["damage"]), other: maskOf(WITHHELD_BY_DEFAULT) };
  const withheld = `CASE WHEN ${named} THEN ${masks.named} ELSE ${masks.other} END`;
  const fields = `CASE WHEN ${named} THEN '{damage}' ELSE '{${WITHHELD_BY_DEFAULT.join(",")}}' END::text[]`;
  const name = `'Campaign ' || (n / 25) || ': ' || (ARRAY['staging', 'payload', 'redirect'])[n % 3 + 1] || ' seen by our sensors'`;
  const account = id("account", "0");
  const attribution = `CASE WHEN ${named} THEN 2 ELSE n / ${GROUPS} % 3 END`;
  const group = id("group", `(n % ${GROUPS})`);
  const next = id("group", `((n + 1) % ${GROUPS})`);
  const twice = `n / ${GROUPS} % ${TWICE} = 0`;
  const releases = (
    kind: string,
    word: string,
    what: string,
    of: string,
    when: string,
  ): string[] => [
    `INSERT INTO release (id, item_id, state, from_group_id, group_ids, tlp, title, withheld_fields, proposed_at, proposed_by,
       decided_at, decided_by, released_at)
     SELECT ${id(`release ${word}`, "n")}, ${id(word, "n")}, 'RELEASED', ${group}, CASE WHEN ${twice} THEN ARRAY[${group}, ${next}] ELSE ARRAY[${group}] END, ${tlp},
       ${what}, ${fields}, ${when}, ${account}, ${when}, ${account}, ${when} FROM ${of}`,
    ...[0, 1].map(
      (
        away,
      ) => `INSERT INTO release_audience (release_id, item_id, kind, owner_id, path, target, from_group_id, to_group_id, version_id, tlp,
       pap, withheld, released_at, live_from, several)
     SELECT ${id(`release ${word}`, "n")}, ${id(word, "n")}, '${kind}', ${owner}, 'AGREEMENT', ${id("agreement", `(${away * GROUPS} + n % ${GROUPS})`)},
       ${group}, ${away ? next : group}, ${id("version", `(${away * GROUPS} + n % ${GROUPS})`)}, ${tlp}, n / 7 % 3, ${withheld},
       ${when}, ${when}, ${twice} FROM ${of} ${away ? `WHERE ${twice}` : ""}`,
    ),
  ];
  return [
    `INSERT INTO item (id, kind, owner_id, created_by, stix_id, tlp, pap, attribution, state, created_at, updated_at, submitted_at)
     SELECT ${id("item", "n")}, 'INDICATOR', ${owner}, ${account}, 'indicator--' || ${id("stix", "n")}, ${tlp}, n / 7 % 3,
       ${attribution}, 'RELEASED', ${made}, ${made}, ${made} FROM ${series}`,
    `INSERT INTO indicator (id, name, description, pattern, pattern_type, valid_from, valid_until, confidence, labels)
     SELECT ${id("item", "n")}, ${name}, NULL, ${PATTERN}, 'stix', ${made}, ${made} + interval '180 days', n / 3 % 101,
       ARRAY['malicious-activity', 'campaign-' || n / 25] FROM ${series}`,
    `INSERT INTO observable (indicator_id, position, type, value) SELECT ${id("item", "n")}, 0, ${OBSERVABLE_TYPE}, ${OBSERVABLE} FROM ${series}`,
    ...releases("INDICATOR", "item", name, series, released),
    `INSERT INTO item (id, kind, owner_id, created_by, stix_id, tlp, pap, attribution, state, created_at, updated_at, submitted_at)
     SELECT ${id("incident", "n")}, 'INCIDENT', ${owner}, ${account}, 'incident--' || ${id("stix incident", "n")}, ${tlp}, n / 7 % 3,
       ${attribution}, 'RELEASED', ${ofIncident}, ${ofIncident}, ${ofIncident} FROM ${incidents}`,
    `INSERT INTO incident (id, title, summary, category, severity, detected_at, victim, data_stolen)
     SELECT ${id("incident", "n")}, 'Incident ' || n, 'What ' || ${name} || ' did', (ARRAY['malicious-code', 'intrusions', 'fraud'])[n % 3 + 1],
       (ARRAY['low', 'high'])[n % 2 + 1], ${ofIncident}, 'Branch ' || n % 97, '{Internal}' FROM ${incidents}`,
    ...releases("INCIDENT", "incident", `'Incident ' || n`, incidents, ofIncident),
    `INSERT INTO link (source_id, target_id)
     SELECT DISTINCT ${id("incident", "n")}, ${id("item", `(n * ${PER_INCIDENT} + j)`)} FROM ${incidents} CROSS JOIN generate_series(0, 2) j`,
  ];
}
