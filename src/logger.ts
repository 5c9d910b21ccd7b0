import { type Logger, pino } from "pino";

/**
 * JSON lines on stdout. WHY an own view of errors: what a database driver throws carries the statement's parameters, and
 * so the content of items, and its messages quote values.
 */
export const makeLogger = (level: string): Logger =>
  pino({ level, serializers: { err: shownError } });

function shownError(error: unknown): object {
  if (!(error instanceof Error)) return { type: typeof error };
  const { name, code } = error as Error & { code?: unknown };
  const database = error as { driverError?: { code?: string; routine?: string }; routine?: string };
  const sqlState =
    database.driverError?.code ?? (database.routine === undefined ? undefined : code);
  const frames = error.stack?.split("\n").filter((line) => /^\s+at /.test(line));
  if (sqlState !== undefined) return { type: name, sqlState, stack: frames };
  return { type: name, message: error.message, code, stack: frames };
}
