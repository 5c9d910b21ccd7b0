import { randomBytes } from "node:crypto";
import { pino } from "pino";
import { createOperator, issueOwnKey } from "../../src/auth/bootstrap";
import { readConfig } from "../../src/config";
import { type HubDeps, type RunningHub, startHub } from "../../src/server";
import {
  type AlertSubscription,
  BEACON,
  subscribe,
  type SubscribeOptions,
  type TestAlert,
} from "./alerts";
import { Client } from "./client";
import { createTestDatabase } from "./database";

export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** A clock that stands still until a test moves it. The hub still gives each change an instant of its own. */
export class TestClock {
  constructor(private at = Date.parse("2026-04-01T00:00:00.000Z")) {}

  now(): number {
    return this.at;
  }

  advance(ms: number): void {
    this.at += ms;
  }

  /** Throws where that would be back. */
  moveTo(at: number): void {
    if (at < this.at) throw new RangeError("time does not go back");
    this.at = at;
  }

  /** The instant that lies so far ahead, as the API takes it. */
  in(ms: number): string {
    return new Date(this.at + ms).toISOString();
  }
}

/** A hub of its own for a test file: a clone of the template database, a free port, no logs. */
export class TestHub {
  /** The operator's bootstrap account: OPERATOR_ADMIN and ANALYST, an employee with a key of its own. */
  readonly operator: Client;
  readonly operatorId: string;
  /** How many beacons there are. */
  beacons = 0;
  private lighthouse: Promise<Client> | null = null;
  private readonly subscriptions: AlertSubscription[] = [];

  constructor(
    readonly running: RunningHub,
    readonly clock: TestClock,
    readonly databaseUrl: string,
    operator: { key: string; organizationId: string },
    private readonly dropDatabase: () => Promise<void>,
  ) {
    this.operator = this.as(operator.key);
    this.operatorId = operator.organizationId;
  }

  get url(): string {
    return this.running.url;
  }

  as(key: string | null): Client {
    return new Client(this.url, key);
  }

  get anonymous(): Client {
    return this.as(null);
  }

  /** Writes now what the clock has ended; the hub itself does so every few seconds of real time. */
  async sweep(): Promise<void> {
    await this.running.hub.sweep.run();
  }

  /** Moves the clock, and lets the hub look at what is due by it. */
  pass(ms: number): void {
    this.clock.advance(ms);
    this.running.deliveries.wake();
  }

  /** Subscribes to alerts over a real WebSocket, and waits until the hub has it. */
  async subscribe(
    client: Pick<Client, "key">,
    options: SubscribeOptions = {},
  ): Promise<AlertSubscription> {
    const subscription = await this.open(client, options);
    // What was answered a moment ago may still be on its way to a subscription that says no `after`.
    if (options.after === undefined && !options.filter) await subscription.rest();
    return subscription;
  }

  /** Subscribes for several at once. */
  async subscribeAll(
    clients: readonly Pick<Client, "key">[],
    options: SubscribeOptions = {},
  ): Promise<AlertSubscription[]> {
    const subscriptions = await Promise.all(clients.map((client) => this.open(client, options)));
    if (options.after === undefined) await this.restOf(subscriptions);
    return subscriptions;
  }

  /** What each has heard, by one beacon for all. */
  async restOf(subscriptions: readonly AlertSubscription[]): Promise<TestAlert[][]> {
    const beacon = await this.beacon();
    return Promise.all(subscriptions.map((s) => s.rest(beacon)));
  }

  private async open(
    client: Pick<Client, "key">,
    options: SubscribeOptions,
  ): Promise<AlertSubscription> {
    const subscription = subscribe(this.url, client.key, () => this.beacon(), options);
    this.subscriptions.push(subscription);
    await subscription.opened;
    return subscription;
  }

  /**
   * Releases something to everyone, by an organization that no test is about: whoever subscribes gets an alert of it, and
   * has by then got everything that came before. Returns the item's id.
   */
  async beacon(): Promise<string> {
    const lighthouse = await (this.lighthouse ??= this.makeLighthouse());
    const { id } = await lighthouse.do("createAdvisory", {
      input: { title: BEACON, body: BEACON, tlp: "CLEAR" },
    });
    await lighthouse.do("releaseItem", {
      input: { itemId: id, toEveryone: true, tlp: "CLEAR" },
    });
    this.beacons++;
    return id;
  }

  private async makeLighthouse(): Promise<Client> {
    const { id: organizationId } = await this.operator.do("createOrganization", {
      input: { name: `Lighthouse ${randomBytes(3).toString("hex")}`, kind: "MEMBER", sectors: [] },
    });
    const { key } = await makeAccount(this, { organizationId, roles: ["PUBLISHER"] });
    return this.as(key);
  }

  /** A further node on the same database, to be stopped before this one. */
  async addNode(clock = this.clock): Promise<TestHub> {
    const { key } = this.operator;
    const operator = { key: key ?? "", organizationId: this.operatorId };
    const running = await run(this.databaseUrl, clock);
    return new TestHub(running, clock, this.databaseUrl, operator, async () => undefined);
  }

  async stop(): Promise<void> {
    await Promise.all(this.subscriptions.map((s) => s.close()));
    await this.running.stop();
    await this.dropDatabase();
  }
}

export interface AccountSpec {
  organizationId: string;
  roles: string[];
  affiliation?: string | null;
  displayName?: string;
}

/** What it takes to build a world: a hub in this process or in another. */
export type Reached = Pick<TestHub, "operator" | "as">;

/** An account with a key of its own making: the operator makes the first, and with it the account makes the second. */
export async function makeAccount(
  hub: Reached,
  { organizationId, roles, affiliation, displayName = "Somebody" }: AccountSpec,
): Promise<{ accountId: string; key: string; foreignKey: string }> {
  const { id: accountId } = await hub.operator.do("createAccount", {
    input: {
      organizationId,
      roles,
      displayName,
      email: `${randomBytes(6).toString("hex")}@example.jp`,
      ...(affiliation !== undefined && { affiliation }),
    },
  });
  const input = { accountId, name: "Test" };
  const first = await hub.operator.do<{ secret: string }>("createApiKey", { input }, "secret");
  const own = await hub
    .as(first.secret)
    .do<{ secret: string }>("createApiKey", { input }, "secret");
  return { accountId, key: own.secret, foreignKey: first.secret };
}

/** Further variables of the environment. */
export type Settings = Record<string, string>;

/** What a test may set otherwise than the hub does. */
export type TestDeps = Pick<HubDeps, "sockets">;

/** A hub with its bootstrap account. */
export async function startTestHub(settings: Settings = {}, deps: TestDeps = {}): Promise<TestHub> {
  const key = randomBytes(32).toString("base64url");
  let organizationId = "";
  const prepare = async (hub: RunningHub["hub"]): Promise<void> => {
    const operator = { name: "Operator", nameJa: "運営者", sectors: [], country: null };
    const account = await createOperator(hub, operator);
    await issueOwnKey(hub, account, "Bootstrap", key);
    organizationId = `organization_${account.organizationId}`;
  };
  const operator = { key, organizationId: () => organizationId };
  return start(new TestClock(), operator, settings, { ...deps, prepare });
}

/** A hub that knows nobody yet, long ago. */
export const startEmptyHub = (): Promise<TestHub> =>
  start(new TestClock(0), { key: "", organizationId: () => "" });

/**
 * Another process of the same hub: on the same database, by the same clock. Whoever starts it stops it.
 * @param settings environment variables
 */
export const startSecondHub = (first: TestHub, settings: Settings = {}): Promise<RunningHub> =>
  run(first.databaseUrl, first.clock, settings);

const TEST_SETTINGS = { PORT: "0", HUB_DEMO: "0", LOG_LEVEL: "silent" };

async function start(
  clock: TestClock,
  operator: { key: string; organizationId: () => string },
  settings: Settings = {},
  deps: TestDeps & Pick<HubDeps, "prepare"> = {},
): Promise<TestHub> {
  const database = await createTestDatabase();
  const running = await run(database.url, clock, settings, deps);
  const { key } = operator;
  return new TestHub(
    running,
    clock,
    database.url,
    { key, organizationId: operator.organizationId() },
    () => database.drop(),
  );
}

const run = (
  databaseUrl: string,
  clock: TestClock,
  settings: Settings = {},
  deps: TestDeps & Pick<HubDeps, "prepare"> = {},
): Promise<RunningHub> =>
  startHub({
    config: readConfig({ ...TEST_SETTINGS, ...settings }),
    databaseUrl,
    logger: pino({ level: process.env.TEST_LOG_LEVEL ?? "silent" }),
    clock,
    ...deps,
  });
