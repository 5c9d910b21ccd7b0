import "reflect-metadata";
import { type ExecutionResult, execute, type GraphQLSchema, parse } from "graphql";
import { type CompiledQuery, compileQuery, isCompiledQuery } from "graphql-jit";
import { pino } from "pino";
import { readConfig } from "../../../src/config";
import { Context } from "../../../src/context";
import { openDatabase } from "../../../src/database";
import { Hub } from "../../../src/hub";
import { makeSchema } from "../../../src/schema";
import type { MaybeViewer } from "../../../src/sharing/parties";
import { createTestDatabase, type TestDatabase } from "../../support/database";
import type { World } from "../generated-world";
import { clear, insertKeys, insertWorlds } from "../insert-worlds";
import { releaseByActs } from "./release-by-acts";

/** Of so many worlds the items of one are released by the hub's own acts; of the others by plain SQL, for that is faster. */
const ONE_IN = 10;

/** WHY few: each plans every statement anew, for each lot of worlds. */
const CONNECTIONS = 8;

export type Answer = ExecutionResult<Record<string, unknown>>;

/** The real hub, schema and database, holding some worlds and nothing else. */
export class HubOfWorlds {
  /** What the hub denied because deciding failed. */
  denied: string[] = [];
  private readonly documents = new Map<string, CompiledQuery>();

  private constructor(
    private readonly database: TestDatabase,
    readonly hub: Hub,
    private readonly schema: GraphQLSchema,
    logged: (line: (text: string) => void) => void,
  ) {
    logged((text) => this.denied.push(text));
  }

  static async open(): Promise<HubOfWorlds> {
    const database = await createTestDatabase();
    const dataSource = await openDatabase(database.url, CONNECTIONS);
    let write: (line: string) => void = () => undefined;
    const logger = pino({ level: "error" }, { write: (line: string) => write(line) });
    const config = readConfig({ PORT: "0", HUB_DEMO: "0" });
    const hub = new Hub(config, dataSource, database.url, logger, { now: () => 0 });
    await hub.open();
    return new HubOfWorlds(database, hub, await makeSchema(), (to) => (write = to));
  }

  async close(): Promise<void> {
    await this.hub.close();
    await this.hub.dataSource.destroy();
    await this.database.drop();
  }

  /** Forgets what it held, and holds these worlds. */
  async hold(worlds: readonly World[]): Promise<void> {
    const { pool, directory, ledger, dataSource } = this.hub;
    await ledger.flush();
    const byActs = worlds.filter((_, n) => n % ONE_IN === 0);
    // In one go: the reader of the log refreshes the directory as well, and must not see a part of it.
    const connection = await pool.connect();
    try {
      await connection.query("BEGIN");
      await connection.query("TRUNCATE log, audit, chain");
      await clear(connection);
      const others = worlds.filter((w) => !byActs.includes(w));
      await insertWorlds(connection, worlds, others);
      await insertKeys(connection, worlds);
      await connection.query("COMMIT");
    } finally {
      connection.release();
    }
    directory.clear();
    await Promise.all(byActs.map((world) => releaseByActs(dataSource, world)));
    await directory.refresh();
  }

  /** The hub at an instant that it is told: all else is the same. */
  at(now: number): Hub {
    return Object.create(this.hub, { now: { value: () => now } }) as Hub;
  }

  /**
   * Answers a query as somebody at an instant.
   * @param compiled whether as one that came again
   */
  async ask(
    [viewer, now]: readonly [MaybeViewer, number],
    text: string,
    variables: Record<string, unknown>,
    compiled: boolean,
  ): Promise<Answer> {
    const session = viewer && { keyId: viewer.accountId };
    const contextValue = new Context(this.at(now), session, "query");
    if (compiled) return this.compiled(text).query({}, contextValue, variables);
    const document = parse(text);
    return execute({ schema: this.schema, document, contextValue, variableValues: variables });
  }

  private compiled(text: string): CompiledQuery {
    let known = this.documents.get(text);
    if (known) return known;
    const result = compileQuery(this.schema, parse(text));
    if (!isCompiledQuery(result)) throw new Error(`cannot be compiled: ${text}`);
    this.documents.set(text, (known = result));
    return known;
  }
}
