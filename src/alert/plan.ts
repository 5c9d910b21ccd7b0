import {
  type DocumentNode,
  execute,
  type ExecutionResult,
  type GraphQLSchema,
  Kind,
  visit,
} from "graphql";
import { type CompiledQuery, compileQuery, isCompiledQuery } from "graphql-jit";
import type { Context } from "../context";
import { HubError } from "../errors";
import { formatError } from "../format-error";
import type { Operation } from "../operations";
import type { Alert, AlertFilter } from "./alert.type";
import { sameForAll } from "./same-for-all";

/** What a client asked to be sent of each alert. */
export type Question = Pick<Operation, "query" | "document" | "operationName" | "variableValues">;

/** One question, for however many subscribers ask it: with the same filter and variables, whatever their `after`. */
export class Plan {
  /** How many subscribers have it. */
  users = 0;
  /** Whether its answer depends on nothing of the viewer but what it is shown of the item. */
  readonly shared: boolean;

  constructor(
    readonly key: string,
    private readonly schema: GraphQLSchema,
    private readonly question: Question,
    readonly filter: AlertFilter | null,
  ) {
    this.shared = sameForAll(schema, question.document);
  }

  /** One alert as the client asked for it: the JSON of an execution result. */
  async answer(ctx: Context, alert: Alert, again = true): Promise<string> {
    const { data, errors } = await this.execute(ctx, alert);
    if (!errors?.length) return JSON.stringify({ data });
    const internal = errors.some((e) => !(e.originalError instanceof HubError));
    // The database may have gone away meanwhile. An alert that failed for that is late, not lost.
    if (internal && ((await ctx.hub.whenReached()) || again))
      return this.answer(ctx.again(), alert, false);
    const { logger } = ctx.hub;
    return JSON.stringify({
      data: data ?? null,
      errors: errors.map((e) => formatError(logger, e.toJSON(), e)),
    });
  }

  private async execute(ctx: Context, alert: Alert): Promise<ExecutionResult> {
    const { document, operationName, variableValues } = this.question;
    const compiled = compiledOf(this.schema, document, operationName);
    if (compiled) return compiled.query(alert, ctx, { ...variableValues });
    return execute({
      schema: this.schema,
      document,
      operationName,
      variableValues,
      rootValue: alert,
      contextValue: ctx,
    });
  }
}

/** By document and operation, from the first alert on: plans that differ in variables alone share it. */
const known = new WeakMap<DocumentNode, Map<string | null, CompiledQuery | null>>();

function compiledOf(
  schema: GraphQLSchema,
  document: DocumentNode,
  operationName: string | null,
): CompiledQuery | null {
  let byName = known.get(document);
  if (!byName) known.set(document, (byName = new Map<string | null, CompiledQuery | null>()));
  let compiled = byName.get(operationName);
  if (compiled === undefined) {
    const result = compileQuery(schema, document, operationName ?? undefined);
    compiled = isCompiledQuery(result) ? result : null;
    byName.set(operationName, compiled);
  }
  return compiled;
}

/** The plans in use, each once. */
export class Plans {
  private readonly plans = new Map<string, Plan>();

  constructor(private readonly schema: GraphQLSchema) {}

  /** The plan of a question; to be given back with `release`. */
  take(question: Question, filter: AlertFilter | null): Plan {
    const { query, document, operationName, variableValues } = question;
    const asked = withoutAfter(document, variableValues);
    const key = JSON.stringify([query, operationName, asked, filter]);
    let plan = this.plans.get(key);
    // WHY a part of it: an operation holds its viewer, and a plan outlives the first who asked.
    const asks = { query, document, operationName, variableValues };
    if (!plan) this.plans.set(key, (plan = new Plan(key, this.schema, asks, filter)));
    plan.users++;
    return plan;
  }

  release(plan: Plan): void {
    if (--plan.users === 0) this.plans.delete(plan.key);
  }
}

/** The variables, but for the one that says from where on, where that is all it says. */
function withoutAfter(
  document: DocumentNode,
  variables: Readonly<Record<string, unknown>>,
): object {
  let name: string | null = null;
  const uses = new Map<string, number>();
  visit(document, {
    VariableDefinition: () => false,
    Variable: ({ name: { value } }) => void uses.set(value, (uses.get(value) ?? 0) + 1),
    OperationDefinition: ({ selectionSet }) => {
      for (const field of selectionSet.selections) {
        if (field.kind !== Kind.FIELD) continue;
        const value = field.arguments?.find((a) => a.name.value === "after")?.value;
        if (value?.kind === Kind.VARIABLE) name = value.name.value;
      }
    },
  });
  if (name === null || uses.get(name) !== 1) return variables;
  const { [name]: _after, ...rest } = variables;
  return rest;
}
