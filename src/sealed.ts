import { createCipheriv, createDecipheriv, createHmac, randomBytes } from "node:crypto";

const IV = 12;
const TAG = 16;

/**
 * Seals small values so that clients can hand them back but neither read nor forge them. The same value gives the same
 * seal (the nonce is a keyed hash of it), on every node and after every restart.
 */
export class Sealed {
  private readonly nonceKey: Buffer;

  /** @param key 32 bytes, for one purpose */
  constructor(private readonly key: Buffer) {
    this.nonceKey = createHmac("sha256", key).update("nonce").digest();
  }

  /** @param fresh another seal each time, so that two of one value cannot be told from two of different ones */
  seal(value: Buffer, fresh = false): string {
    const iv = fresh
      ? randomBytes(IV)
      : createHmac("sha256", this.nonceKey).update(value).digest().subarray(0, IV);
    const cipher = createCipheriv("aes-256-gcm", this.key, iv);
    return Buffer.concat([iv, cipher.update(value), cipher.final(), cipher.getAuthTag()]).toString(
      "base64url",
    );
  }

  /** null for everything that this key did not seal. */
  open(sealed: string): Buffer | null {
    const bytes = Buffer.from(sealed, "base64url");
    if (bytes.length < IV + TAG || bytes.toString("base64url") !== sealed) return null;
    const decipher = createDecipheriv("aes-256-gcm", this.key, bytes.subarray(0, IV));
    decipher.setAuthTag(bytes.subarray(-TAG));
    try {
      return Buffer.concat([decipher.update(bytes.subarray(IV, -TAG)), decipher.final()]);
    } catch {
      return null;
    }
  }
}
