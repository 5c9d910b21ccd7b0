import { DAY, instantOf, listed } from "../sharing/scenario-world";
import { type AlertSubscription, replay, type TestAlert } from "../support/alerts";
import { MINUTE } from "../support/hub";
import { act } from "./acts";
import { aboutItems, alertsDue, brief, FULL_ALERT } from "./alerts-due";
import { expectAsWritten } from "./as-written";
import { expectDoors, inOrder, type Others } from "./ask";
import { askedBy, type Asker, type Community, of, spokenOf } from "./community";
import { furtherDoors, mainDoors } from "./doors-of";
import { decisionsAsked, expectDecision, whoAndWhen } from "./decisions";
import { expectPreview, expectRefusal } from "./preview";
import type { Shown } from "./selections";

const LAST_DAY = 9;

/** A scenario, told day by day to the running hub, with everybody's questions on the way. */
export class Story {
  private readonly others = new Map<Asker, Others>();
  private readonly heard = new Map<Asker, TestAlert[]>();
  private subscriptions: AlertSubscription[] = [];
  /** When each instant of the scenario was asked about, as the hub's clock had it. */
  private readonly moments = new Map<number, number>();
  private start: string | null = null;

  constructor(private readonly community: Community) {}

  /** @returns at how many instants it was asked */
  async tell(): Promise<number> {
    const { hub, askers } = this.community;
    const { alertCursor } = await hub.operator.ask<{ alertCursor: string }>(
      "viewer",
      {},
      "alertCursor",
    );
    this.start = alertCursor;
    const clients = askers.map((a) => a.client);
    this.subscriptions = await hub.subscribeAll(clients, { selection: FULL_ALERT });
    const instants = this.instants();
    try {
      for (const instant of instants) {
        if ((instant - instantOf(0)) % DAY === 0) await this.live((instant - instantOf(0)) / DAY);
        else await this.ask(instant);
      }
    } finally {
      await Promise.all(this.subscriptions.map((s) => s.close()));
    }
    await this.lookBack();
    return instants.length;
  }

  /** Each day, and each instant before a day that the scenario speaks of. */
  private instants(): number[] {
    const days = Array.from({ length: LAST_DAY + 1 }, (_, day) => instantOf(day));
    const spoken = spokenOf(this.community.scenario).map((text) => this.instantOf(text));
    return [...new Set([...spoken, ...days])].toSorted((a, b) => a - b);
  }

  /** The instant of `Botan of outage on day 3`. */
  private instantOf(text: string): number {
    return this.community.world.viewer(whoAndWhen(text)).now;
  }

  /** One day: its acts, everybody's questions after them, and the alerts that they, and the clock, have raised. */
  private async live(day: number): Promise<void> {
    const { community } = this;
    const { hub } = community;
    hub.clock.moveTo(community.real(instantOf(day)));
    await act(
      community,
      day,
      (r) => expectPreview(community, r),
      async (r, refusal) => expectRefusal(community, r, refusal),
    );
    hub.clock.advance(MINUTE);
    const released = community.releases.some((r) => r.day === day);
    const shown = released || this.written(day) ? await this.ask(instantOf(day)) : null;
    await hub.sweep();
    // What an idle day brings is heard on the next.
    const due = community.askers.map((a) => alertsDue(community, a, day, instantOf(LAST_DAY)).live);
    if (!shown && day < LAST_DAY && due.every((alerts) => !alerts.length)) return;
    const alerts = await hub.restOf(this.subscriptions);
    community.askers.forEach((asker, i) => {
      const about = aboutItems(community, alerts[i] ?? []);
      this.heard.set(asker, [...(this.heard.get(asker) ?? []), ...about]);
      const heard = brief(community, about);
      const when = `${asker.who} on day ${day}`;
      expectAt(when, heard, due[i]);
      for (const { item } of about)
        if (item && shown)
          expectAt(when, inOrder(item as unknown as Shown), shown.get(asker)?.get(item.id));
    });
  }

  /** Whether the scenario speaks of a day. */
  private written(day: number): boolean {
    const { scenario } = this.community;
    return spokenOf(scenario).some((text) => this.instantOf(text) === instantOf(day));
  }

  /**
   * Asks everybody at this moment, which is an instant of the scenario, and those of whom it speaks there at every door.
   * Returns what each is shown, by the items' ids.
   */
  private async ask(instant: number): Promise<Map<Asker, Map<string, Shown>>> {
    const { community } = this;
    community.hub.clock.moveTo(Math.max(community.hub.clock.now(), community.real(instant)));
    this.moments.set(instant, community.hub.clock.now());
    const spoken = spokenOf(community.scenario).filter((text) => this.instantOf(text) === instant);
    const shown = new Map<Asker, Map<string, Shown>>();
    const main = mainDoors(community);
    const every = [...main, ...furtherDoors(community)];
    await Promise.all(
      community.askers.map(async (asker) => {
        const others = this.others.get(asker) ?? new Map<string, number>();
        this.others.set(asker, others);
        const doors = spoken.some((text) => askedBy(text) === asker.who) ? every : main;
        shown.set(asker, await expectDoors(community, asker, instant, doors, others));
      }),
    );
    this.expectWritten(instant, shown);
    for (const asked of decisionsAsked(community).filter((a) => a.now === instant))
      await expectDecision(community, asked, null);
    return shown;
  }

  /** What the scenario writes of this instant, word by word. */
  private expectWritten(instant: number, shown: Map<Asker, Map<string, Shown>>): void {
    const { community } = this;
    const { world, scenario } = community;
    const viewOf = (text: string, item: string): Shown | undefined => {
      const asker = community.askers.find((a) => a.who === askedBy(text));
      return asker && shown.get(asker)?.get(community.idOf(world.item(item).id));
    };
    const now = (text: string): boolean => this.instantOf(text) === instant;
    const says = (of: Record<string, string | string[]> | undefined): [string, string[]][] =>
      Object.entries(of ?? {}).flatMap(([text, items]) =>
        now(text) ? [[text, listed(items)]] : [],
      );
    for (const [text, items] of says(scenario.sees))
      expectAt(
        text,
        items.filter((item) => viewOf(text, item)),
        items,
      );
    for (const [text, items] of says(scenario["does-not-see"]))
      expectAt(
        text,
        items.filter((item) => viewOf(text, item)),
        [],
      );
    for (const [text, written] of Object.entries(scenario.fields ?? {})) {
      if (!now(text)) continue;
      const view = viewOf(text, of(text));
      if (!view) throw new Error(`${text} shows nothing`);
      expectAsWritten(community, view, written);
    }
  }

  /** After the last day: the alerts are replayed, by query and by subscription, and the past explains itself. */
  private async lookBack(): Promise<void> {
    const { community, start } = this;
    const { hub, askers } = community;
    const end = instantOf(LAST_DAY);
    const again = await hub.subscribeAll(
      askers.map((a) => a.client),
      { selection: FULL_ALERT, after: start },
    );
    const streamed = await hub.restOf(again);
    await Promise.all(again.map((s) => s.close()));
    for (const [i, asker] of askers.entries()) {
      const days = Array.from({ length: LAST_DAY + 1 }, (_, day) => day);
      const due = days.flatMap((day) => alertsDue(community, asker, day, end).replayed);
      const replayed = await replay(asker.client, start, null, 100, FULL_ALERT);
      for (const alerts of [replayed, streamed[i] ?? []]) {
        const about = aboutItems(community, alerts);
        expectAt(asker.who, brief(community, about), due.toSorted());
        // What was heard as it happened, without what was lost since.
        const cursors = (this.heard.get(asker) ?? []).map((a) => a.cursor);
        const unheard = about.map((a) => a.cursor).filter((c) => !cursors.includes(c));
        expectAt(asker.who, unheard, []);
      }
    }
    for (const asked of decisionsAsked(community)) {
      const at = this.moments.get(asked.now);
      if (at !== undefined) await expectDecision(community, asked, at);
    }
  }
}

/** @param when what a failure names */
function expectAt(when: string, is: unknown, must: unknown): void {
  expect({ [when]: is }).toEqual({ [when]: must });
}
