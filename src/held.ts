import type { ExecutionResult } from "graphql";

/**
 * What stands for a subscription while its alerts are written straight to its socket: it yields nothing but an error at
 * the end, if there is one. The client ends it with `return`.
 */
export class Held implements AsyncGenerator<ExecutionResult, undefined> {
  private resolve: ((result: IteratorResult<ExecutionResult, undefined>) => void) | null = null;
  private last: ExecutionResult | null = null;
  /** Whether it has ended. */
  over = false;

  constructor(private readonly left: () => void) {}

  /** Ends it, with a last answer to the client. */
  end(last: ExecutionResult | null): void {
    if (this.over) return;
    this.over = true;
    this.last = last;
    this.left();
    this.resolve?.(this.taken());
  }

  next(): Promise<IteratorResult<ExecutionResult, undefined>> {
    if (this.over) return Promise.resolve(this.taken());
    return new Promise((resolve) => (this.resolve = resolve));
  }

  return(): Promise<IteratorResult<ExecutionResult, undefined>> {
    this.end(null);
    return Promise.resolve({ done: true, value: undefined });
  }

  throw(error: unknown): Promise<never> {
    this.end(null);
    return Promise.reject(error instanceof Error ? error : new Error(String(error)));
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.end(null);
    return Promise.resolve();
  }

  private taken(): IteratorResult<ExecutionResult, undefined> {
    const { last } = this;
    this.last = null;
    return last ? { done: false, value: last } : { done: true, value: undefined };
  }
}
