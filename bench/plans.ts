import "reflect-metadata";
import { Client, type Pool } from "pg";
import { pino } from "pino";
import { startHub } from "../src/server";
import { ask } from "./load";
import { readOptions } from "./options";
import { benchConfig, openWorld, VIEWERS } from "./world";
import { PLANNED } from "./workloads";

interface Statement {
  text: string;
  values: unknown[];
}

/** Prints how PostgreSQL carries out each statement that the hub sends for each question, by the plan for whatever values, as the hub's connections have it. */
async function main(): Promise<void> {
  const { rows, only, grants } = readOptions(process.argv.slice(2));
  const viewer = VIEWERS.find((v) => v.grants === grants.at(-1)) ?? VIEWERS[0]!;
  for (const size of rows) {
    const world = await openWorld(size, (message) => process.stderr.write(`${message}\n`));
    const hub = await startHub({
      config: benchConfig(world.url),
      databaseUrl: world.url,
      logger: pino({ level: "warn" }),
    });
    const client = new Client(world.url);
    await client.connect();
    try {
      for (const { name, question } of PLANNED(size, viewer)) {
        if (!name.includes(only)) continue;
        const body = JSON.stringify(question);
        const statements = await sentFor(hub.hub.pool, () =>
          ask({ port: hub.port, path: "/graphql", key: viewer.key }, body),
        );
        for (const [i, statement] of statements.entries()) {
          console.log(
            `\n━━━ ${name}, ${size.toLocaleString("en")} indicators, statement ${i + 1} of ${statements.length}`,
          );
          console.log(statement.text.replaceAll(/\n\s*/g, "\n").trim());
          console.log(`\n${await planOf(client, statement)}`);
        }
      }
    } finally {
      await client.end();
      await hub.stop();
      await world.stop();
    }
  }
}

/** What goes through the pool while something is done, reading only. */
async function sentFor(pool: Pool, work: () => Promise<unknown>): Promise<Statement[]> {
  const sent: Statement[] = [];
  const query = pool.query.bind(pool) as (...args: unknown[]) => unknown;
  pool.query = ((config: string | Statement, values?: unknown[]) => {
    const statement = typeof config === "string" ? { text: config, values: values ?? [] } : config;
    sent.push({ text: statement.text, values: statement.values ?? values ?? [] });
    return query(config, values);
  }) as typeof pool.query;
  try {
    await work();
  } finally {
    pool.query = query as typeof pool.query;
  }
  // What follows the log reads it at any time; what is sent again has the same plan.
  const reads = sent.filter(
    (s) => /^\s*(SELECT|WITH)\b/i.test(s.text) && !/ FROM log /.test(s.text),
  );
  return [...new Map(reads.toReversed().map((s) => [s.text, s])).values()].toReversed();
}

async function planOf(client: Client, { text, values }: Statement): Promise<string> {
  await client.query("SET plan_cache_mode = force_generic_plan");
  await client.query("DEALLOCATE ALL");
  await client.query(`PREPARE looked_at AS ${text}`);
  const literals = values.map((value) => literal(client, value)).join(", ");
  const explain = `EXPLAIN (ANALYZE, BUFFERS, SUMMARY) EXECUTE looked_at${literals && `(${literals})`}`;
  await client.query(explain);
  const { rows } = await client.query<{ "QUERY PLAN": string }>(explain);
  return rows.map((row) => row["QUERY PLAN"]).join("\n");
}

function literal(client: Client, value: unknown): string {
  if (value === null || value === undefined) return "NULL";
  if (typeof value === "number") return String(value);
  if (value instanceof Date) return `'${value.toISOString()}'`;
  if (Array.isArray(value)) {
    const elements = value.map((v) => (v === null ? "NULL" : JSON.stringify(String(v))));
    return client.escapeLiteral(`{${elements.join(",")}}`);
  }
  return client.escapeLiteral(typeof value === "string" ? value : JSON.stringify(value));
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  process.exit(1);
});
