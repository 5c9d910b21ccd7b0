import { Context } from "../context";
import { HubError } from "../errors";
import type { Hub } from "../hub";
import type { Viewer } from "../sharing/parties";
import { COME_BACK, type Part, type Person, type Subscriber } from "./audience-class";
import { hasChanged, isStale, type Read, readable, readForAll, unread } from "./entries";
import type { LogRow } from "./log";
import { Placement } from "./placement";
import type { Plan } from "./plan";
import { type Entry, isAfter, type Raised, raisedFor, raisedForAll } from "./raise";

const BATCH = 100;
const ATTEMPTS = 3;
/** After so long whatever else the process has to do gets a turn, and what was sent leaves. */
const TURN_MS = 5;

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
  private readonly placement: Placement;
  /** The entry that is, or was last, delivered. */
  private begun = 0;
  /** What is about to be delivered, read while the rest of the hub catches up with the log. */
  private ahead: { rows: readonly LogRow[]; reads: Promise<Read[]> } | null = null;
  private waiting = false;
  /** Since when nothing else has had a turn; milliseconds of the process. */
  private turn = 0;
  private readonly closing = new AbortController();
  private running: Promise<void> = Promise.resolve();

  constructor(private readonly hub: Hub) {
    this.placement = new Placement(hub);
  }

  open(): void {
    this.begun = this.hub.log.position;
    this.hub.log.onRows = (rows) => this.readAhead(rows);
    this.running = this.run();
  }

  async close(): Promise<void> {
    this.closing.abort();
    await this.running;
  }

  /** Takes a subscriber that has got everything up to `seq`; false while it lags behind what is being delivered. */
  join(subscriber: Subscriber): boolean {
    if (subscriber.seq < this.begun) return false;
    this.placement.add(subscriber);
    return true;
  }

  leave(subscriber: Subscriber): void {
    this.placement.remove(subscriber);
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
        const rows = readable(await log.after(this.begun, BATCH));
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
    if (this.placement.size) this.counts.entries++;
    for (let failures = 0; this.placement.size && !this.closing.signal.aborted;) {
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
    for (const subscriber of this.placement.subscribers()) {
      if (subscriber.seq < seq) subscriber.sink.end(new HubError("INTERNAL", COME_BACK));
    }
  }

  /** Whether everybody got the entry by rights that still held. */
  private async pass(read: Read): Promise<boolean> {
    for (const audience of this.placement.classes()) {
      if (isStale(this.hub, read)) Object.assign(read, (await this.read([read.entry.row]))[0]);
      const { entry, named } = read;
      for (const part of audience.parts(entry, named, this.hub.now())) {
        if (!(await this.serve(audience.plan, part, entry))) return false;
        if (performance.now() - this.turn < TURN_MS) continue;
        await this.letOthers();
        if (hasChanged(this.hub, read)) return false;
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
    if (!this.placement.size) return Promise.resolve(rows.map(unread));
    const { ahead } = this;
    const same = ahead?.rows.length === rows.length && ahead.rows[0]?.seq === rows[0]?.seq;
    this.ahead = null;
    return ahead && same ? ahead.reads : readForAll(this.hub, rows);
  }

  /** WHY only while nothing is being delivered: what waits is read when its turn comes, in one go. */
  private readAhead(rows: readonly LogRow[]): void {
    const few = this.waiting && rows.length > 0 && rows.length <= BATCH && readable(rows) === rows;
    // What ended with an agreement is found by the policy, which is still being read.
    if (!few || !this.placement.size || rows.some((row) => row.itemId === null)) return;
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
    if (!this.placement.isCurrent()) return false;
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
}

function firstOf(part: readonly Person[], seq: number): Subscriber | null {
  for (const { members } of part) {
    for (const subscriber of members) {
      if (subscriber.seq < seq && !subscriber.ended) return subscriber;
    }
  }
  return null;
}
