import { viewerOf } from "../auth/viewer";
import { Context } from "../context";
import { HubError } from "../errors";
import type { Hub } from "../hub";
import type { Viewer } from "../sharing/parties";
import { isAnalyst } from "../sharing/policy";
import { type Standing, standingOf } from "../sharing/standing";
import { AudienceClass, type Part, type Person, type Subscriber } from "./audience-class";
import { isStale, type Read, readForAll, unread } from "./entries";
import type { LogRow } from "./log";
import type { Plan } from "./plan";
import { type Entry, isAfter, type Raised, raisedFor, raisedForAll, wantsMatches } from "./raise";

const BATCH = 100;
const ATTEMPTS = 3;
/** After so long whatever else the process has to do gets a turn, and what was sent leaves. */
const TURN_MS = 5;
const COME_BACK = "Come back with your cursor.";
/** Who somebody is, for as long as parties and rights stay as they are. */
interface Identity {
  viewer: Viewer | null;
  standing: Standing | null;
}

/** An alert as it is sent. */
interface Answered {
  one: Raised;
  answer: Buffer;
}

/** How much work was done, since the start. */
export interface Counts {
  /** Entries of the log. */
  entries: number;
  /** How often the policy was asked for an entry. */
  decisions: number;
  /** How often an alert was executed and serialised. */
  executions: number;
  /** How often one was sent. */
  deliveries: number;
}

/**
 * Delivers what comes into the log to the subscribers that have caught up with it: entry by entry, class by class. Each
 * subscriber gets each entry once, in order, by its rights at that moment.
 */
export class FanOut {
  readonly counts: Counts = { entries: 0, decisions: 0, executions: 0, deliveries: 0 };
  /** With the name of the class that each is in. */
  private readonly subscribers = new Map<Subscriber, string>();
  private classes = new Map<string, AudienceClass>();
  /** By key. */
  private identities = new Map<string, Identity>();
  /** One for all accounts of an organization with the same affiliation. */
  private standings = new Map<string, Standing>();
  private edition: object | null = null;
  private watches = "";
  /** When somebody's rights or credential next end by the clock. */
  private until = Infinity;
  /** The entry that is, or was last, delivered. */
  private begun = 0;
  /** What is about to be delivered, read while the rest of the hub catches up with the log. */
  private ahead: { rows: readonly LogRow[]; reads: Promise<Read[]> } | null = null;
  private waiting = false;
  /** Since when nothing else has had a turn; milliseconds of the process. */
  private turn = 0;
  private readonly closing = new AbortController();
  private running: Promise<void> = Promise.resolve();

  constructor(private readonly hub: Hub) {}

  open(): void {
    this.begun = this.hub.log.position;
    this.hub.log.onRows = (rows) => this.readAhead(rows);
    this.running = this.run();
  }

  async close(): Promise<void> {
    this.closing.abort();
    await this.running;
  }

  /** How many classes there are. */
  get size(): number {
    return this.classes.size;
  }

  /** Takes a subscriber that has got everything up to `seq`; false while it lags behind what is being delivered. */
  join(subscriber: Subscriber): boolean {
    if (subscriber.seq < this.begun) return false;
    this.subscribers.set(subscriber, "");
    if (this.isCurrent()) this.place(subscriber);
    return true;
  }

  leave(subscriber: Subscriber): void {
    const name = this.subscribers.get(subscriber) ?? "";
    this.subscribers.delete(subscriber);
    if (this.classes.get(name)?.remove(subscriber)) this.classes.delete(name);
  }

  /** The next number that a subscriber must have got before it can join. */
  get position(): number {
    return this.begun;
  }

  private async run(): Promise<void> {
    const { signal } = this.closing;
    const { log } = this.hub;
    while (!signal.aborted) {
      try {
        const rows = await log.after(this.begun, BATCH);
        for (const read of await this.read(rows)) {
          if (signal.aborted) return;
          this.begun = read.entry.row.seq;
          await this.deliver(read);
        }
        if (rows.length) continue;
        this.waiting = true;
        await log.changed(this.begun, signal);
        this.waiting = false;
        this.turn = performance.now();
      } catch {
        await this.hub.whenReached();
      }
    }
  }

  private async deliver(read: Read): Promise<void> {
    if (this.subscribers.size) this.counts.entries++;
    for (let failures = 0; this.subscribers.size && !this.closing.signal.aborted;) {
      try {
        // What happens meanwhile counts: with other rights it is judged anew, for those that have not got it yet.
        if (await this.pass(read)) return;
      } catch (err) {
        // While the database is away an alert is late, not lost.
        if ((await this.hub.whenReached()) || ++failures < ATTEMPTS) continue;
        this.hub.logger.error(
          { err, seq: read.entry.row.seq },
          "delivering an entry of the log failed",
        );
        this.giveUp(read.entry.row.seq);
        return;
      }
    }
  }

  /** WHY ended, and not passed over: whoever has not got the entry comes back for it, and knows that it must. */
  private giveUp(seq: number): void {
    for (const subscriber of this.subscribers.keys()) {
      if (subscriber.seq < seq) subscriber.sink.end(new HubError("INTERNAL", COME_BACK));
    }
  }

  /** Whether everybody got the entry by rights that still held. */
  private async pass(read: Read): Promise<boolean> {
    if (!this.isCurrent()) this.placeAll();
    for (const audience of this.classes.values()) {
      if (isStale(this.hub, read)) Object.assign(read, (await this.read([read.entry.row]))[0]);
      const { entry, named } = read;
      for (const part of audience.parts(entry, named, this.hub.now())) {
        if (!(await this.serve(audience.plan, part, entry))) return false;
        if (performance.now() - this.turn > TURN_MS) await this.letOthers();
      }
    }
    return true;
  }

  private async letOthers(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    this.turn = performance.now();
  }

  /** Reads what the entries are about, if anybody is to be told. */
  private read(rows: readonly LogRow[]): Promise<Read[]> {
    if (!this.subscribers.size) return Promise.resolve(rows.map(unread));
    const { ahead } = this;
    const same = ahead?.rows.length === rows.length && ahead.rows[0]?.seq === rows[0]?.seq;
    this.ahead = null;
    return ahead && same ? ahead.reads : readForAll(this.hub, rows);
  }

  /** WHY only while nothing is being delivered: what waits is read when its turn comes, in one go. */
  private readAhead(rows: readonly LogRow[]): void {
    const few = this.waiting && rows.length > 0 && rows.length <= BATCH;
    // What ended with an agreement is found by the policy, which is still being read.
    if (!few || !this.subscribers.size || rows.some((row) => row.itemId === null)) return;
    const reads = readForAll(this.hub, rows);
    reads.catch(() => undefined);
    this.ahead = { rows, reads };
  }

  /** Judges once and sends to all; false where rights changed meanwhile, and nothing was sent. */
  private async serve(plan: Plan, { persons, alike }: Part, entry: Entry): Promise<boolean> {
    const { seq } = entry.row;
    const one = firstOf(persons, seq);
    if (!one) return true;
    const ctx = new Context(this.hub, one.session, "subscription", one.address);
    this.counts.decisions++;
    const { all, own } = alike
      ? await raisedForAll(ctx, entry, plan.filter)
      : { all: await raisedFor(ctx, entry, plan.filter), own: new Map<string, never>() };
    const answered = await this.answers(plan, ctx, all);
    const ownAnswered = new Map<string, Answered[]>();
    for (const { viewer } of own.size ? persons : []) {
      const raised = own.get(viewer?.organizationId ?? "");
      if (raised && viewer)
        ownAnswered.set(viewer.organizationId, await this.answers(plan, ctx, raised));
    }
    if (!this.isCurrent()) return false;
    for (const { viewer, members } of persons) {
      const extra = ownAnswered.get(viewer?.organizationId ?? "") ?? [];
      for (const subscriber of members) {
        if (subscriber.seq >= seq) continue;
        subscriber.seq = seq;
        for (const answer of answered) this.send(subscriber, viewer, answer);
        for (const answer of extra) this.send(subscriber, viewer, answer);
      }
    }
    return true;
  }

  private async answers(plan: Plan, ctx: Context, raised: readonly Raised[]): Promise<Answered[]> {
    const answers: Answered[] = [];
    for (const one of raised) {
      this.counts.executions++;
      answers.push({ one, answer: Buffer.from(await plan.answer(ctx, one.alert)) });
    }
    return answers;
  }

  private send(subscriber: Subscriber, viewer: Viewer | null, { one, answer }: Answered): void {
    if (subscriber.ended || !isAfter(one, subscriber.from)) return;
    subscriber.sink.send(answer);
    one.shows?.record(viewer);
    this.counts.deliveries++;
  }

  /** Whether the classes still follow from how parties, rights and credentials are. */
  private isCurrent(): boolean {
    const { directory, watches } = this.hub;
    const same = this.edition === directory.edition && this.watches === watches.version;
    return same && this.hub.now() < this.until;
  }

  private placeAll(): void {
    this.edition = this.hub.directory.edition;
    this.watches = this.hub.watches.version;
    this.until = Infinity;
    this.classes = new Map();
    this.identities = new Map();
    this.standings = new Map();
    for (const subscriber of this.subscribers.keys()) this.place(subscriber);
  }

  /** Puts a subscriber into its class; one whose credential is no longer good ends. */
  private place(subscriber: Subscriber): void {
    const { plan, session } = subscriber;
    try {
      const key = session?.keyId ?? "";
      let identity = this.identities.get(key);
      if (!identity) this.identities.set(key, (identity = this.identify(subscriber)));
      const { viewer, standing } = identity;
      const alike = plan.shared && !this.isApart(viewer, plan) ? standing : null;
      const own = viewer ? `${viewer.accountId} ${viewer.ownCredential}` : "";
      const name = `${plan.key}\n${alike?.key ?? own}`;
      let audience = this.classes.get(name);
      if (!audience) this.classes.set(name, (audience = new AudienceClass(plan)));
      audience.add(subscriber, viewer, alike);
      this.subscribers.set(subscriber, name);
    } catch (error) {
      this.subscribers.delete(subscriber);
      const told = error instanceof HubError;
      if (!told) this.hub.logger.error({ err: error }, "a subscriber could not be placed; ended");
      subscriber.sink.end(told ? error : new HubError("INTERNAL", COME_BACK));
    }
  }

  /** Analysts see what nobody else does; and scores, for which watches may ask, count one's own sightings. */
  private isApart(viewer: Viewer | null, { filter }: Plan): boolean {
    const watches =
      viewer && wantsMatches(filter) ? this.hub.watches.of(viewer.organizationId) : [];
    return isAnalyst(viewer) || watches.some((watch) => watch.minScore !== null);
  }

  /** Throws UNAUTHENTICATED where the credential is no longer good. */
  private identify({ session }: Subscriber): Identity {
    const { hub } = this;
    const viewer = viewerOf(hub, session);
    if (!viewer || !session) return { viewer: null, standing: null };
    const key = `${viewer.organizationId} ${viewer.affiliation}`;
    let standing = this.standings.get(key);
    if (!standing) {
      standing = standingOf(viewer, hub.directory, hub.now());
      this.standings.set(key, standing);
    }
    const expires = hub.directory.keys.get(session.keyId)?.expiresAt?.getTime();
    this.until = Math.min(this.until, standing.until, expires ?? Infinity);
    return { viewer, standing };
  }
}

function firstOf(part: readonly Person[], seq: number): Subscriber | null {
  for (const { members } of part) {
    for (const subscriber of members) {
      if (subscriber.seq < seq && !subscriber.ended) return subscriber;
    }
  }
  return null;
}
