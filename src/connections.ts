import type { Session } from "./auth/viewer";

/** Open streams and sockets of one key, or, without one, of one address. */
const MOST_OF_KEY = 200;
const MOST_OF_ADDRESS = 50;

/** Counts who holds connections open, so that none takes them all. */
export class Connections {
  private readonly counts = new Map<string, number>();

  /** Whether there is room for one more. */
  take(session: Session | null, address: string | null): boolean {
    const name = nameOf(session, address);
    const count = this.counts.get(name) ?? 0;
    if (count >= (session ? MOST_OF_KEY : MOST_OF_ADDRESS)) return false;
    this.counts.set(name, count + 1);
    return true;
  }

  /** Gives back what was taken. */
  leave(session: Session | null, address: string | null): void {
    const name = nameOf(session, address);
    const count = this.counts.get(name) ?? 0;
    if (count > 1) this.counts.set(name, count - 1);
    else this.counts.delete(name);
  }
}

const nameOf = (session: Session | null, address: string | null): string =>
  session ? `key ${session.keyId}` : `address ${address ?? ""}`;
