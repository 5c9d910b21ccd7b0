import { AsyncLocalStorage } from "node:async_hooks";
import { graphql, type ExecutionResult, type GraphQLSchema } from "graphql";
import { Client as PgClient } from "pg";
import { authenticate } from "../../src/auth/viewer";
import { Context } from "../../src/context";
import type { Hub } from "../../src/hub";
import { makeSchema } from "../../src/schema";

/** One statement as it went to the database, and how many rows came back; null where it failed. */
export interface Statement {
  text: string;
  values: unknown[];
  rows: number | null;
}

const listening = new AsyncLocalStorage<Statement[]>();
let schema: Promise<GraphQLSchema> | null = null;
type Query = (...args: unknown[]) => unknown;

/**
 * What one document makes the hub ask of the database, in order; what the hub does beside it is not among it.
 * WHY not over HTTP: there a statement could not be told from those of the ledger, the log and the sweep.
 */
export async function statementsOf(
  hub: Hub,
  key: string | null,
  source: string,
  variableValues: Record<string, unknown> = {},
): Promise<{ answer: ExecutionResult; statements: Statement[] }> {
  const session = key === null ? null : authenticate(hub, `Bearer ${key}`);
  schema ??= makeSchema();
  const statements: Statement[] = [];
  const prototype = PgClient.prototype as unknown as { query: Query };
  const { query } = prototype;
  prototype.query = function (this: unknown, ...args: unknown[]): unknown {
    const heard = listening.getStore();
    return heard ? hear(heard, args, (given) => query.apply(this, given)) : query.apply(this, args);
  };
  const { log } = hub;
  const wake = log.wake.bind(log);
  // What reads the log for everybody may be under way already, or not: it is not this document's.
  log.wake = () => listening.exit(wake);
  try {
    const contextValue = new Context(hub, session, "query");
    const asked = { schema: await schema, source, variableValues, contextValue };
    const answer = await listening.run(statements, () => graphql(asked));
    return { answer, statements };
  } finally {
    prototype.query = query;
    log.wake = wake;
  }
}

/** The driver's pool passes a callback; others await a promise. */
function hear(heard: Statement[], args: unknown[], query: (args: unknown[]) => unknown): unknown {
  const [config, values] = args as [string | { text: string; values?: unknown[] }, unknown];
  const told = typeof config === "string" ? { text: config } : config;
  const statement: Statement = {
    text: told.text.replaceAll(/\s+/g, " ").trim(),
    values: told.values ?? (Array.isArray(values) ? values : []),
    rows: null,
  };
  heard.push(statement);
  const done = (result: unknown): void => {
    statement.rows = (result as { rowCount?: number | null } | undefined)?.rowCount ?? null;
  };
  const last = args.at(-1);
  if (typeof last === "function") {
    const callback = (error: unknown, result: unknown): void => {
      done(result);
      (last as Query)(error, result);
    };
    return query([...args.slice(0, -1), callback]);
  }
  return (async () => {
    const result = await query(args);
    done(result);
    return result;
  })();
}
