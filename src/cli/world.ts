/** What the CLI touches of the world. */
export interface World {
  env: Readonly<Record<string, string | undefined>>;
  out: (line: string) => void;
  /** Resolves once all that was printed has left the process; absent: it has at once. */
  flush?: () => Promise<void>;
  err: (line: string) => void;
  readInput: () => string;
  /** Ends what goes on without end. */
  signal: AbortSignal;
}
