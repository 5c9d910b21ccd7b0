import { readFileSync } from "node:fs";
import { createServer as createHttp, type RequestListener } from "node:http";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { isPublicAddress } from "../../src/webhook/public-address";
import { post, type PostOptions } from "../../src/webhook/post";

/** Where a webhook may lead, judged when the connection is made, and what one attempt can cost. */
const tls = (file: string): string =>
  readFileSync(join(__dirname, "../fixtures/tls", file), "utf8");

test.each([
  ["127.0.0.1", "loopback"],
  ["127.8.8.8", "loopback"],
  ["0.0.0.0", "this host"],
  ["10.1.2.3", "private"],
  ["172.16.0.1", "private"],
  ["172.31.255.255", "private"],
  ["192.168.1.1", "private"],
  ["100.64.0.1", "carrier-grade NAT"],
  ["100.127.255.255", "carrier-grade NAT"],
  ["169.254.169.254", "link-local"],
  ["192.0.0.8", "protocol assignments"],
  ["192.0.2.1", "documentation"],
  ["198.18.0.1", "benchmarks"],
  ["198.51.100.1", "documentation"],
  ["203.0.113.1", "documentation"],
  ["224.0.0.1", "multicast"],
  ["255.255.255.255", "broadcast"],
  ["::", "unspecified"],
  ["::1", "loopback"],
  ["::ffff:127.0.0.1", "IPv4-mapped"],
  ["::ffff:8.8.8.8", "IPv4-mapped"],
  ["::ffff:0:8.8.8.8", "IPv4-translated"],
  ["::8.8.8.8", "IPv4-compatible"],
  ["64:ff9b::10.0.0.1", "NAT64"],
  ["100::1", "discard"],
  ["2001::1", "Teredo"],
  ["2001:db8::1", "documentation"],
  ["2002:7f00:1::", "6to4"],
  ["fc00::1", "unique-local"],
  ["fd12:3456::1", "unique-local"],
  ["fe80::1", "link-local"],
  ["fe80::1%eth0", "link-local with a zone"],
  ["fec0::1", "site-local"],
  ["ff02::1", "multicast"],
  ["localhost", "no address"],
  ["", "no address"],
  ["0x7f.1", "no address"],
])("%s is not public: %s", (address) => {
  expect(isPublicAddress(address)).toBe(false);
});

test.each([
  "8.8.8.8",
  "172.15.0.1",
  "172.32.0.1",
  "100.63.0.1",
  "100.128.0.1",
  "2606:4700::1",
  "2a00::1",
  "2001:200::1",
])("%s is public", (address) => {
  expect(isPublicAddress(address)).toBe(true);
});

let server: Server;
let port: number;
let listener: RequestListener;
let connections = 0;
beforeAll(async () => {
  server = createServer({ key: tls("key.pem"), cert: tls("cert.pem") }, (q, s) => listener(q, s));
  server.on("connection", () => connections++);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  ({ port } = server.address() as AddressInfo);
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});
beforeEach(() => {
  connections = 0;
  listener = (request, response) => {
    request.resume();
    response.writeHead(204).end();
  };
});

type Lookup = NonNullable<PostOptions["lookup"]>;
let lookedUp = 0;
/** A name server of its own: what each look-up answers, one after another. */
const naming = (...answers: { address: string; family: number }[][]): Lookup =>
  ((_name: string, _options: object, callback: (e: null, found: object[]) => void) => {
    lookedUp++;
    callback(null, answers.shift() ?? []);
  }) as unknown as Lookup;
const v4 = (address: string) => ({ address, family: 4 });

const send = (url: string, options: Partial<PostOptions> = {}) =>
  post(new URL(url), {}, "{}", { privateAllowed: false, ca: tls("ca.pem"), ...options });

describe("without the operator's leave", () => {
  test.each([
    "https://127.0.0.1/",
    "https://[::1]/",
    "https://[::ffff:127.0.0.1]/",
    "https://2130706433/",
    "https://0x7f.0.0.1/",
    "https://169.254.169.254/latest/meta-data",
    "http://example.com/",
  ])("%s is refused before anything is sent", async (url) => {
    const at = new URL(url);
    if (at.hostname === "127.0.0.1") at.port = String(port);
    expect(await send(at.href)).toMatchObject({
      error: "ADDRESS_REFUSED",
      status: null,
      sent: false,
    });
    expect(connections).toBe(0);
  });

  test("a name that leads to a private address is refused when it is looked up, also beside a public one", async () => {
    for (const addresses of [[v4("127.0.0.1")], [v4("8.8.8.8"), v4("10.0.0.1")]]) {
      const outcome = await send(`https://hooks.example:${port}/`, { lookup: naming(addresses) });
      expect(outcome).toMatchObject({ error: "ADDRESS_REFUSED", sent: false });
    }
    expect(connections).toBe(0);
  });

  test("each attempt looks the name up once, and connects to what was judged or to nothing", async () => {
    const lookup = naming([v4("127.0.0.1")], [v4("8.8.8.8")]);
    lookedUp = 0;
    const rebound = await send(`https://hooks.example:${port}/`, { lookup });
    expect(rebound).toMatchObject({ error: "ADDRESS_REFUSED", sent: false });
    expect(lookedUp).toBe(1);
    expect(connections).toBe(0);
  });
});

describe("with the operator's leave", () => {
  const lookup = naming([v4("127.0.0.1")], [v4("127.0.0.1")]);

  test("private addresses are reached, and the certificate must be for the name", async () => {
    const options = { privateAllowed: true };
    expect(await send(`https://hooks.example:${port}/`, { ...options, lookup })).toMatchObject({
      status: 204,
      error: null,
      sent: true,
    });
    const other = await send(`https://other.example:${port}/`, { ...options, lookup });
    expect(other).toMatchObject({ error: "TLS", status: null });
    const unknown = await post(new URL(`https://127.0.0.1:${port}/`), {}, "{}", options);
    expect(unknown).toMatchObject({ error: "TLS", status: null, sent: false });
  });

  const open = { privateAllowed: true };
  const local = (path = "/"): string => `https://127.0.0.1:${port}${path}`;

  test("a redirect is not followed", async () => {
    const paths: (string | undefined)[] = [];
    listener = (request, response) => {
      paths.push(request.url);
      response.writeHead(307, { location: local("/elsewhere") }).end();
    };
    expect(await send(local(), open)).toMatchObject({ status: 307, error: "REDIRECT" });
    expect(paths).toEqual(["/"]);
  });

  test("an endless answer is broken off", async () => {
    let ended: () => void;
    const broken = new Promise<void>((resolve) => (ended = resolve));
    listener = (_request, response) => {
      response.writeHead(200);
      response.on("close", () => ended());
      const more = (): void => {
        while (!response.destroyed && response.write("x".repeat(16_384)));
      };
      response.on("drain", more);
      more();
    };
    expect(await send(local(), open)).toMatchObject({ status: 200, error: null });
    await broken;
  });

  test("an endpoint that says nothing costs no more than the time that it has", async () => {
    listener = (request) => void request.resume();
    const outcome = await send(local(), { ...open, timeoutMs: 1_500 });
    expect(outcome).toMatchObject({ status: null, error: "TIMEOUT", sent: true });
  });

  test("a port that nobody listens at and a name that nobody has are told apart, and nothing was sent", async () => {
    const idle = createHttp();
    await new Promise<void>((resolve) => idle.listen(0, "127.0.0.1", resolve));
    const free = (idle.address() as AddressInfo).port;
    await new Promise((resolve) => idle.close(resolve));
    expect(await send(`http://127.0.0.1:${free}/`, open)).toMatchObject({
      error: "CONNECTION",
      sent: false,
    });
    const nowhere = ((_n: string, _o: object, callback: (e: Error) => void) =>
      callback(Object.assign(new Error(), { code: "ENOTFOUND" }))) as unknown as Lookup;
    expect(await send("https://nobody.example/", { lookup: nowhere })).toMatchObject({
      error: "NAME_UNKNOWN",
      sent: false,
    });
  });
});
