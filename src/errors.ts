import { GraphQLError } from "graphql";

export type ErrorCode =
  | "UNAUTHENTICATED"
  | "FORBIDDEN"
  | "NOT_FOUND"
  | "BAD_USER_INPUT"
  | "CONFLICT"
  | "RATE_LIMITED"
  | "QUERY_TOO_COMPLEX"
  | "INTERNAL";

/** HTTP statuses of refused requests; 400 for the rest. */
export const STATUS: Partial<Record<ErrorCode, number>> = {
  UNAUTHENTICATED: 401,
  QUERY_TOO_COMPLEX: 413,
  RATE_LIMITED: 429,
};

/** One thing that is wrong with an input: where (`input.terms.tlpCeiling`) and what, with the limit. */
export interface Issue {
  path: string;
  message: string;
}

/**
 * The only error that a client is meant to read. Its message never contains a value that the viewer may not see;
 * everything else that is thrown becomes INTERNAL with an id that stands in the log.
 */
export class HubError extends GraphQLError {
  constructor(
    readonly code: ErrorCode,
    message: string,
    readonly issues?: Issue[],
    /** What a program needs to go on, besides code and issues. */
    readonly details?: Readonly<Record<string, string>>,
  ) {
    super(message, { extensions: { code, ...(issues && { issues }), ...details } });
    this.name = "HubError";
  }
}

/** Hidden and missing are one and the same: this is what a mutation answers to both. */
export const notFound = (what: string): HubError => new HubError("NOT_FOUND", `No such ${what}.`);
export const forbidden = (message: string): HubError => new HubError("FORBIDDEN", message);
export const conflict = (message: string): HubError => new HubError("CONFLICT", message);

export const badInput = (path: string, message: string): HubError => badInputs([{ path, message }]);

export const badInputs = (issues: Issue[]): HubError =>
  new HubError("BAD_USER_INPUT", issues.map((i) => `${i.path}: ${i.message}`).join("; "), issues);

/** Collects what is wrong with an input, so that the answer names all of it at once. */
export class Problems {
  readonly issues: Issue[] = [];

  add(path: string, message: string): void {
    this.issues.push({ path, message });
  }

  /** Throws BAD_USER_INPUT if anything was collected. */
  throwIfAny(): void {
    if (this.issues.length) throw badInputs(this.issues);
  }
}
