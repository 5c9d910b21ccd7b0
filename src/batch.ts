/** Gathers the keys that are asked for in one turn of the event loop, and answers them all by one call. */
export class Batch<T> {
  private waiting: Promise<Map<string, T>> | null = null;
  private keys: string[] = [];

  constructor(private readonly read: (keys: string[]) => Promise<Map<string, T>>) {}

  async load(key: string): Promise<T | undefined> {
    this.keys.push(key);
    this.waiting ??= new Promise<void>((resolve) => setImmediate(resolve)).then(() => {
      const keys = [...new Set(this.keys)];
      this.keys = [];
      this.waiting = null;
      return this.read(keys);
    });
    return (await this.waiting).get(key);
  }
}
