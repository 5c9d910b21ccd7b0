import { createHmac } from "node:crypto";
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { BEACON } from "../support/alerts";

export interface ReceivedAlert {
  cursor: string;
  type: string;
  at: string;
  count: number;
  group: { id: string } | null;
  itemId: string | null;
  item: ({ id: string; tlp: string } & Record<string, unknown>) | null;
  subject: { type: string; id: string } | null;
}

export interface Received {
  path: string;
  headers: IncomingHttpHeaders;
  body: string;
  data: ReceivedAlert;
}

/** What an endpoint answers to a request. */
export interface Reply {
  status: number;
  headers?: Record<string, string>;
}

const PATIENCE_MS = 10_000;

/** An endpoint that webhooks lead to: keeps what it got, and answers as it is told. */
export class Receiver {
  private readonly queue: Received[] = [];
  private readonly waiting = new Set<() => void>();
  /** How many requests there were. */
  count = 0;
  /** Of the next requests; 204 after them. */
  replies: Reply[] = [];
  /** Requests of which no answer has been given at this moment, and the most there ever were. */
  open = 0;
  mostOpen = 0;

  private constructor(
    private readonly server: Server,
    readonly url: string,
  ) {}

  static async start(): Promise<Receiver> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const receiver = new Receiver(server, `http://127.0.0.1:${port}/alerts`);
    server.on("request", (request, response) => {
      receiver.mostOpen = Math.max(receiver.mostOpen, ++receiver.open);
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        const body = Buffer.concat(chunks).toString();
        const { data } = JSON.parse(body) as { data: ReceivedAlert };
        const { status, headers = {} } = receiver.replies.shift() ?? { status: 204 };
        receiver.open--;
        response.writeHead(status, headers).end();
        receiver.count++;
        receiver.queue.push({ path: request.url ?? "", headers: request.headers, body, data });
        for (const resolve of receiver.waiting) resolve();
      });
    });
    return receiver;
  }

  /** The next request, beacons included. Throws where none comes. */
  async take(): Promise<Received> {
    const late = performance.now() + PATIENCE_MS;
    for (;;) {
      const received = this.queue.shift();
      if (received) return received;
      const left = late - performance.now();
      if (left <= 0) throw new Error(`nothing was delivered for ${PATIENCE_MS} ms`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(done, left);
        const { waiting } = this;
        function done(): void {
          clearTimeout(timer);
          waiting.delete(done);
          resolve();
        }
        waiting.add(done);
      });
    }
  }

  /** The next alert that is no beacon. */
  async next(): Promise<ReceivedAlert> {
    for (;;) {
      const { data } = await this.take();
      if (data.item?.title !== BEACON) return data;
    }
  }

  /** Everything that was still to come, proven complete: what arrives before the alert on a beacon. */
  async rest(beacon: string): Promise<ReceivedAlert[]> {
    const alerts: ReceivedAlert[] = [];
    for (;;) {
      const { data } = await this.take();
      if (data.itemId === beacon) return alerts;
      if (data.item?.title !== BEACON) alerts.push(data);
    }
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

/** The signature that a secret gives a message, by the words of the Standard Webhooks specification. */
export function signatureOf({ headers, body }: Received, secret: string): string {
  const key = Buffer.from(secret.replace("whsec_", ""), "base64");
  const text = `${String(headers["webhook-id"])}.${String(headers["webhook-timestamp"])}.${body}`;
  return `v1,${createHmac("sha256", key).update(text).digest("base64")}`;
}
