import {
  type ASTVisitor,
  BREAK,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  getNamedType,
  getNullableType,
  type GraphQLError,
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLSchema,
  isCompositeType,
  isInterfaceType,
  isListType,
  isObjectType,
  Kind,
  type NamedTypeNode,
  type SelectionSetNode,
  type ValidationContext,
  type ValueNode,
  visit,
} from "graphql";
import { HubError } from "./errors";

/** What one document may ask for. Introspection as clients send it stays below all of them. */
export const MAX_DEPTH = 15;
export const MAX_FIELDS = 2_000;
export const MAX_TOKENS = 10_000;
/** Objects that a document may produce at the most, by its page sizes. */
export const MAX_OBJECTS = 50_000;

/** Refuses documents that are too deep, too wide or too costly, before anything is read: QUERY_TOO_COMPLEX. */
export function limitComplexity(context: ValidationContext): ASTVisitor {
  return {
    Document(document: DocumentNode) {
      const error = exceeded(document, context.getSchema());
      if (error) context.reportError(error);
      return false;
    },
  };
}

function exceeded(document: DocumentNode, schema: GraphQLSchema): GraphQLError | null {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION)
      fragments.set(definition.name.value, definition);
  }
  let fields = 0;
  let objects = 0;
  const walk = (
    set: SelectionSetNode,
    type: GraphQLNamedType | null,
    depth: number,
    times: number,
    within: ReadonlySet<string>,
  ): string | null => {
    if (depth > MAX_DEPTH) return `The query is nested more than ${MAX_DEPTH} levels deep.`;
    for (const selection of set.selections) {
      let error: string | null = null;
      // Spreads count as well: fragments that spread one another twice would else double the work at each step.
      if (++fields > MAX_FIELDS) return `The query asks for more than ${MAX_FIELDS} fields.`;
      if (selection.kind === Kind.FIELD) {
        if (selection.name.value.startsWith("__")) continue;
        const field = fieldOf(type, selection.name.value);
        const page = times * sizeOf(selection, type, field);
        if (selection.selectionSet) {
          objects += page;
          if (objects > MAX_OBJECTS)
            return `The query could produce more than ${MAX_OBJECTS} objects; ask for smaller pages.`;
          error = walk(
            selection.selectionSet,
            field && getNamedType(field.type),
            depth + 1,
            page,
            within,
          );
        }
      } else if (selection.kind === Kind.INLINE_FRAGMENT)
        error = walk(
          selection.selectionSet,
          conditionOf(selection.typeCondition, type),
          depth,
          times,
          within,
        );
      else {
        const name = selection.name.value;
        const fragment = fragments.get(name);
        // A cycle is refused by the standard rules; here it only must not be followed.
        if (fragment && !within.has(name))
          error = walk(
            fragment.selectionSet,
            conditionOf(fragment.typeCondition, type),
            depth,
            times,
            new Set([...within, name]),
          );
      }
      if (error) return error;
    }
    return null;
  };
  const conditionOf = (
    node: NamedTypeNode | undefined,
    otherwise: GraphQLNamedType | null,
  ): GraphQLNamedType | null => (node ? (schema.getType(node.name.value) ?? null) : otherwise);
  for (const definition of document.definitions) {
    if (definition.kind !== Kind.OPERATION_DEFINITION) continue;
    const root = schema.getRootType(definition.operation) ?? null;
    const message = walk(definition.selectionSet, root, 1, 1, new Set());
    if (message) return new HubError("QUERY_TOO_COMPLEX", message);
  }
  return null;
}

/** What a list without a page size is taken for. */
const LIST = 10;

const fieldOf = (
  type: GraphQLNamedType | null,
  name: string,
): GraphQLField<unknown, unknown> | null =>
  isObjectType(type) || isInterfaceType(type) ? (type.getFields()[name] ?? null) : null;

/** How many objects a field may bring for each of its parents: its page size, the values asked for, or a guess. */
function sizeOf(
  selection: FieldNode,
  parent: GraphQLNamedType | null,
  field: GraphQLField<unknown, unknown> | null,
): number {
  const argument = (name: string): ValueNode | undefined =>
    selection.arguments?.find((a) => a.name.value === name)?.value;
  const first = field?.args.find((a) => a.name === "first");
  if (first) {
    const given = argument("first");
    if (!given) return Number(first.defaultValue ?? LIST);
    return given.kind === Kind.INT ? Math.max(1, Number(given.value)) : 100;
  }
  const values = argument("values");
  if (values) return values.kind === Kind.LIST ? values.values.length : 100;
  const list =
    field && isListType(getNullableType(field.type)) && isCompositeType(getNamedType(field.type));
  // The page of a connection was counted with the connection.
  return list && !parent?.name.endsWith("Connection") ? LIST : 1;
}

/** Whether a document asks for the schema anywhere, in fragments too. */
export function introspects(document: DocumentNode): boolean {
  let found = false;
  visit(document, {
    Field: ({ name }) => {
      if (name.value !== "__schema" && name.value !== "__type") return undefined;
      found = true;
      return BREAK;
    },
  });
  return found;
}
