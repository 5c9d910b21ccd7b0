import { connect, type Socket } from "node:net";

/** What one server did in one round. */
export interface Sample {
  requests: number;
  seconds: number;
  /** Milliseconds, ascending. */
  latencies: number[];
}

export interface Target {
  port: number;
  path: string;
  /** The credential. */
  key: string;
}

/** One request as it goes over the wire. */
export function frame({ path, key }: Target, body: string): Buffer {
  return Buffer.from(
    `POST ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer ${key}\r\n` +
      `content-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}

/** One answer's body as JSON. Throws unless the status is 200. */
export async function ask(target: Target, body: string): Promise<unknown> {
  const connection = await Connection.open(target.port);
  try {
    return JSON.parse((await connection.send(frame(target, body))).toString("utf8"));
  } finally {
    connection.close();
  }
}

/**
 * Keeps `connections` requests in flight for a while, each connection sending its next when it has its answer.
 * @param requests taken in turn
 */
export async function load(
  target: Target,
  requests: readonly string[],
  connections: number,
  seconds: number,
): Promise<Sample> {
  const frames = requests.map((body) => frame(target, body));
  const latencies: number[] = [];
  let turn = 0;
  const open = await Promise.all(
    Array.from({ length: connections }, () => Connection.open(target.port)),
  );
  const started = process.hrtime.bigint();
  const end = started + BigInt(Math.round(seconds * 1e9));
  await Promise.all(
    open.map(async (connection) => {
      for (let now = started; now < end;) {
        await connection.send(frames[turn++ % frames.length] as Buffer);
        const after = process.hrtime.bigint();
        latencies.push(Number(after - now) / 1e6);
        now = after;
      }
    }),
  );
  const took = Number(process.hrtime.bigint() - started) / 1e9;
  for (const connection of open) connection.close();
  return {
    requests: latencies.length,
    seconds: took,
    latencies: latencies.toSorted((a, b) => a - b),
  };
}

/**
 * A keep-alive connection that reads no more of HTTP than the servers under test write: a status, a content length.
 * WHY not node:http: its client costs as much as the servers that are measured, on the same cores.
 */
class Connection {
  private chunks: Buffer[] = [];
  private length = 0;
  private wanted = -1;
  private bodyAt = 0;
  private chunked = false;
  private done: ((body: Buffer) => void) | null = null;
  private fail: (error: Error) => void = () => undefined;

  private constructor(private readonly socket: Socket) {
    socket.setNoDelay(true);
    socket.on("data", (chunk) => this.read(chunk));
    socket.on("error", (error) => this.fail(error));
    socket.on("close", () => this.fail(new Error("the server closed the connection")));
  }

  static open(port: number): Promise<Connection> {
    return new Promise((resolve, reject) => {
      const socket = connect(port, "127.0.0.1");
      socket.once("error", reject);
      socket.once("connect", () => {
        socket.off("error", reject);
        resolve(new Connection(socket));
      });
    });
  }

  send(request: Buffer): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      this.done = resolve;
      this.fail = reject;
      this.socket.write(request);
    });
  }

  close(): void {
    this.fail = () => undefined;
    this.socket.destroy();
  }

  private read(chunk: Buffer): void {
    this.chunks.push(chunk);
    this.length += chunk.length;
    if (this.wanted < 0) {
      const bytes = this.chunks.length === 1 ? chunk : Buffer.concat(this.chunks);
      this.chunks = [bytes];
      const headEnd = bytes.indexOf("\r\n\r\n");
      if (headEnd < 0) return;
      const head = bytes.toString("latin1", 0, headEnd);
      const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
      this.bodyAt = headEnd + 4;
      this.chunked = /\r\ntransfer-encoding: *chunked/i.test(head);
      if (!head.startsWith("HTTP/1.1 200") || (length === undefined && !this.chunked)) {
        this.fail(new Error(`unexpected answer:\n${bytes.toString("utf8", 0, 2_000)}`));
        return;
      }
      this.wanted = this.bodyAt + Number(length ?? 0);
    }
    // In chunks, JSON has no line break of its own, so what ends like the last chunk is the last chunk.
    if (this.chunked ? !chunk.toString("latin1").endsWith("0\r\n\r\n") : this.length < this.wanted)
      return;
    const all = Buffer.concat(this.chunks).subarray(this.bodyAt);
    const body = this.chunked ? joined(all) : all;
    this.chunks = [];
    this.length = 0;
    this.wanted = -1;
    this.done?.(body);
  }
}

/** What chunks hold (RFC 9112 §7.1). */
function joined(chunked: Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; ;) {
    const lineEnd = chunked.indexOf("\r\n", at);
    const size = parseInt(chunked.toString("latin1", at, lineEnd), 16);
    if (!(size > 0)) return parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts);
    parts.push(chunked.subarray(lineEnd + 2, lineEnd + 2 + size));
    at = lineEnd + 2 + size + 2;
  }
}
