/** To whom a writer releases, by the names of the test's world. */
export interface Audience {
  from: "power" | "water" | null;
  groups: readonly ("power" | "water")[];
  organizations: readonly string[];
  everyone: boolean;
}

export type ActKind = "release" | "edit" | "withdraw";

/** What a writer did, or may have done. */
export interface Act {
  kind: ActKind;
  owner: string;
  /** Global id of the item. */
  itemId: string;
  /** Of a release or of what is withdrawn: the wording's title, which no other release has. */
  title: string;
  audience: Audience;
  /** When it was sent, and when the writer knew that it had happened, by a count; null: it never knew. */
  sent: number;
  known: number | null;
  /** Whether the writer knew by asking afterwards. */
  asked: boolean;
}

/** All acts of all writers. */
export class Journal {
  readonly acts: Act[] = [];
  private count = 0;
  private readonly waiting = new Set<() => void>();
  private ended = false;
  known = 0;

  begin(act: Omit<Act, "sent" | "known" | "asked">): Act {
    const begun: Act = { ...act, sent: ++this.count, known: null, asked: false };
    this.acts.push(begun);
    return begun;
  }

  know(act: Act, asked: boolean): void {
    act.known = ++this.count;
    act.asked = asked;
    this.known++;
    for (const wake of this.waiting) wake();
  }

  /** Nothing more comes: nobody waits any longer. */
  end(): void {
    this.ended = true;
    for (const wake of this.waiting) wake();
  }

  /** Resolves when so many more acts are known to have happened, or none will be. */
  async further(n: number): Promise<void> {
    const until = this.known + n;
    while (this.known < until && !this.ended)
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          this.waiting.delete(wake);
          resolve();
        };
        this.waiting.add(wake);
      });
  }
}

/** Numbers that a seed repeats. */
export class Random {
  constructor(private state: number) {}

  /** mulberry32: from 0 to below 1. */
  next(): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number from `low` to `high`. */
  whole(low: number, high: number): number {
    return low + Math.floor(this.next() * (high - low + 1));
  }

  of<T>(list: readonly T[]): T {
    return list[this.whole(0, list.length - 1)] as T;
  }
}
