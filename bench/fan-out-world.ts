import { join } from "node:path";
import { Client } from "pg";
import { pino } from "pino";
import { migrate, openDatabase } from "../src/database";
import { startEmbeddedPostgres } from "../src/embedded-postgres";
import { Hub } from "../src/hub";
import { projectRoot } from "../src/project-root";
import { Pap } from "../src/sharing/pap";
import type { Terms } from "../src/sharing/terms";
import { Tlp } from "../src/sharing/tlp";
import { Attribution, ItemKind } from "../src/sharing/vocabulary";
import { benchConfig } from "./world";

/** Each with an agreement within itself, and as many members. */
export const GROUPS = 60;
const MEMBERS = 50;
/** What can be released. */
export const ITEMS = 10_000;

/** A database of groups whose members wait for alerts. */
export interface FanOutWorld {
  url: string;
  /** The credential of a member; those of one group are `GROUPS` apart. */
  keyOf(organization: number): string;
  /** The numbers of so many members in the first so many groups, by turns. */
  members(count: number, groups: number): number[];
  stop(): Promise<void>;
}

const keyOf = (n: number): string => `musubi_bench_fan_out_${n}_0123456789abcdefghijklmnop`;
const id = (what: string, i: string): string => `md5('${what} ' || ${i})::uuid`;
const BEGINNING = "timestamptz '2020-01-01 00:00:00Z'";
const TERMS: Terms = {
  kinds: [ItemKind.INCIDENT, ItemKind.INDICATOR, ItemKind.ADVISORY, ItemKind.SIGHTING],
  tlpCeiling: Tlp.AMBER,
  papCeiling: Pap.RED,
  attribution: Attribution.SECTOR_ONLY,
  withheldFields: [],
  onward: false,
  requiresApproval: true,
  retroactive: false,
  retention: null,
  purposes: [],
};

/** Made anew for each run: it is small. */
export async function openFanOutWorld(log: (message: string) => void): Promise<FanOutWorld> {
  const dataDir = join(projectRoot, "var", "bench", `fan-out-${process.pid}`);
  const postgres = await startEmbeddedPostgres({ dataDir, log });
  const { url } = postgres;
  const dataSource = await openDatabase(url);
  try {
    await migrate(dataSource);
    const hub = new Hub(benchConfig(url), dataSource, url, pino({ level: "silent" }), Date);
    await hub.open();
    const hashes = Array.from({ length: GROUPS * MEMBERS + 1 }, (_, n) =>
      hub.credentialHash(keyOf(n)).toString("hex"),
    );
    await hub.close();
    const client = new Client(url);
    await client.connect();
    for (const sql of parties()) await client.query(sql);
    await client.query(
      `INSERT INTO api_key (account_id, name, prefix, hash, created_by, created_at, version)
       SELECT ${id("account", "n")}, 'bench', 'musubi_bench', decode(hash, 'hex'), ${id("account", "n")}, ${BEGINNING}, 1
       FROM unnest($1::text[]) WITH ORDINALITY AS k(hash, i), LATERAL (SELECT i - 1 AS n) x`,
      [hashes],
    );
    await client.query("VACUUM (ANALYZE)");
    await client.end();
  } finally {
    await dataSource.destroy();
  }
  return {
    url,
    keyOf,
    members: (count, groups) =>
      Array.from({ length: count }, (_, i) => {
        const group = i % groups;
        const member = Math.floor(i / groups) % MEMBERS;
        return 1 + group + GROUPS * member;
      }),
    stop: () => postgres.stop(),
  };
}

/**
 * Organization 0 is the operator and owns everything; every other is a member of one group and signed its agreement, each at
 * a moment of its own.
 */
const parties = (): string[] => [
  `INSERT INTO organization (id, name, kind, sectors, created_at, version)
   SELECT ${id("organization", "n")}, 'Organization ' || n, CASE n WHEN 0 THEN 'OPERATOR' ELSE 'MEMBER' END, '{energy}', ${BEGINNING}, 1
   FROM generate_series(0, ${GROUPS * MEMBERS}) n`,
  `INSERT INTO account (id, organization_id, email, display_name, roles, affiliation, created_at, version)
   SELECT ${id("account", "n")}, ${id("organization", "n")}, 'a' || n || '@example.org', 'Account ' || n, '{MEMBER}', 'EMPLOYEE', ${BEGINNING}, 1
   FROM generate_series(0, ${GROUPS * MEMBERS}) n`,
  `INSERT INTO sector_group (id, slug, name, sector, roster, created_at, version)
   SELECT ${id("group", "g")}, 'group-' || g, 'Group ' || g, 'sector-' || g, 'OPEN', ${BEGINNING}, 1 FROM generate_series(0, ${GROUPS - 1}) g`,
  `INSERT INTO membership (id, organization_id, group_id, version)
   SELECT ${id("membership", "n")}, ${id("organization", "n")}, ${id("group", `((n - 1) % ${GROUPS})`)}, 1
   FROM generate_series(1, ${GROUPS * MEMBERS}) n`,
  `INSERT INTO membership_change (membership_id, state, at, by_account, by_operator, version)
   SELECT ${id("membership", "n")}, 'ACTIVE', ${BEGINNING} + n * interval '1 hour', ${id("account", "0")}, true, 1
   FROM generate_series(1, ${GROUPS * MEMBERS}) n`,
  `INSERT INTO sharing_agreement (id, title, from_group_id, to_group_id, version)
   SELECT ${id("agreement", "g")}, 'Agreement ' || g, ${id("group", "g")}, ${id("group", "g")}, 1 FROM generate_series(0, ${GROUPS - 1}) g`,
  `INSERT INTO agreement_version (id, agreement_id, number, title, terms, sign_within, drafted_at, drafted_by, proposed_at, proposed_by, effective_from, version)
   SELECT ${id("version", "g")}, ${id("agreement", "g")}, 1, 'Agreement ' || g, '${JSON.stringify(TERMS)}', 'P30D',
     ${BEGINNING}, ${id("account", "0")}, ${BEGINNING}, ${id("account", "0")}, ${BEGINNING}, 1
   FROM generate_series(0, ${GROUPS - 1}) g`,
  `INSERT INTO agreement_signature (version_id, organization_id, account_id, signed_at, version)
   SELECT ${id("version", `((n - 1) % ${GROUPS})`)}, ${id("organization", "n")}, ${id("account", "n")}, ${BEGINNING} + n * interval '1 hour', 1
   FROM generate_series(1, ${GROUPS * MEMBERS}) n`,
  `INSERT INTO item (id, kind, owner_id, created_by, stix_id, tlp, pap, attribution, state, created_at, updated_at, submitted_at)
   SELECT ${id("item", "n")}, 'INCIDENT', ${id("organization", "0")}, ${id("account", "0")}, 'incident--' || ${id("stix", "n")}, 1, 1,
     1, 'SUBMITTED', ${BEGINNING}, ${BEGINNING}, ${BEGINNING} FROM generate_series(0, ${ITEMS - 1}) n`,
  `INSERT INTO incident (id, title, summary, category, severity, detected_at, victim, data_stolen)
   SELECT ${id("item", "n")}, 'Incident ' || n, 'What it did', 'intrusions', 'high', ${BEGINNING}, 'Branch', '{Internal}'
   FROM generate_series(0, ${ITEMS - 1}) n`,
  `UPDATE hub SET policy_version = 1, policy_changed_at = ${BEGINNING}`,
];

const SUMMARY = "Phishing mails with a link to a page that asks for credentials. ".repeat(6);

/**
 * What another node writes when it releases item `n` to the first so many groups, in one round trip. Answers with the
 * database's time just before the commit, in milliseconds (`at`).
 * @param tlp its rank
 * @param channel notified with the item's number at the commit, besides the log's own
 */
export const releaseSql = (n: number, groups: number, tlp: number, channel: string): string => `
  BEGIN;
  SELECT pg_advisory_xact_lock(7264003);
  INSERT INTO release (id, item_id, state, group_ids, tlp, title, summary, withheld_fields, proposed_at, proposed_by, decided_at,
    decided_by, released_at)
  SELECT ${id("release", `'${n}'`)}, ${id("item", `'${n}'`)}, 'RELEASED', array_agg(${id("group", "g")}), ${tlp}, 'Incident ${n}', '${SUMMARY}',
    '{}', t, ${id("account", "'0'")}, t, ${id("account", "'0'")}, t
  FROM generate_series(0, ${groups - 1}) g, date_trunc('milliseconds', now()) t GROUP BY t;
  INSERT INTO release_audience (release_id, item_id, kind, owner_id, path, target, from_group_id, to_group_id, version_id, tlp,
    pap, withheld, released_at, live_from)
  SELECT ${id("release", `'${n}'`)}, ${id("item", `'${n}'`)}, 'INCIDENT', ${id("organization", "'0'")}, 'AGREEMENT', ${id("agreement", "g")},
    ${id("group", "g")}, ${id("group", "g")}, ${id("version", "g")}, ${tlp}, 1, 0, t, t
  FROM generate_series(0, ${groups - 1}) g, date_trunc('milliseconds', now()) t;
  INSERT INTO log (at, type, actor_organization_id, actor_account_id, item_id, release_id, tlp)
  VALUES (date_trunc('milliseconds', now()), 'ITEM_RELEASED', ${id("organization", "'0'")}, ${id("account", "'0'")}, ${id("item", `'${n}'`)},
    ${id("release", `'${n}'`)}, ${tlp});
  NOTIFY musubi_log;
  NOTIFY ${channel}, '${n}';
  SELECT extract(epoch FROM clock_timestamp())::float8 * 1000 AS at;
  COMMIT;`;
