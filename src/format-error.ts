import { randomUUID } from "node:crypto";
import { GraphQLError, type GraphQLFormattedError } from "graphql";
import type { Logger } from "pino";
import { HubError } from "./errors";

const CODES = new Set([
  "UNAUTHENTICATED",
  "FORBIDDEN",
  "NOT_FOUND",
  "BAD_USER_INPUT",
  "CONFLICT",
  "RATE_LIMITED",
  "QUERY_TOO_COMPLEX",
]);
const CLIENT_FAULTS = new Set([
  "GRAPHQL_PARSE_FAILED",
  "GRAPHQL_VALIDATION_FAILED",
  "OPERATION_RESOLUTION_FAILURE",
  "BAD_REQUEST",
  "PERSISTED_QUERY_NOT_FOUND",
  "PERSISTED_QUERY_NOT_SUPPORTED",
]);

/** What the parser says of a document past its bounds. */
const TOO_LARGE = /^Syntax Error: Document contains more than|Maximum call stack size exceeded/;

/**
 * What a client is told of an error. A HubError keeps its code; what is wrong with the document or its variables is
 * BAD_USER_INPUT; everything else becomes INTERNAL with an id that stands in the log, and nothing more.
 */
export function formatError(
  logger: Logger,
  formatted: GraphQLFormattedError,
  error: unknown,
): GraphQLFormattedError {
  const original =
    error instanceof GraphQLError && error.originalError ? error.originalError : error;
  if (TOO_LARGE.test(formatted.message) && !(original instanceof HubError)) {
    return {
      message: "The query is too large to read.",
      extensions: { code: "QUERY_TOO_COMPLEX" },
    };
  }
  const code = formatted.extensions?.code;
  const path = formatted.path && { path: formatted.path };
  if (original instanceof HubError) {
    const { issues, details } = original;
    return {
      message: original.message,
      ...path,
      extensions: { code: original.code, ...(issues && { issues }), ...details },
    };
  }
  if (typeof code === "string" && CODES.has(code)) {
    return {
      message: formatted.message,
      ...path,
      extensions: { code, issues: issuesOf(formatted) },
    };
  }
  const clients = typeof code === "string" ? CLIENT_FAULTS.has(code) : isDocumentError(error);
  if (clients) {
    const locations = formatted.locations && { locations: formatted.locations };
    return {
      message: formatted.message,
      ...locations,
      ...path,
      extensions: { code: "BAD_USER_INPUT", issues: issuesOf(formatted) },
    };
  }
  const id = randomUUID();
  logger.error({ err: original, errorId: id }, "a request failed");
  return {
    message: `Internal error ${id}.`,
    ...path,
    extensions: { code: "INTERNAL", errorId: id },
  };
}

/** An error of parsing, validating or reading variables: it comes before any field, and no code of ours threw it. */
const isDocumentError = (error: unknown): boolean =>
  error instanceof GraphQLError &&
  error.path === undefined &&
  (error.nodes !== undefined || error.source !== undefined) &&
  (error.originalError === undefined || error.originalError instanceof GraphQLError);

const issuesOf = (formatted: GraphQLFormattedError): { path: string; message: string }[] => [
  {
    path: /^Variable "\$([^"]+)"/.exec(formatted.message)?.[1] ?? "query",
    message: formatted.message,
  },
];
