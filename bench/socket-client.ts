import { connect, type Socket } from "node:net";

const UPGRADE =
  "HTTP/1.1\r\nhost: 127.0.0.1\r\nupgrade: websocket\r\nconnection: Upgrade\r\nsec-websocket-version: 13\r\n" +
  "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-protocol: graphql-transport-ws\r\n\r\n";
const TEXT = 0x81;
const PING = 0x89;
const PONG = 0x8a;

/**
 * A WebSocket that reads no more of the protocol than the servers under test write: whole text frames, pings. WHY not a
 * library: 10,000 of its clients cost more than the servers that are measured, on the same cores.
 */
export class SocketClient {
  private rest: Buffer = Buffer.alloc(0);
  private upgraded = false;
  /** Called with each message. */
  onMessage: (message: Buffer) => void = () => undefined;
  closed = false;

  private constructor(private readonly socket: Socket) {
    socket.on("data", (chunk: Buffer) => this.read(chunk));
    socket.on("close", () => (this.closed = true));
    socket.on("error", () => (this.closed = true));
  }

  /**
   * Resolves when `talk` says that it is ready.
   * @param talk what to send in answer to a message, or, for null, at the beginning; "ready": no more
   */
  static open(
    port: number,
    path: string,
    talk: (message: string | null) => string[] | "ready",
  ): Promise<SocketClient> {
    return new Promise((resolve, reject) => {
      const socket = connect(port, "127.0.0.1", () => socket.write(`GET ${path} ${UPGRADE}`));
      socket.setNoDelay(true);
      socket.once("error", reject);
      socket.once("close", () => reject(new Error("the server closed a socket")));
      const client = new SocketClient(socket);
      const say = (message: string | null): void => {
        const next = talk(message);
        if (next === "ready") resolve(client);
        else next.forEach((text) => client.send(text));
      };
      client.onUpgrade = () => say(null);
      client.onMessage = (message) => say(message.toString("utf8"));
    });
  }

  private onUpgrade: () => void = () => undefined;

  /** A masked frame; the mask is zero, which a server cannot tell from any other. */
  send(message: string): void {
    this.write(TEXT, Buffer.from(message));
  }

  /** Stops reading, as a client does that cannot keep up. */
  pause(): void {
    this.socket.pause();
  }

  close(): void {
    this.socket.destroy();
  }

  private write(opcode: number, payload: Buffer): void {
    const short = payload.length < 126;
    const head = Buffer.alloc(short ? 6 : 8);
    head[0] = opcode;
    head[1] = 0x80 | (short ? payload.length : 126);
    if (!short) head.writeUInt16BE(payload.length, 2);
    this.socket.write(Buffer.concat([head, payload]));
  }

  private read(chunk: Buffer): void {
    let bytes = this.rest.length ? Buffer.concat([this.rest, chunk]) : chunk;
    if (!this.upgraded) {
      const end = bytes.indexOf("\r\n\r\n");
      if (end < 0) {
        this.rest = bytes;
        return;
      }
      this.upgraded = true;
      bytes = bytes.subarray(end + 4);
      this.onUpgrade();
    }
    for (;;) {
      const frame = frameIn(bytes);
      if (!frame) break;
      if (frame.opcode === TEXT) this.onMessage(frame.payload);
      if (frame.opcode === PING) this.write(PONG, frame.payload);
      bytes = bytes.subarray(frame.end);
    }
    this.rest = bytes.length ? Buffer.from(bytes) : Buffer.alloc(0);
  }
}

/** The first whole frame of a server; null: not all of it is there. */
function frameIn(bytes: Buffer): { opcode: number; payload: Buffer; end: number } | null {
  if (bytes.length < 2) return null;
  let length = (bytes[1] as number) & 0x7f;
  let at = 2;
  if (length === 126) {
    if (bytes.length < 4) return null;
    length = bytes.readUInt16BE(2);
    at = 4;
  } else if (length === 127) {
    if (bytes.length < 10) return null;
    length = Number(bytes.readBigUInt64BE(2));
    at = 10;
  }
  const end = at + length;
  if (bytes.length < end) return null;
  return { opcode: bytes[0] as number, payload: bytes.subarray(at, end), end };
}
