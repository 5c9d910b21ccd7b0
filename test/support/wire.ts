import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

/** A wire to a hub that can be cut, and laid to another. */
export interface Wire {
  url: string;
  /** Resolves with the first connection. */
  connected: () => Promise<void>;
  cut: () => Promise<void>;
  /** Further connections go to this port. */
  layTo: (port: number) => void;
  close: () => Promise<void>;
}

/** @param to the hub's port */
export async function startWire(to: number): Promise<Wire> {
  let port = to;
  const ends = new Set<Socket>();
  let met = (): void => undefined;
  const meeting = new Promise<void>((resolve) => (met = resolve));
  const server: Server = createServer((near) => {
    const far = connect(port, "127.0.0.1");
    for (const [end, other] of [
      [near, far],
      [far, near],
    ] as const) {
      ends.add(end);
      end.on("error", () => other.destroy());
      end.on("close", () => ends.delete(end));
    }
    near.pipe(far).pipe(near);
    met();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port: own } = server.address() as AddressInfo;
  const cut = async (): Promise<void> => {
    for (const end of ends) end.destroy();
    while (ends.size) await new Promise((resolve) => setImmediate(resolve));
  };
  const close = async (): Promise<void> => {
    const closed = new Promise((resolve) => server.close(resolve));
    await cut();
    await closed;
  };
  return {
    url: `http://127.0.0.1:${own}`,
    connected: () => meeting,
    cut,
    layTo: (other) => (port = other),
    close,
  };
}
