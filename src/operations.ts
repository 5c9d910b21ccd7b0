import {
  type DocumentNode,
  type ExecutionArgs,
  GraphQLError,
  type GraphQLSchema,
  parse,
  specifiedRules,
  validate,
} from "graphql";
import type { Session } from "./auth/viewer";
import { Context } from "./context";
import { HubError } from "./errors";
import { formatError } from "./format-error";
import type { Hub } from "./hub";
import { introspects, limitComplexity, MAX_TOKENS } from "./limits";

/** One GraphQL operation as a stream's client sends it. */
export interface OperationRequest {
  query: string;
  operationName?: string | null | undefined;
  variables?: Record<string, unknown> | null | undefined;
}

/** An operation that may be executed. */
export interface Operation extends ExecutionArgs {
  contextValue: Context;
  /** The document's text. */
  query: string;
  operationName: string | null;
  variableValues: Readonly<Record<string, unknown>>;
}

interface Read {
  document: DocumentNode;
  errors: readonly GraphQLError[];
}

const MOST_TEXTS = 500;
const LONGEST_TEXT = 20_000;

/** Reads the operations of clients that hold a connection: many ask the same, and it is parsed and validated once. */
export class Operations {
  private readonly texts = new Map<string, Read>();
  /** What is fit for clients already. */
  private readonly known = new WeakSet<GraphQLError>();

  constructor(
    private readonly hub: Hub,
    readonly schema: GraphQLSchema,
  ) {}

  /** Throws GraphQLError, or gives the errors of a document that is not valid. */
  prepare(
    { query, operationName, variables }: OperationRequest,
    session: Session | null,
    address: string | null,
  ): Operation | readonly GraphQLError[] {
    let read: Read;
    try {
      read = this.read(query);
    } catch (error) {
      return [this.told(error)];
    }
    if (!session && introspects(read.document))
      return [this.told(new HubError("UNAUTHENTICATED", "Introspection needs an API key."))];
    if (read.errors.length) return read.errors.map((error) => this.told(error));
    return {
      schema: this.schema,
      document: read.document,
      query,
      operationName: operationName ?? null,
      variableValues: variables ?? {},
      contextValue: new Context(this.hub, session, "subscription", address),
    };
  }

  /** An error as its client gets it: its code, and nothing internal. */
  told(error: unknown): GraphQLError {
    if (error instanceof GraphQLError && this.known.has(error)) return error;
    const graphql = error instanceof GraphQLError ? error : new GraphQLError("Internal error.");
    const { message, extensions } = formatError(this.hub.logger, graphql.toJSON(), error);
    const told = new GraphQLError(message, {
      extensions: extensions ?? {},
      path: graphql.path ?? null,
    });
    this.known.add(told);
    return told;
  }

  /** Throws GraphQLError for what is no GraphQL. */
  private read(query: string): Read {
    const known = this.texts.get(query);
    if (known) return known;
    const document = parse(query, { maxTokens: MAX_TOKENS });
    const rules = [...specifiedRules, limitComplexity];
    const read = { document, errors: validate(this.schema, document, rules) };
    if (query.length > LONGEST_TEXT) return read;
    if (this.texts.size >= MOST_TEXTS) {
      const [oldest] = this.texts.keys();
      this.texts.delete(oldest ?? "");
    }
    this.texts.set(query, read);
    return read;
  }
}
