import type { Account } from "./auth/account.entity";
import { accountOf, viewerOf, type Session } from "./auth/viewer";
import { Batch } from "./batch";
import { HubError } from "./errors";
import type { Hub } from "./hub";
import type { Channel } from "./ledger/ledger";
import { releasesOf } from "./release/release-store";
import type { Release } from "./release/release.type";
import type { Directory } from "./sharing/directory";
import type { ItemView } from "./sharing/disclosure";
import type { AudienceFacts, StoredKind } from "./sharing/facts";
import type { Viewer } from "./sharing/parties";
import { type Scope, scopeOf } from "./sharing/policy";
import { Reader } from "./sharing/reader";
import { isWithheld } from "./sharing/fields";
import { loadItemsOfAnyKind, loadObservables } from "./sharing/item-rows";
import type { Observable } from "./observable/observable";
import { readScores, type Score } from "./sharing/scores";
import { change, type Change, type ChangeKind } from "./transaction";

const MAX_PARTIES = 50_000;

/** What a resolver works with: the viewer as things are now, the one way to read, and the one way to change. */
export class Context {
  /** The mutation under way, for the audit log. */
  act = "load demo";
  private answered = 0;
  private current: Scope | null = null;
  /** The viewer of one instant, by one edition of the parties. */
  private known: { viewer: Viewer | null; at: number; edition: object } | null = null;
  private readonly links = new Map<StoredKind, Batch<ItemView[]>>();
  private observed: Batch<Observable[]> | null = null;
  private releases: Batch<Release[]> | null = null;
  private audiences: Batch<readonly AudienceFacts[]> | null = null;
  private scores: Batch<Score> | null = null;
  private readonly scored = new Map<string, ItemView>();
  private readonly written = new Set<string>();

  constructor(
    readonly hub: Hub,
    readonly session: Session | null,
    readonly channel: Channel,
    /** Where the request comes from, for the audit log. */
    readonly address: string | null = null,
  ) {}

  /** The same viewer at a later moment. */
  again(): Context {
    return new Context(this.hub, this.session, this.channel, this.address);
  }

  /** Counts the parties that go into one answer, which lists within lists multiply. Throws QUERY_TOO_COMPLEX past a bound. */
  answering<T>(parties: T[]): T[] {
    this.answered += parties.length;
    if (this.answered > MAX_PARTIES) {
      throw new HubError(
        "QUERY_TOO_COMPLEX",
        `The answer would have more than ${MAX_PARTIES} parties.`,
      );
    }
    return parties;
  }

  /** Forgets what was computed for an earlier moment: before each alert of a subscription. */
  renew(): void {
    this.current = null;
    this.links.clear();
    this.scores = null;
    this.observed = null;
    this.releases = null;
    this.audiences = null;
  }

  get directory(): Directory {
    return this.hub.directory;
  }

  /** null: anonymous. Throws UNAUTHENTICATED once the credential is no longer good. */
  get viewer(): Viewer | null {
    const { edition } = this.directory;
    const at = this.hub.now();
    if (this.known?.at !== at || this.known.edition !== edition)
      this.known = { viewer: viewerOf(this.hub, this.session), at, edition };
    return this.known.viewer;
  }

  /** The viewer's account. Throws UNAUTHENTICATED for the anonymous viewer. */
  account(): Account {
    if (!this.session) throw new HubError("UNAUTHENTICATED", "This needs an API key.");
    return accountOf(this.hub, this.session);
  }

  /** The viewer's account; null for the anonymous viewer. */
  maybeAccount(): Account | null {
    return this.session && this.account();
  }

  now(): Date {
    return new Date(this.hub.now());
  }

  /** What the viewer may see at this instant; computed once a request, and anew after each change it makes. */
  scope(): Scope {
    return (this.current ??= this.scopeAt(this.hub.now()));
  }

  /** The viewer wrote this item in this request, and is shown it in the answer whatever its credential. */
  wrote(uuid: string): void {
    this.written.add(uuid);
  }

  /** What the viewer may see at another instant, by the parties and agreements as they were then. */
  scopeAt(at: number): Scope {
    return scopeOf(this.viewer, this.directory, at, this.written);
  }

  read(kind: StoredKind): Reader {
    return new Reader(this.hub, this.scope(), this.channel, kind);
  }

  /** As `read`, at the instant of a change. */
  readAt(kind: StoredKind, at: number): Reader {
    return new Reader(this.hub, this.scopeAt(at), this.channel, kind);
  }

  /** The visible items that an item links to. Asked for many items at once it makes one query. */
  linked(kind: StoredKind, sourceUuid: string): Promise<ItemView[]> {
    let batch = this.links.get(kind);
    if (!batch) {
      batch = new Batch(async (uuids) => this.read(kind).linkedFrom(uuids));
      this.links.set(kind, batch);
    }
    return batch.load(sourceUuid).then((views) => views ?? []);
  }

  /** Score and sightings of an indicator. Asked for many at once it makes one query. */
  async score(indicator: ItemView): Promise<Score> {
    this.scored.set(indicator.uuid, indicator);
    this.scores ??= new Batch((uuids) =>
      readScores(
        this.hub,
        this.scope(),
        uuids.flatMap((uuid) => this.scored.get(uuid) ?? []),
      ),
    );
    return (await this.scores.load(indicator.uuid)) ?? { score: null, seen: 0 };
  }

  /** The observables of an indicator, where they are shown. Asked for many at once it makes one query. */
  async observables(indicator: ItemView): Promise<Observable[]> {
    if (isWithheld("observables", indicator.withheld)) return [];
    this.observed ??= new Batch((uuids) => loadObservables(this.hub.pool, uuids));
    return (await this.observed.load(indicator.uuid)) ?? [];
  }

  /** The releases of an item that the viewer sees whole. Asked for many items at once it makes one query. */
  releasesOf(itemUuid: string): Promise<Release[]> {
    this.releases ??= new Batch((uuids) => releasesOf(this.hub.pool, uuids, this.hub.now()));
    return this.releases.load(itemUuid).then((releases) => releases ?? []);
  }

  /** Every audience of an item that ever was, of one that the viewer sees whole. Many at once make one query a kind. */
  audiencesOf(itemUuid: string): Promise<readonly AudienceFacts[]> {
    this.audiences ??= new Batch(async (uuids) => {
      const items = await loadItemsOfAnyKind(this.hub.pool, uuids);
      return new Map([...items].map(([uuid, item]) => [uuid, item.audiences]));
    });
    return this.audiences.load(itemUuid).then((audiences) => audiences ?? []);
  }

  /** One change in one transaction, by the viewer's account. */
  async change<T>(kind: ChangeKind, work: (change: Change) => Promise<T>): Promise<T> {
    this.account();
    const { act, address } = this;
    const origin = { by: () => this.account(), act, address, keyId: this.session?.keyId ?? null };
    const result = await change(this.hub, origin, kind, work);
    this.renew();
    return result;
  }
}
