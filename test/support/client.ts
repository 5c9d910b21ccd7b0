import { readFileSync } from "node:fs";
import { join } from "node:path";
import { buildSchema, isCompositeType, getNamedType, type GraphQLSchema } from "graphql";

let schema: GraphQLSchema | null = null;
/** The schema as it is committed: it knows the types of the arguments, so that tests need not say them. */
const committed = (): GraphQLSchema =>
  (schema ??= buildSchema(readFileSync(join(__dirname, "../../schema.graphql"), "utf8")));

export interface Issue {
  path: string;
  message: string;
}

export interface ResponseError {
  message: string;
  path?: (string | number)[];
  extensions: { code: string; issues?: Issue[] } & Record<string, unknown>;
}

export interface Answer<T = Record<string, unknown>> {
  status: number;
  data: T | null | undefined;
  errors: ResponseError[] | undefined;
}

/** Why something was refused: the code, and what is wrong by the path of the input. */
export interface Refusal {
  code: string;
  message: string;
  issues: Record<string, string>;
}

export type Arguments = Record<string, unknown>;

/** A GraphQL client with one API key, or with none. */
export class Client {
  constructor(
    readonly url: string,
    readonly key: string | null,
  ) {}

  /** Sends a document as it is. */
  async query<T = Record<string, unknown>>(
    query: string,
    variables: Arguments = {},
  ): Promise<Answer<T>> {
    const response = await fetch(`${this.url}/graphql`, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        ...(this.key !== null && { authorization: `Bearer ${this.key}` }),
      },
      body: JSON.stringify({ query, variables }),
    });
    const body = (await response.json()) as Omit<Answer<T>, "status">;
    return { status: response.status, data: body.data, errors: body.errors };
  }

  /** Asks one query field and returns its value. Throws on any error. */
  ask<T = unknown>(field: string, args: Arguments = {}, selection = "id"): Promise<T> {
    return this.value("query", field, args, selection);
  }

  /** Does one mutation and returns its value. Throws on any error. */
  do<T = { id: string }>(field: string, args: Arguments = {}, selection = "id"): Promise<T> {
    return this.value("mutation", field, args, selection);
  }

  /** Does one mutation, or asks one query, that must be refused. Throws where it is not. */
  async refused(field: string, args: Arguments = {}, selection?: string): Promise<Refusal> {
    const operation = committed().getMutationType()?.getFields()[field] ? "mutation" : "query";
    const { errors, data } = await this.query(
      documentOf(operation, field, args, selection ?? "__typename"),
      args,
    );
    const [error] = errors ?? [];
    if (!error) throw new Error(`${field} was not refused: ${JSON.stringify(data)}`);
    if (data?.[field]) throw new Error(`${field} answered beside its error`);
    return {
      code: error.extensions.code,
      message: error.message,
      issues: Object.fromEntries(
        (error.extensions.issues ?? []).map((i): [string, string] => [i.path, i.message]),
      ),
    };
  }

  /** The code alone with which something is refused. */
  async code(field: string, args: Arguments = {}, selection?: string): Promise<string> {
    return (await this.refused(field, args, selection)).code;
  }

  private async value<T>(
    operation: Operation,
    field: string,
    args: Arguments,
    selection: string,
  ): Promise<T> {
    const { data, errors } = await this.query<Record<string, T>>(
      documentOf(operation, field, args, selection),
      args,
    );
    if (errors) throw new Error(`${field} was refused: ${JSON.stringify(errors)}`);
    return data?.[field] as T;
  }
}

export type Operation = "query" | "mutation" | "subscription";

/** A document that asks one root field; the types of its arguments are taken from the schema. */
export function documentOf(
  operation: Operation,
  field: string,
  args: Arguments,
  selection: string,
): string {
  const types = committed();
  const root = {
    query: types.getQueryType(),
    mutation: types.getMutationType(),
    subscription: types.getSubscriptionType(),
  }[operation];
  const definition = root?.getFields()[field];
  if (!definition) throw new Error(`the schema has no ${operation} ${field}`);
  const names = Object.keys(args);
  const variables = names.map((name) => {
    const arg = definition.args.find((a) => a.name === name);
    if (!arg) throw new Error(`${field} has no argument ${name}`);
    // An argument with a default takes a null as well; so does its variable.
    return `$${name}: ${arg.type.toString()}`;
  });
  const passed = names.map((name) => `${name}: $${name}`);
  const selects = isCompositeType(getNamedType(definition.type)) ? `{ ${selection} }` : "";
  return `${operation}${variables.length ? `(${variables.join(", ")})` : ""} { ${field}${
    passed.length ? `(${passed.join(", ")})` : ""
  } ${selects} }`;
}
