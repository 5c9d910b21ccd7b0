import { Sealed } from "./sealed";

/** A position in a list: an item and the time by which it is sorted. */
export class ItemCursor {
  private readonly sealed: Sealed;

  constructor(key: Buffer) {
    this.sealed = new Sealed(key);
  }

  /** @param position `at` in milliseconds, `id` a UUID */
  seal(position: { at: number; id: string }): string {
    const bytes = Buffer.alloc(24);
    bytes.writeDoubleBE(position.at);
    bytes.write(position.id.replaceAll("-", ""), 8, "hex");
    return this.sealed.seal(bytes);
  }

  /** null where this hub did not make it. */
  open(cursor: string): { at: number; id: string } | null {
    const bytes = this.sealed.open(cursor);
    if (bytes?.length !== 24) return null;
    const x = bytes.toString("hex", 8);
    const id = [x.slice(0, 8), x.slice(8, 12), x.slice(12, 16), x.slice(16, 20), x.slice(20)].join(
      "-",
    );
    return { at: bytes.readDoubleBE(), id };
  }
}

/** A place in the log: an entry, and which of the alerts that it raises for one viewer. */
export interface LogPosition {
  seq: number;
  sub: number;
}

/** `sub` of a position behind everything that an entry raises. */
export const WHOLE_ENTRY = 0xffff_ffff;

/** A position in the log, shown so that it tells neither the number nor the gaps. */
export class LogCursor {
  private readonly sealed: Sealed;
  private last = { seq: -1, sub: -1, text: "" };

  constructor(key: Buffer) {
    this.sealed = new Sealed(key);
  }

  /** @param fresh another cursor each time: for a position that its reader could otherwise watch move */
  seal({ seq, sub }: LogPosition, fresh = false): string {
    if (!fresh && seq === this.last.seq && sub === this.last.sub) return this.last.text;
    const text = this.sealAnew({ seq, sub }, fresh);
    // All who get an alert get it with the same cursor.
    if (!fresh) this.last = { seq, sub, text };
    return text;
  }

  private sealAnew({ seq, sub }: LogPosition, fresh: boolean): string {
    const bytes = Buffer.alloc(12);
    bytes.writeBigUInt64BE(BigInt(seq));
    bytes.writeUInt32BE(sub, 8);
    return this.sealed.seal(bytes, fresh);
  }

  /** null where this hub did not make it. */
  open(cursor: string): LogPosition | null {
    const bytes = this.sealed.open(cursor);
    return bytes?.length === 12
      ? { seq: Number(bytes.readBigUInt64BE()), sub: bytes.readUInt32BE(8) }
      : null;
  }
}
