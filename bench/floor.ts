import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Pool } from "pg";
import { maskOf } from "../src/sharing/fields";
import { serveBenchmark } from "./server-process";
import { VIEWERS } from "./world";

/**
 * The floor: what a user could build by hand for one kind of item and one way of sharing. A bare node:http server that
 * knows its callers' agreements by heart, runs hand-written SQL with the same visibility as named prepared statements
 * on a pool of the hub's size, and answers JSON.stringify of the same fields.
 */
const POOL_SIZE = 20;
const IDENTITY = maskOf(["identity"]);
const TLP = ["CLEAR", "GREEN", "AMBER", "AMBER_STRICT", "RED"];
const PAP = ["CLEAR", "GREEN", "AMBER", "RED"];
const ATTRIBUTION = ["ANONYMOUS", "SECTOR_ONLY", "NAMED"];
const PREFIX = "indicator_";

const pool = new Pool({ connectionString: process.env.DATABASE_URL, max: POOL_SIZE });
pool.on("error", (error) => process.stderr.write(`${error.message}\n`));
/** Credential's hash → the agreements by which its organization receives. */
const callers = new Map<string, string[]>();
const hashOf = (credential: string): string =>
  createHash("sha256").update(credential).digest("base64");

/** A release that reaches the caller (`$1`: its agreements): live, and within the agreements' ceiling, TLP:AMBER. */
const REACHES = `a.target = ANY($1::uuid[]) AND a.kind = 'INDICATOR' AND a.tlp <= 2 AND a.live_from <= now() AND a.live_until > now()`;
const NAMED = `least(i.attribution, CASE WHEN a.withheld & ${IDENTITY} = 0 THEN 2 ELSE 1 END)`;
const ITEM = `i.id, i.stix_id, a.tlp, a.pap, a.released_at, r.title, c.pattern, c.valid_from, c.valid_until, c.confidence,
  c.labels, ${NAMED} AS attribution`;
const JOINS = `JOIN item i ON i.id = a.item_id JOIN indicator c ON c.id = a.item_id JOIN release r ON r.id = a.release_id`;

/** What is released under two of the caller's agreements is reached twice, by the same release. */
const PAGE = `
  SELECT ${ITEM} FROM (
    SELECT DISTINCT ON (x.released_at, x.item_id) x.* FROM unnest($1::uuid[]) AS t(target) CROSS JOIN LATERAL (
      SELECT a.* FROM release_audience a
      WHERE a.target = t.target AND a.kind = 'INDICATOR' AND a.tlp <= 2 AND a.live_from <= now() AND a.live_until > now()
      ORDER BY a.released_at DESC, a.item_id DESC LIMIT $2) x
    ORDER BY x.released_at DESC, x.item_id DESC LIMIT $2) a ${JOINS}
  ORDER BY a.released_at DESC, a.item_id DESC`;
const NODE = `SELECT ${ITEM} FROM release_audience a ${JOINS} WHERE a.item_id = $2 AND ${REACHES} LIMIT 1`;
/** WHY no join for the name: PostgreSQL would go through all organizations for each row. */
const LOOKUP = `
  SELECT v.n, ${ITEM}, CASE WHEN ${NAMED} = 2 THEN (SELECT o.name FROM organization o WHERE o.id = i.owner_id) END AS organization
  FROM unnest($2::text[], $3::text[]) WITH ORDINALITY AS v(type, value, n)
  JOIN observable b ON hashtextextended(b.value, 0) = hashtextextended(v.value, 0) AND b.value = v.value AND b.type = v.type
  CROSS JOIN LATERAL (SELECT a.* FROM release_audience a WHERE a.item_id = b.indicator_id AND ${REACHES} LIMIT 1) a ${JOINS}`;
const COUNT = `SELECT (SELECT count(*) FROM release_audience a WHERE ${REACHES} AND NOT a.several)::int + (SELECT count(*) FROM
  (SELECT DISTINCT a.item_id FROM release_audience a WHERE ${REACHES} AND a.several) x)::int AS count`;

interface Row {
  n: string;
  id: string;
  stix_id: string;
  tlp: number;
  pap: number;
  attribution: number;
  released_at: Date;
  title: string;
  pattern: string;
  valid_from: Date;
  valid_until: Date;
  confidence: number;
  labels: string[];
  organization: string | null;
}

const indicator = (row: Row): object => ({
  id: PREFIX + row.id,
  stixId: row.stix_id,
  tlp: TLP[row.tlp],
  pap: PAP[row.pap],
  createdAt: row.released_at,
  updatedAt: row.released_at,
  name: row.title,
  pattern: row.pattern,
  validFrom: row.valid_from,
  validUntil: row.valid_until,
  confidence: row.confidence,
  labels: row.labels,
  source: { attribution: ATTRIBUTION[row.attribution] },
});

type Answer = (agreements: string[], body: Record<string, unknown>) => Promise<unknown>;

const ANSWERS: Record<string, Answer> = {
  async "/indicators"(agreements, { first }) {
    const limit = Number(first);
    const { rows } = await pool.query<Row>({
      name: "page",
      text: PAGE,
      values: [agreements, limit + 1],
    });
    const nodes = rows.slice(0, limit).map(indicator);
    const last = rows[nodes.length - 1];
    const endCursor =
      last && Buffer.from(`${last.released_at.getTime()} ${last.id}`).toString("base64url");
    return { nodes, pageInfo: { hasNextPage: rows.length > limit, endCursor } };
  },

  async "/node"(agreements, { id }) {
    const { rows } = await pool.query<Row>({
      name: "node",
      text: NODE,
      values: [agreements, String(id).slice(PREFIX.length)],
    });
    return rows[0] ? indicator(rows[0]) : null;
  },

  async "/lookup"(agreements, { values }) {
    const asked = (values as string[]).map((value) => ({
      value,
      normalized: value.trim(),
      type: typeOf(value),
    }));
    const { rows } = await pool.query<Row>({
      name: "lookup",
      text: LOOKUP,
      values: [agreements, asked.map((v) => v.type), asked.map((v) => v.normalized)],
    });
    const results = asked.map((v) => ({ ...v, indicators: [] as object[] }));
    for (const row of rows) {
      const { id, stixId, tlp, name, pattern, confidence, validUntil, labels } = indicator(
        row,
      ) as Record<string, unknown>;
      const source = {
        attribution: ATTRIBUTION[row.attribution],
        organization: row.organization === null ? null : { name: row.organization },
      };
      results[Number(row.n) - 1]?.indicators.push({
        id,
        stixId,
        tlp,
        name,
        pattern,
        confidence,
        validUntil,
        labels,
        source,
      });
    }
    return results;
  },

  async "/count"(agreements) {
    const { rows } = await pool.query<{ count: number }>({
      name: "count",
      text: COUNT,
      values: [agreements],
    });
    return { totalCount: rows[0]?.count };
  },
};

const typeOf = (value: string): string =>
  value.includes("://") ? "url" : /^[0-9a-f]{64}$/.test(value) ? "sha256" : "domain-name";

async function reply(
  answer: Answer,
  agreements: string[],
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  const body = JSON.parse(Buffer.concat(chunks).toString("utf8")) as Record<string, unknown>;
  const text = JSON.stringify({ data: await answer(agreements, body) });
  response.writeHead(200, {
    "content-type": "application/json; charset=utf-8",
    "content-length": Buffer.byteLength(text),
  });
  response.end(text);
}

async function main(): Promise<void> {
  for (const { organization, key } of VIEWERS) {
    const { rows } = await pool.query<{ agreement: string }>(
      `SELECT v.agreement_id AS agreement FROM account k JOIN membership m ON m.organization_id = k.organization_id
       JOIN sharing_agreement g ON g.to_group_id = m.group_id JOIN agreement_version v ON v.agreement_id = g.id
       JOIN agreement_signature s ON s.version_id = v.id AND s.organization_id = m.organization_id
       WHERE k.email = $1`,
      [`a${organization}@example.org`],
    );
    callers.set(
      hashOf(key),
      rows.map((row) => row.agreement),
    );
  }
  const server = createServer((request, response) => {
    const agreements = callers.get(
      hashOf((request.headers.authorization ?? "").slice("Bearer ".length)),
    );
    const answer = ANSWERS[request.url ?? ""];
    if (!agreements || !answer) {
      response.writeHead(agreements ? 404 : 401).end();
      return;
    }
    reply(answer, agreements, request, response).catch((error: unknown) =>
      response.writeHead(500).end(String(error)),
    );
  });
  server.listen(0, "127.0.0.1", () => {
    serveBenchmark((server.address() as AddressInfo).port, async () => {
      server.closeAllConnections();
      server.close();
      await pool.end();
    });
  });
}

void main();
