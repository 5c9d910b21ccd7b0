import { setTimeout as delay } from "node:timers/promises";
import { Client } from "../../support/client";
import type { Act, Audience, Journal, Random } from "./journal";

const PAUSE_MS = 100;
/** So long all nodes may be away. */
const LONGEST_MS = 60_000;
/** Titles begin with it. */
export const RAW = "As the owner knows it";

export interface Ids {
  org: Record<string, string>;
  group: Record<string, string>;
}

/** Reaches one account at whichever node answers. */
export class AnyNode {
  constructor(
    private readonly urls: readonly string[],
    private readonly key: string,
    private readonly random: Random,
  ) {}

  /** Through one of the nodes; throws where it does not answer. */
  get once(): Client {
    return new Client(this.random.of(this.urls), this.key);
  }

  /** Asks until it is answered. Throws where no node does for a long time. */
  async insist<T>(ask: (client: Client) => Promise<T>): Promise<T> {
    for (const until = performance.now() + LONGEST_MS; ; await delay(PAUSE_MS)) {
      try {
        return await ask(this.once);
      } catch (error) {
        if (performance.now() > until) throw error;
      }
    }
  }
}

interface OwnRelease {
  id: string;
  title: string | null;
  state: string;
}

/** An item of a writer with a live release. */
interface Live {
  itemId: string;
  releaseId: string;
  title: string;
  audience: Audience;
  touched: boolean;
}

/** Releases, changes and withdraws its own items, one act after the other. What it is not told it asks. */
export class Writer {
  private readonly live: Live[] = [];
  private made = 0;
  private over = false;

  constructor(
    private readonly name: string,
    private readonly node: AnyNode,
    private readonly ids: Ids,
    private readonly audiences: readonly Audience[],
    private readonly journal: Journal,
    private readonly random: Random,
  ) {}

  stop(): void {
    this.over = true;
  }

  async run(): Promise<void> {
    while (!this.over) await this.step();
  }

  private step(): Promise<void> {
    const dice = this.random.next();
    const one = this.live.length ? this.random.of(this.live) : null;
    if (!one || dice < 0.5) return this.releaseNew(this.random.of(this.audiences));
    if (dice < 0.75) return this.withdraw(one);
    if (one.touched) return this.releaseNew(this.random.of(this.audiences));
    one.touched = true;
    return dice < 0.87 ? this.edit(one) : this.supersede(one);
  }

  /** Releases an item of its own, and withdraws it: whoever is entitled to either hears of both. */
  async releaseAndWithdraw(audience: Audience): Promise<void> {
    for (let done = false; !done;) {
      await this.releaseNew(audience);
      const made = this.live.at(-1);
      done = made?.audience === audience;
      if (made && done) await this.withdraw(made);
    }
  }

  private async releaseNew(audience: Audience): Promise<void> {
    const n = ++this.made;
    const input = {
      title: `${RAW}: ${this.name} ${n}`,
      category: "malicious-code",
      tlp: audience.everyone ? "CLEAR" : "AMBER",
    };
    let itemId: string;
    try {
      itemId = (await this.node.once.do("createIncident", { input })).id;
    } catch {
      // Nobody hears of it; it is left alone, whether it is there or not.
      return delay(PAUSE_MS);
    }
    const title = `${this.name} ${n} first`;
    const releaseId = await this.release(itemId, title, audience);
    if (releaseId) this.live.push({ itemId, releaseId, title, audience, touched: false });
    return undefined;
  }

  private async supersede(one: Live): Promise<void> {
    const title = one.title.replace("first", "second");
    const releaseId = await this.release(one.itemId, title, one.audience);
    if (releaseId) Object.assign(one, { releaseId, title });
    else this.live.splice(this.live.indexOf(one), 1);
  }

  /** @returns the release's id; null where it did not happen, or has not yet */
  private async release(itemId: string, title: string, to: Audience): Promise<string | null> {
    const act = this.begin("release", itemId, title, to);
    const input = {
      itemId,
      title,
      tlp: to.everyone ? "CLEAR" : "AMBER",
      ...(to.from && { fromGroupId: this.ids.group[to.from] }),
      ...(to.groups.length && { groupIds: to.groups.map((g) => this.ids.group[g]) }),
      ...(to.organizations.length && {
        organizationIds: to.organizations.map((o) => this.ids.org[o]),
      }),
      ...(to.everyone && { toEveryone: true }),
    };
    try {
      const { id } = await this.node.once.do("releaseItem", { input });
      this.journal.know(act, false);
      return id;
    } catch {
      const found = (await this.releasesOf(itemId)).find((r) => r.title === title);
      if (found) this.journal.know(act, true);
      return found?.id ?? null;
    }
  }

  private async edit({ itemId, title, audience }: Live): Promise<void> {
    const act = this.begin("edit", itemId, title, audience);
    const input = { title: RAW, category: "phishing", tlp: audience.everyone ? "CLEAR" : "AMBER" };
    const asked = await this.untilDone(
      (client) => client.do("updateIncident", { id: itemId, input }),
      async (client) =>
        (await client.ask<{ category: string }>("incident", { id: itemId }, "category"))
          .category === "phishing",
    );
    this.journal.know(act, asked);
  }

  private async withdraw(one: Live): Promise<void> {
    this.live.splice(this.live.indexOf(one), 1);
    const act = this.begin("withdraw", one.itemId, one.title, one.audience);
    const asked = await this.untilDone(
      (client) => client.do("withdrawRelease", { id: one.releaseId, reason: "Confidential" }),
      async (client) =>
        (await releasesOf(client, one.itemId)).find((r) => r.id === one.releaseId)?.state ===
        "WITHDRAWN",
    );
    this.journal.know(act, asked);
  }

  /** Does what may be done twice without harm until it has happened; whether it had to ask. */
  private async untilDone(
    act: (client: Client) => Promise<unknown>,
    happened: (client: Client) => Promise<boolean>,
  ): Promise<boolean> {
    for (;;) {
      try {
        await act(this.node.once);
        return false;
      } catch {
        if (await this.node.insist(happened)) return true;
      }
    }
  }

  private begin(kind: Act["kind"], itemId: string, title: string, audience: Audience): Act {
    return this.journal.begin({ kind, owner: this.name, itemId, title, audience });
  }

  private releasesOf(itemId: string): Promise<OwnRelease[]> {
    return this.node.insist((client) => releasesOf(client, itemId));
  }
}

const releasesOf = async (client: Client, itemId: string): Promise<OwnRelease[]> =>
  (
    await client.ask<{ releases: OwnRelease[] }>(
      "incident",
      { id: itemId },
      "releases { id title state }",
    )
  ).releases;

/** Suspends one member now and then, and takes it back. */
export class Coordinator {
  private over = false;

  constructor(
    private readonly node: AnyNode,
    private readonly membershipId: string,
    private readonly journal: Journal,
    private readonly random: Random,
  ) {}

  stop(): void {
    this.over = true;
  }

  async run(): Promise<void> {
    while (!this.over) {
      await this.journal.further(this.random.whole(5, 20));
      await this.make((await this.state()) === "ACTIVE" ? "SUSPENDED" : "ACTIVE");
    }
  }

  /** Until it is so. */
  async make(wanted: State): Promise<void> {
    const id = this.membershipId;
    while ((await this.state()) !== wanted) {
      const { once } = this.node;
      await (
        wanted === "ACTIVE"
          ? once.do("resumeMembership", { id })
          : once.do("suspendMembership", { id, reason: "Now and then" })
      ).catch(() => undefined);
    }
  }

  private async state(): Promise<string> {
    const { state } = await this.node.insist((client) =>
      client.ask<{ state: string }>(
        "node",
        { id: this.membershipId },
        "... on Membership { state }",
      ),
    );
    return state;
  }
}

type State = "ACTIVE" | "SUSPENDED";
