import type { GraphQLSchema } from "graphql";
import { Context } from "../context";
import { HubError } from "../errors";
import type { Hub } from "../hub";
import type { Operation } from "../operations";
import { entriesOf, isStale, readable } from "./entries";
import { COME_BACK, type Sink, type Subscriber } from "./audience-class";
import type { Following } from "./following";
import type { LogRow } from "./log";
import { Plans } from "./plan";
import { type Entry, isAfter, raisedFor, readFrom } from "./raise";

/** So many entries of the past are read at once. */
const BATCH = 50;

/** Follows the log for subscribers: what they missed one by one, then what comes with everybody else. */
export class Followers {
  private readonly plans: Plans;

  constructor(
    private readonly hub: Hub,
    schema: GraphQLSchema,
  ) {
    this.plans = new Plans(schema);
  }

  /** Begins to deliver what an operation asked for. */
  begin(operation: Operation, { from, filter }: Following, sink: Sink): Subscriber {
    const { session, address } = operation.contextValue;
    const plan = this.plans.take(operation, filter);
    const seq = readFrom(from);
    const subscriber = { plan, session, address, sink, from, seq, ended: false };
    // WHY at once where that is possible: nothing that comes from now on needs a reading of its own.
    if (!this.hub.fanOut.join(subscriber)) void this.catchUp(subscriber);
    return subscriber;
  }

  end(subscriber: Subscriber): void {
    if (subscriber.ended) return;
    subscriber.ended = true;
    this.hub.fanOut.leave(subscriber);
    this.plans.release(subscriber.plan);
  }

  /** Delivers what is past until there is no more, then hands over to the fan-out: without gap or repetition. */
  private async catchUp(subscriber: Subscriber): Promise<void> {
    const { hub } = this;
    while (!subscriber.ended && !hub.fanOut.join(subscriber)) {
      try {
        await subscriber.sink.ready();
        const rows = readable(await hub.log.after(subscriber.seq, BATCH));
        // Numbers may be missing.
        if (!rows.length) subscriber.seq = Math.max(subscriber.seq, hub.fanOut.position);
        await this.deliverAll(subscriber, rows);
      } catch (error) {
        if (error instanceof HubError) return subscriber.sink.end(error);
        if ((await hub.whenReached()) && !hub.stopping) continue;
        hub.logger.error({ err: error }, "delivering what was missed failed");
        return subscriber.sink.end(new HubError("INTERNAL", COME_BACK));
      }
    }
    return undefined;
  }

  /**
   * Delivers entries as fast as the client takes them, or those before the first of which something may have changed since
   * they were read: that and what follows is read anew.
   */
  private async deliverAll(subscriber: Subscriber, rows: readonly LogRow[]): Promise<void> {
    const { hub } = this;
    const at = { position: hub.log.position, since: performance.now() };
    for (const [i, entry] of (await entriesOf(hub, rows)).entries()) {
      if (i > 0 && isStale(hub, { entry, at })) return;
      await this.deliver(subscriber, entry);
      subscriber.seq = entry.row.seq;
      await subscriber.sink.ready();
    }
  }

  private async deliver(subscriber: Subscriber, entry: Entry): Promise<void> {
    const { plan, session, address, sink, from } = subscriber;
    const { directory } = this.hub;
    for (;;) {
      const { edition } = directory;
      const ctx = new Context(this.hub, session, "subscription", address);
      const raised = (await raisedFor(ctx, entry, plan.filter)).filter((one) => isAfter(one, from));
      const answers: string[] = [];
      for (const { alert } of raised) answers.push(await plan.answer(ctx, alert));
      // With other rights it is judged anew.
      if (directory.edition !== edition) continue;
      for (const [i, { shows }] of raised.entries()) {
        if (subscriber.ended) return;
        sink.send(Buffer.from(answers[i] ?? ""));
        shows?.record(ctx.viewer);
      }
      return;
    }
  }
}
