import { type AlertSubscription, replay, subscribe, type TestAlert } from "../../support/alerts";
import type { World } from "./world";
import { told, type Told, toldBy } from "./told";

/** One alert that a viewer has received: its cursor, and which act it told of. */
interface Heard {
  cursor: string;
  act: number;
  alert: Told;
}

interface Ear {
  viewer: string;
  includeOwn: boolean;
  subscription: AlertSubscription;
  /** The first act of which nothing was heard yet. */
  next: number;
  /** Of the act before it: what was told before this subscription began. */
  before: Told[];
}

const text = (all: readonly Told[][]): string[] => all.flat();

/** The open subscriptions, and what each must have heard. */
export class Ears {
  readonly open: Ear[] = [];
  /** By viewer: what it has ever received, in order. */
  private readonly received = new Map<string, Heard[]>();

  constructor(private readonly world: World) {}

  /** Subscribes, live alone or after one of the alerts that the viewer has received with the same filter. */
  async subscribe(viewer: string, includeOwn: boolean, resume: number | null): Promise<string> {
    const heard = this.received.get(`${viewer} ${includeOwn}`) ?? [];
    const after = resume === null ? undefined : heard[resume % Math.max(1, heard.length)];
    const { client, hub } = this.of(viewer);
    const subscription = subscribe(hub.url, client.key, () => Promise.resolve(""), {
      filter: { includeOwn },
      ...(after && { after: after.cursor }),
    });
    await subscription.opened;
    const upTo = after ? heard.indexOf(after) : -1;
    this.open.push({
      viewer,
      includeOwn,
      subscription,
      next: after ? after.act : this.world.acts.length,
      before: heard.flatMap((h, i) => (i <= upTo && h.act === after?.act ? [h.alert] : [])),
    });
    return after ? `after ${after.alert}` : "live";
  }

  private of(viewer: string): { client: { key: string | null }; hub: World["hub"] } {
    return { client: this.world.client(viewer), hub: this.world.hub };
  }

  async drop(i: number): Promise<string> {
    const [ear] = this.open.splice(i % this.open.length, 1);
    await ear?.subscription.close();
    return `that of ${ear?.viewer}`;
  }

  /** Lets every subscription hear what there is, and compares it with what it must hear. */
  async listen(): Promise<void> {
    const beacon = await this.world.beacon();
    await Promise.all([...this.open].map((ear) => this.hears(ear, beacon)));
  }

  private async hears(ear: Ear, beacon: number): Promise<void> {
    const { world } = this;
    if (!world.history.letIn(ear.viewer, world.now())) {
      this.open.splice(this.open.indexOf(ear), 1);
      const { closed } = await ear.subscription.end();
      const late = await ear.subscription.next().catch(() => null);
      await ear.subscription.close();
      if (closed !== 4403 || late)
        throw new Error(`${ear.viewer} is not let in: closed with ${closed}, heard ${late?.type}`);
      return;
    }
    const alerts = await this.upTo(ear.subscription, beacon);
    const key = `${ear.viewer} ${ear.includeOwn}`;
    const expected = this.expected(ear.viewer, ear.includeOwn, ear.next, ear.before);
    const placed = this.compare(`${key} hears`, alerts, expected, ear.next);
    const known = this.received.get(key) ?? [];
    for (const one of placed) if (!known.some((k) => k.cursor === one.cursor)) known.push(one);
    // A subscription that goes back hears anew what another has heard: the same, under the same cursors.
    this.received.set(
      key,
      known.toSorted((a, b) => a.act - b.act),
    );
    ear.next = world.acts.length;
    ear.before = [];
  }

  /** By query, from the beginning: what a viewer may still be told of everything that happened. */
  async replays(viewer: string, includeOwn: boolean): Promise<void> {
    const alerts = await replay(this.world.client(viewer), this.world.start, { includeOwn });
    const rest = alerts.filter((a) => a.itemId !== this.world.beaconId);
    const expected = this.expected(viewer, includeOwn, 0, []);
    this.compare(`${viewer} ${includeOwn} replays`, rest, expected, 0);
  }

  private expected(
    viewer: string,
    includeOwn: boolean,
    from: number,
    before: readonly Told[],
  ): Told[][] {
    const { history, acts } = this.world;
    return acts.slice(from).map((act, i) => {
      const all = toldBy(history, act, viewer, includeOwn, this.world.now());
      return i === 0 ? all.filter((one) => !before.some((b) => sameAlert(b, one))) : all;
    });
  }

  /** Throws where they differ. Within one act the order is the hub's own. Returns what was heard, with its act. */
  private compare(
    who: string,
    alerts: readonly TestAlert[],
    expected: readonly Told[][],
    first: number,
  ): Heard[] {
    const heard = alerts.map((a) => ({ cursor: a.cursor, alert: this.toldOf(a) }));
    const result: Heard[] = [];
    let at = 0;
    const actual = expected.map((act, i) => {
      const part = heard.slice(at, at + act.length);
      at += act.length;
      result.push(...part.map((h) => ({ ...h, act: first + i })));
      return part.map((h) => h.alert).toSorted();
    });
    actual.push(heard.slice(at).map((h) => h.alert));
    const cursors = new Set(heard.map((h) => h.cursor));
    const [is, must] = [text(actual), text(expected)];
    if (JSON.stringify(is) !== JSON.stringify(must) || cursors.size !== heard.length)
      throw new Error(`${who}\n  is       ${is.join(", ")}\n  but must ${must.join(", ")}`);
    return result;
  }

  private toldOf({ type, at, itemId, item, subject }: TestAlert): Told {
    const about = itemId ?? (subject && subject.id);
    const name = about === null ? null : this.world.nameOf(about);
    return told(type, Date.parse(at), name, item?.tlp);
  }

  private async upTo(subscription: AlertSubscription, beacon: number): Promise<TestAlert[]> {
    const alerts: TestAlert[] = [];
    for (;;) {
      const alert = await subscription.next();
      if (alert.itemId !== this.world.beaconId) alerts.push(alert);
      else if (Date.parse(alert.at) === beacon) return alerts;
    }
  }
}

/** The TLP of an alert is that of its delivery. */
const sameAlert = (a: Told, b: Told): boolean => {
  const lasting = (one: Told): string => one.replace(/ [A-Z_]+ @/, " @");
  return lasting(a) === lasting(b);
};
