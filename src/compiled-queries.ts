import { type ApolloServerPlugin, HeaderMap } from "@apollo/server";
import { type DocumentNode, type GraphQLSchema, OperationTypeNode } from "graphql";
import { type CompiledQuery, compileQuery, isCompiledQuery } from "graphql-jit";
import type { Logger } from "pino";
import type { Context } from "./context";
import { formatError } from "./format-error";

type Data = Record<string, unknown>;
type Compiled = CompiledQuery<Data, Data>;

/** What is known of one document: how often it came, and what it compiled to, by the operation's name. */
interface Known {
  times: number;
  compiled: Map<string, Compiled | null>;
}

/** Compiling costs more than executing once; it pays for documents that come again. */
const COMPILE_AT = 3;

/**
 * Executes queries that come again as compiled functions: for large pages, execution field by field is the cost.
 * The resolvers are the same, and so is what they refuse. A document is kept as long as the server keeps it parsed.
 */
export function compiledQueries(
  schema: GraphQLSchema,
  logger: Logger,
): ApolloServerPlugin<Context> {
  const known = new WeakMap<DocumentNode, Known>();
  const compiledOf = (document: DocumentNode, name: string | null): Compiled | null => {
    let entry = known.get(document);
    if (!entry) known.set(document, (entry = { times: 0, compiled: new Map() }));
    if (++entry.times < COMPILE_AT) return null;
    const key = name ?? "";
    let compiled = entry.compiled.get(key);
    if (compiled === undefined) {
      const result = compileQuery<Data, Data>(schema, document, name ?? undefined);
      compiled = isCompiledQuery(result) ? result : null;
      entry.compiled.set(key, compiled);
    }
    return compiled;
  };
  return {
    requestDidStart: async () => ({
      responseForOperation: async ({
        document,
        operation,
        operationName,
        request,
        contextValue,
      }) => {
        if (operation?.operation !== OperationTypeNode.QUERY) return null;
        const compiled = compiledOf(document, operationName);
        if (!compiled) return null;
        const { data, errors } = await compiled.query({}, contextValue, request.variables ?? {});
        // Variables that do not fit are left to the ordinary executor, which says so in its own words.
        if (data === undefined) return null;
        const singleResult = {
          data,
          ...(errors?.length && { errors: errors.map((e) => formatError(logger, e.toJSON(), e)) }),
        };
        return {
          http: { status: 200, headers: new HeaderMap() },
          body: { kind: "single", singleResult },
        };
      },
    }),
  };
}
