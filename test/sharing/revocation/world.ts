import { randomBytes } from "node:crypto";
import { pino } from "pino";
import { createOperator, issueOwnKey } from "../../../src/auth/bootstrap";
import { readConfig } from "../../../src/config";
import { startHub } from "../../../src/server";
import { replay } from "../../support/alerts";
import type { Arguments, Client } from "../../support/client";
import { createTestDatabase, type TestDatabase } from "../../support/database";
import { TestClock, TestHub } from "../../support/hub";
import { History } from "./history";
import type { Ears } from "./ears";
import type { Act, Entry } from "./told";

/** What a world keeps between runs: a database to clone, and what is known of it. */
export interface Base {
  database: TestDatabase;
  at: number;
  operator: { key: string; organizationId: string };
  secrets: Record<string, string | null>;
  ids: Record<string, string>;
  history: History;
  /** The cursor behind everything that the base tells. */
  start: string;
}

/** So many milliseconds after an act nothing may end: what was asked at once and what is delivered then agree. */
const QUIET = 8;

/** What an act answers, of what is asked for. */
interface Learned {
  id: string;
  state: string;
  secret: string;
}

/** A hub, what the model knows of it, and the hands that change both. */
export class World {
  readonly acts: Act[] = [];
  readonly clients: Record<string, Client> = {};
  /** What the clock ended up to here was told. */
  private swept: number;
  /** The instant of the latest change. */
  private latest: number;
  ears!: Ears;

  constructor(
    readonly hub: TestHub,
    readonly history: History,
    /** Global ids, by the names that the model gives. */
    readonly ids: Record<string, string>,
    secrets: Record<string, string | null>,
    readonly start: string,
  ) {
    this.swept = this.latest = hub.running.hub.now();
    for (const [viewer, secret] of Object.entries(secrets)) this.clients[viewer] = hub.as(secret);
    // WHY: the hub sweeps of its own accord every few seconds of real time; here the commands say when.
    clearInterval(hub.running.hub.sweep["timer"]);
  }

  now(): number {
    return this.hub.running.hub.now();
  }

  get beaconId(): string {
    return this.id("beacon");
  }

  id(name: string): string {
    const id = this.ids[name];
    if (id === undefined) throw new Error(`the world has no ${name}`);
    return id;
  }

  nameOf(id: string): string {
    return Object.entries(this.ids).find(([, known]) => known === id)?.[0] ?? id;
  }

  client(viewer: string): Client {
    return this.clients[viewer] as Client;
  }

  /**
   * Does a mutation, at an instant of its own with nothing ending in the milliseconds after it, and learns from it.
   * @param foreseen whether the model foresees that it is accepted, at that instant
   * @param learn writes it into the history, and says what it tells
   */
  async act(
    by: string,
    [field, args, selection = "id"]: [string, Arguments, string?],
    foreseen: (at: number) => boolean,
    learn: (answer: Learned, at: number) => Entry[],
    /** Acts on an item that exists wait for its lock, and are a millisecond later. */
    onItem = false,
  ): Promise<boolean> {
    const at = this.settle(onItem ? 1 : 0);
    const expected = foreseen(at);
    const client = this.client(by);
    if (!expected) {
      const { code } = await client.refused(field, args, selection);
      if (!["BAD_USER_INPUT", "CONFLICT", "FORBIDDEN", "NOT_FOUND"].includes(code))
        throw new Error(`${field} was refused with ${code}`);
      this.latest = this.now();
      return false;
    }
    const answer = await client.do<Learned>(field, args, selection);
    this.latest = this.now();
    const entries = learn(answer, this.latest);
    this.acts.push({ by: this.history.viewers[by]?.organization ?? null, entries });
    return true;
  }

  /** Several acts that are one to the model. */
  async makesKeys(
    by: string,
    make: () => Promise<void>,
    tells: (at: number) => Entry[],
  ): Promise<void> {
    const at = this.settle(0);
    await make();
    this.latest = this.now();
    this.acts.push({ by, entries: tells(at) });
  }

  /** Moves the clock so that the next change is at an instant of its own. Returns that instant. */
  private settle(later: number): number {
    const { clock } = this.hub;
    if (clock.now() <= this.latest) clock.advance(this.latest + 1 - clock.now());
    for (;;) {
      const at = clock.now() + later;
      const [soon] = this.history.boundaries(at, at + QUIET);
      if (soon === undefined) return at;
      clock.advance(soon - at);
    }
  }

  /** Says something to everybody, so that whoever has heard it has heard everything before. Returns its instant. */
  async beacon(): Promise<number> {
    const { clock } = this.hub;
    if (clock.now() <= this.latest) clock.advance(this.latest + 1 - clock.now());
    const input = { itemId: this.beaconId, toEveryone: true, tlp: "CLEAR" };
    await this.client("lighthouse").do("releaseItem", { input });
    this.latest = this.now();
    return this.latest;
  }

  /** Lets the hub tell what the clock ended, and says what that was. */
  async sweep(): Promise<void> {
    this.settle(0);
    const h = this.history;
    await this.hub.sweep();
    const until = this.now();
    const entries = h.boundaries(this.swept, until).flatMap((at): Entry[] => [
      { type: "ACCESS_ENDED", item: null, at, except: this.toldAt(at) },
      ...h.versions
        .filter((v) => v.proposedAt < at && [v.effectiveFrom, v.effectiveUntil].includes(at))
        .filter((v) => h.stateOf(v, at - 1) !== h.stateOf(v, at) && v.terminatedAt !== at)
        .map((v): Entry => ({
          type: "AGREEMENT_CHANGED",
          at,
          groups: [v.from, v.to],
          subject: v.id,
        })),
    ]);
    this.swept = until;
    this.acts.push({ by: null, entries });
  }

  /** The items of which an act at this very instant has told that they ended. */
  private toldAt(at: number): string[] {
    const entries = this.acts.flatMap((a) => a.entries).filter((e) => e.at === at);
    return entries.flatMap((e) => {
      if (e.type !== "ACCESS_ENDED" && e.type !== "ITEM_WITHDRAWN") return [];
      return e.item === null ? this.history.items.map((i) => i.id) : [e.item];
    });
  }

  async stop(): Promise<void> {
    await this.hub.stop();
  }
}

async function open(
  database: TestDatabase,
  clock: TestClock,
  operator: Base["operator"],
  first = false,
): Promise<TestHub> {
  const running = await startHub({
    config: readConfig({ PORT: "0", HUB_DEMO: "0", LOG_LEVEL: "silent" }),
    databaseUrl: database.url,
    logger: pino({ level: process.env.TEST_LOG_LEVEL ?? "silent" }),
    clock,
    prepare: async (hub) => {
      if (!first) return;
      const named = { name: "Operator", nameJa: "運営者", sectors: [], country: null };
      const account = await createOperator(hub, named);
      await issueOwnKey(hub, account, "Bootstrap", operator.key);
      operator.organizationId = `organization_${account.organizationId}`;
    },
  });
  return new TestHub(running, clock, database.url, operator, () => database.drop());
}

/** A hub on a copy of the base, as if nothing had happened since. */
export async function openWorld(base: Base): Promise<World> {
  const clock = new TestClock();
  clock.advance(base.at - clock.now());
  const database = await createTestDatabase(base.database.name);
  const hub = await open(database, clock, base.operator);
  // The sweep of the start is over.
  await hub.sweep();
  const history = Object.assign(
    new History(),
    structuredClone(Object.fromEntries(Object.entries(base.history))),
  );
  return new World(hub, history, { ...base.ids }, base.secrets, base.start);
}

/** Builds the base through the public API, and leaves its database to be cloned. */
export async function buildBase(
  build: (world: World) => Promise<Record<string, string | null>>,
): Promise<Base> {
  const clock = new TestClock();
  const database = await createTestDatabase();
  const operator = { key: randomBytes(32).toString("base64url"), organizationId: "" };
  const hub = await open(database, clock, operator, true);
  const world = new World(hub, new History(), {}, { operator: operator.key }, "");
  let secrets: Record<string, string | null>;
  let start: string;
  try {
    secrets = await build(world);
    start = (await replay(hub.anonymous)).at(-1)?.cursor ?? "";
  } finally {
    await hub.running.stop();
  }
  const { history, ids } = world;
  const at = Math.max(world.now(), clock.now()) + 1_000;
  return { database, at, operator, secrets, ids, history, start };
}
