import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  writeSync,
} from "node:fs";
import { CliError } from "./client";

/** A file that holds a cursor and nothing else: where to go on, however the last run ended. */
export class CursorFile {
  constructor(private readonly path: string) {}

  /** null: there is no such file yet. Throws CliError for one that cannot be read, or is empty. */
  read(): string | null {
    return this.trying("read", () => {
      if (!existsSync(this.path)) return null;
      const cursor = readFileSync(this.path, "utf8").trim();
      if (/^\S+$/.test(cursor)) return cursor;
      throw new CliError(2, `${this.path} holds no cursor; delete it to begin anew.`);
    });
  }

  /** Old or new, never half: written beside it, then renamed. Throws CliError where that cannot be done. */
  write(cursor: string): void {
    this.trying("written", () => {
      const beside = `${this.path}.tmp`;
      const file = openSync(beside, "w", 0o600);
      try {
        writeSync(file, `${cursor}\n`);
        fsyncSync(file);
      } finally {
        closeSync(file);
      }
      renameSync(beside, this.path);
    });
  }

  private trying<T>(what: string, work: () => T): T {
    try {
      return work();
    } catch (error) {
      if (error instanceof CliError) throw error;
      const code = (error as NodeJS.ErrnoException).code ?? String(error);
      throw new CliError(2, `--cursor-file ${this.path} cannot be ${what} (${code}).`);
    }
  }
}
