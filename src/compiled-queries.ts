import { type ApolloServerPlugin, HeaderMap } from "@apollo/server";
import {
  type DocumentNode,
  type GraphQLFormattedError,
  type GraphQLSchema,
  OperationTypeNode,
} from "graphql";
import { type CompiledQuery, compileQuery, isCompiledQuery } from "graphql-jit";
import type { Logger } from "pino";
import type { Context } from "./context";
import { formatError } from "./format-error";
import { introspects } from "./limits";

type Data = Record<string, unknown>;
type Compiled = CompiledQuery<Data, Data>;

/** What a client sent, as far as it is GraphQL over HTTP. */
export interface GraphqlRequest {
  query?: unknown;
  operationName?: unknown;
  variables?: unknown;
}

export interface Answer {
  errors?: readonly GraphQLFormattedError[];
  data: Data | null;
}

/** What is known of one document: how often it came, and what it compiled to, by the operation's name. */
interface Known {
  times: number;
  compiled: Map<string, Compiled | null>;
}

/** Compiling costs more than executing once; it pays for documents that come again. */
const COMPILE_AT = 3;
const MOST_TEXTS = 500;
const LONGEST_TEXT = 20_000;

/**
 * Executes queries that come again as compiled functions: for large pages, execution field by field is the cost, and for
 * small ones what goes before it. The resolvers are the same, and so is what they refuse.
 */
export class CompiledQueries {
  private readonly byDocument = new WeakMap<DocumentNode, Known>();
  /** By operation name and text; what was parsed and validated once need not be again. */
  private readonly byText = new Map<string, Compiled>();

  constructor(
    private readonly schema: GraphQLSchema,
    private readonly logger: Logger,
  ) {}

  /** Answers a query whose text has been compiled; null for all else, and where its variables do not fit. */
  async answer(request: GraphqlRequest, context: Context): Promise<Answer | null> {
    const { query, variables } = request;
    const key = keyOf(query, request.operationName);
    const compiled = key === null ? undefined : this.byText.get(key);
    if (!compiled || !isVariables(variables)) return null;
    return this.run(compiled, variables ?? {}, context);
  }

  /** Compiles what comes again, and executes it. */
  readonly plugin: ApolloServerPlugin<Context> = {
    requestDidStart: async () => ({
      responseForOperation: async ({
        document,
        operation,
        operationName,
        request,
        contextValue,
      }) => {
        if (operation?.operation !== OperationTypeNode.QUERY) return null;
        const compiled = this.compiledOf(document, operationName);
        if (!compiled) return null;
        // Introspection is not for everybody, so who asks for it is looked at each time.
        const key = introspects(document) ? null : keyOf(request.query, request.operationName);
        if (key !== null) this.remember(key, compiled);
        const singleResult = await this.run(compiled, request.variables ?? {}, contextValue);
        return (
          singleResult && {
            http: { status: 200, headers: new HeaderMap() },
            body: { kind: "single", singleResult },
          }
        );
      },
    }),
  };

  private async run(
    compiled: Compiled,
    variables: Record<string, unknown>,
    context: Context,
  ): Promise<Answer | null> {
    const { data, errors } = await compiled.query({}, context, variables);
    // Variables that do not fit are left to the ordinary executor, which says so in its own words.
    if (data === undefined) return null;
    if (!errors?.length) return { data };
    return { errors: errors.map((e) => formatError(this.logger, e.toJSON(), e)), data };
  }

  private compiledOf(document: DocumentNode, name: string | null): Compiled | null {
    let entry = this.byDocument.get(document);
    if (!entry) this.byDocument.set(document, (entry = { times: 0, compiled: new Map() }));
    if (++entry.times < COMPILE_AT) return null;
    const key = name ?? "";
    let compiled = entry.compiled.get(key);
    if (compiled === undefined) {
      const result = compileQuery<Data, Data>(this.schema, document, name ?? undefined);
      compiled = isCompiledQuery(result) ? result : null;
      entry.compiled.set(key, compiled);
    }
    return compiled;
  }

  private remember(key: string, compiled: Compiled): void {
    if (key.length > LONGEST_TEXT || this.byText.has(key)) return;
    if (this.byText.size >= MOST_TEXTS) {
      const [oldest] = this.byText.keys();
      this.byText.delete(oldest ?? "");
    }
    this.byText.set(key, compiled);
  }
}

/** null: no request for one operation by its text. */
const keyOf = (query: unknown, name: unknown): string | null =>
  typeof query === "string" && (name === undefined || name === null || typeof name === "string")
    ? `${name ?? ""}\n${query}`
    : null;

const isVariables = (variables: unknown): variables is Record<string, unknown> | null | undefined =>
  variables === undefined ||
  variables === null ||
  (typeof variables === "object" && !Array.isArray(variables));
