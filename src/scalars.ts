import { GraphQLError, GraphQLScalarType, Kind, valueFromASTUntyped } from "graphql";
import { durationMs } from "./sharing/duration";

const RFC_3339 = /^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})$/;

function parseInstant(value: unknown): Date {
  const date = typeof value === "string" ? readInstant(value) : null;
  if (!date) {
    throw new GraphQLError(
      "DateTime must be an RFC 3339 instant of the years 1 to 9999, such as 2026-04-01T09:00:00Z",
    );
  }
  return date;
}

const FIRST = Date.parse("0001-01-01T00:00:00Z");
const LAST = Date.parse("9999-12-31T23:59:59.999Z");

/** null for what is no instant, or a day that no calendar has. */
export function readInstant(text: string): Date | null {
  const date = RFC_3339.test(text) ? new Date(text) : null;
  if (!date || !(date.getTime() >= FIRST && date.getTime() <= LAST)) return null;
  // WHY: 30 February would be read as 2 March.
  const day = new Date(`${text.slice(0, 10)}T00:00:00Z`);
  return day.toISOString().startsWith(text.slice(0, 10)) ? date : null;
}

/** RFC 3339, UTC, milliseconds. */
export const DateTime = new GraphQLScalarType<Date, string>({
  name: "DateTime",
  description: "An instant: RFC 3339, UTC, milliseconds.",
  serialize: (value) => (value instanceof Date ? value.toISOString() : (value as string)),
  parseValue: parseInstant,
  parseLiteral: (node) => parseInstant(node.kind === Kind.STRING ? node.value : null),
});

function parseDuration(value: unknown): string {
  if (typeof value === "string" && durationMs(value) !== null) return value;
  throw new GraphQLError(
    "Duration must be an ISO 8601 duration of whole units, such as P30D or PT12H",
  );
}

/** ISO 8601. */
export const Duration = new GraphQLScalarType<string, string>({
  name: "Duration",
  description: "A length of time: ISO 8601, whole units, such as P30D.",
  serialize: (value) => value as string,
  parseValue: parseDuration,
  parseLiteral: (node) => parseDuration(node.kind === Kind.STRING ? node.value : null),
});

export const Json = new GraphQLScalarType({
  name: "JSON",
  description: "Any JSON value.",
  serialize: (value) => value,
  parseValue: (value) => value,
  parseLiteral: (node, variables) => valueFromASTUntyped(node, variables),
});
