import { randomInt, randomBytes } from "node:crypto";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "../../src/embedded-postgres";
import { replay } from "../support/alerts";
import { Client } from "../support/client";
import { buildHub, type BuiltHub } from "../support/hub-process";
import { buildWorld } from "../support/world";
import { Ear, type EarOf, HEARD } from "./crash/ears";
import { type Audience, Journal, Random } from "./crash/journal";
import { faultsOf, faultsOfLog } from "./crash/judge";
import { killBackend, killDatabase, Node } from "./crash/machines";
import { dueTo, GUEST, readLog } from "./crash/oracle";
import { AnyNode, Coordinator, Writer } from "./crash/writers";

/** `CRASH_ROUNDS=50 npx jest test/alert/crash` runs longer; `CRASH_SEED` repeats the choices of a run, though not its timing. */
const ROUNDS = Number(process.env.CRASH_ROUNDS ?? 4);
const SEED = Number(process.env.CRASH_SEED ?? randomInt(2 ** 31));
const SECONDS_A_ROUND = 30;

let built: BuiltHub;
let dataDir: string;
let postgres: EmbeddedPostgres;
let nodes: Node[];
const loops: { stop(): unknown }[] = [];
let operator: Client;
beforeAll(async () => {
  built = buildHub();
  dataDir = mkdtempSync(join(tmpdir(), `musubi-test-${process.pid}-crash-`));
  chmodSync(dataDir, 0o711);
  postgres = await startEmbeddedPostgres({ dataDir });
  const key = randomBytes(32).toString("base64url");
  const env = { DATABASE_URL: postgres.url, HUB_BOOTSTRAP_KEY: key, LOG_LEVEL: "info" };
  // One after the other: the first makes the operator.
  nodes = [await Node.start(built, env), await Node.start(built, env)];
  operator = new Client(nodes[0]?.url ?? "", key);
}, 90_000);
afterAll(async () => {
  for (const one of loops) await one.stop();
  await Promise.all(nodes.map((node) => node.stop()));
  built.remove();
  await postgres.stop();
  for (const path of [postgres.directory, dataDir]) rmSync(path, { recursive: true, force: true });
}, 60_000);

const to = (of: Partial<Audience>): Audience => ({
  from: null,
  groups: [],
  organizations: [],
  everyone: false,
  ...of,
});
const POWER = to({ from: "power", groups: ["power"] });
const WATER = to({ from: "water", groups: ["water"] });
const ACROSS = to({ from: "power", groups: ["water"] });
const GUEST_ALONE = to({ organizations: [GUEST] });
const EVERYONE = to({ everyone: true });

const build = () =>
  buildWorld(
    { operator, as: (key: string | null) => new Client(nodes[0]?.url ?? "", key) },
    {
      organizations: ["acme", "beta", "gamma", "delta", "chair"],
      groups: {
        power: { members: ["acme", "beta", "gamma"], coordinators: ["chair"] },
        water: { members: ["acme", "delta"] },
      },
      agreements: [
        { from: "power", to: "power" },
        { from: "water", to: "water" },
        { from: "power", to: "water" },
      ],
    },
  );

test(
  "through kills of hubs and database and cut connections, each subscriber gets what its rights say: in order, once",
  async () => {
    const random = new Random(SEED);
    const w = await build();
    const urls = nodes.map((node) => node.url);
    const journal = new Journal();
    const own = (): Random => new Random(random.whole(0, 2 ** 31));
    const nodesFor = (who: "acme" | "beta" | "delta" | "chair"): AnyNode =>
      new AnyNode(urls, w.as[who].key ?? "", own());
    const writer = (who: "acme" | "beta" | "delta", audiences: Audience[]): Writer =>
      new Writer(who, nodesFor(who), w, audiences, journal, own());
    const acme = writer("acme", [POWER, POWER, ACROSS, GUEST_ALONE, EVERYONE]);
    const writers = [
      acme,
      writer("beta", [POWER, POWER, GUEST_ALONE, EVERYONE]),
      writer("delta", [WATER, WATER, EVERYONE]),
    ];
    const membership = w.membership["gamma power"] ?? "";
    const coordinator = new Coordinator(nodesFor("chair"), membership, journal, own());

    const start = await w.as.acme.ask<{ alertCursor: string }>("viewer", {}, "alertCursor");
    const startSeq = (await readLog(postgres.url, membership)).at(-1)?.seq ?? 0;
    const ear = (
      organization: "acme" | "beta" | "gamma" | "delta" | null,
      over: EarOf["over"],
      filter: EarOf["filter"] = null,
    ): Ear => {
      const key = organization && w.as[organization].key;
      const name = `${organization} ${over} ${JSON.stringify(filter)}`;
      const asked = filter && {
        ...(filter.types && { types: filter.types }),
        ...(filter.groups && { groupIds: filter.groups.map((g) => w.group[g]) }),
      };
      const of = { name, organization, key, over, filter };
      return new Ear(of, urls, start.alertCursor, asked, own());
    };
    const ears = [
      ear("gamma", "socket"),
      ear("gamma", "stream"),
      ear("gamma", "stream", { groups: ["power"] }),
      ear("beta", "socket"),
      ear("beta", "stream", { types: ["ITEM_WITHDRAWN", "ACCESS_ENDED"] }),
      ear("acme", "socket"),
      ear("acme", "stream", { types: ["ITEM_RELEASED", "ITEM_WITHDRAWN"], groups: ["water"] }),
      ear("delta", "socket", { groups: ["water"] }),
      ear("delta", "stream"),
      ear(null, "stream"),
    ];

    loops.push(...writers, coordinator, ...ears);
    const working = [...writers, coordinator].map((one) => one.run());
    const listening = ears.map((one) => one.run());
    const struck: Record<string, number> = {};
    const strikes: Record<string, () => void> = {
      hub: () => random.of(nodes).kill(),
      "both hubs": () => nodes.forEach((node) => node.kill()),
      database: () => killDatabase(dataDir, postgres),
      "database and hub": () => {
        random.of(nodes).kill();
        killDatabase(dataDir, postgres);
      },
      backend: () => killBackend(dataDir, (pids) => random.of(pids)),
      cut: () => nodes.forEach((node) => node.cut(() => random.next() < 0.7)),
    };
    // Each kind at least once, where there are enough rounds.
    const kinds = ["cut", "hub", "database", "backend", "both hubs", "database and hub"];
    for (let round = 0; round < ROUNDS; round++) {
      await journal.further(random.whole(4, 16));
      const kind = round < kinds.length ? (kinds[round] ?? "hub") : random.of(kinds);
      strikes[kind]?.();
      struck[kind] = (struck[kind] ?? 0) + 1;
    }
    await journal.further(10);
    for (const one of [...writers, coordinator]) one.stop();
    journal.end();
    await Promise.all(working);
    await coordinator.make("ACTIVE");
    // The last that is due to each of them, and cannot be taken back.
    for (const audience of [POWER, ACROSS, EVERYONE]) await acme.releaseAndWithdraw(audience);
    await writers[1]?.releaseAndWithdraw(POWER);
    await writers[2]?.releaseAndWithdraw(WATER);

    const log = await readLog(postgres.url, membership);
    const since = log.filter(({ seq }) => seq > startSeq);
    const faults = faultsOfLog(since, journal.acts);
    let delivered = 0;
    const dueToEach = ears.map((one) => dueTo(one.of, log, journal.acts, startSeq));
    await Promise.all(
      ears.map(async (one, i) => {
        const last = dueToEach[i]?.due.findLast((d) => d.held === "always");
        await one.until(() =>
          one.heard.some((h) => h.type === last?.type && h.itemId === last.itemId),
        );
        await one.stop();
      }),
    );
    for (const [i, one] of ears.entries()) {
      const { due, titles } = dueToEach[i] as ReturnType<typeof dueTo>;
      delivered += one.heard.length;
      faults.push(
        ...faultsOf(one.heard, due, titles, w.group).map((fault) => `${one.of.name}: ${fault}`),
      );
      const asked = await replay(
        new Client(urls[0] ?? "", one.of.key),
        start.alertCursor,
        one.asked,
        100,
        HEARD,
      );
      const still = due.filter((d) => d.held !== "gone");
      expect([one.of.name, asked.map((a) => [a.type, a.itemId])]).toEqual([
        one.of.name,
        still.map((d) => [d.type, d.itemId]),
      ]);
      const places = new Map(one.heard.map((h, i) => [h.cursor, { ...h, i }]));
      const order = asked.flatMap((a) => places.get(a.cursor)?.i ?? []);
      expect(order).toEqual(order.toSorted((a, b) => a - b));
      for (const { cursor, type, itemId } of asked) {
        const heard = places.get(cursor);
        if (heard) expect([heard.type, heard.itemId]).toEqual([type, itemId]);
      }
    }
    await Promise.all(listening);
    faults.push(...nodes.flatMap((node) => node.faults));
    console.info(
      JSON.stringify({
        seed: SEED,
        rounds: ROUNDS,
        struck,
        acts: journal.acts.length,
        acknowledged: journal.acts.filter((a) => a.known !== null && !a.asked).length,
        foundOut: journal.acts.filter((a) => a.asked).length,
        neverKnown: journal.acts.filter((a) => a.known === null).length,
        suspensions: since.filter((r) => r.state === "SUSPENDED").length,
        delivered,
        connections: ears.reduce((sum, one) => sum + one.connections, 0),
      }),
    );
    expect([`seed ${SEED}`, faults]).toEqual([`seed ${SEED}`, []]);
  },
  60_000 + ROUNDS * SECONDS_A_ROUND * 1_000,
);
