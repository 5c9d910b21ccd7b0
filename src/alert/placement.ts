import { viewerOf } from "../auth/viewer";
import { HubError } from "../errors";
import type { Hub } from "../hub";
import type { Viewer } from "../sharing/parties";
import { isAnalyst } from "../sharing/policy";
import { type Standing, standingOf } from "../sharing/standing";
import { AudienceClass, COME_BACK, type Subscriber } from "./audience-class";
import type { Plan } from "./plan";
import { wantsMatches } from "./raise";

/** Who somebody is, for as long as parties and rights stay as they are. */
interface Identity {
  viewer: Viewer | null;
  standing: Standing | null;
}

/** Which subscriber is of which class, for as long as parties, rights and credentials stay as they are. */
export class Placement {
  /** With the name of the class that each is in. */
  private readonly placed = new Map<Subscriber, string>();
  private byName = new Map<string, AudienceClass>();
  /** By key. */
  private identities = new Map<string, Identity>();
  /** One for all accounts of an organization with the same affiliation. */
  private standings = new Map<string, Standing>();
  private edition: object | null = null;
  private watches = "";
  /** When somebody's rights or credential next end by the clock. */
  private until = Infinity;

  constructor(private readonly hub: Hub) {}

  /** How many subscribers there are. */
  get size(): number {
    return this.placed.size;
  }

  subscribers(): Iterable<Subscriber> {
    return this.placed.keys();
  }

  add(subscriber: Subscriber): void {
    this.placed.set(subscriber, "");
    if (this.isCurrent()) this.place(subscriber);
  }

  remove(subscriber: Subscriber): void {
    const name = this.placed.get(subscriber) ?? "";
    this.placed.delete(subscriber);
    if (this.byName.get(name)?.remove(subscriber)) this.byName.delete(name);
  }

  /** The classes as they are now, made anew where they no longer follow from how things are. */
  classes(): Iterable<AudienceClass> {
    if (!this.isCurrent()) this.placeAll();
    return this.byName.values();
  }

  /** Whether the classes still follow from how parties, rights and credentials are. */
  isCurrent(): boolean {
    const { directory, watches } = this.hub;
    const same = this.edition === directory.edition && this.watches === watches.version;
    return same && this.hub.now() < this.until;
  }

  private placeAll(): void {
    this.edition = this.hub.directory.edition;
    this.watches = this.hub.watches.version;
    this.until = Infinity;
    this.byName = new Map();
    this.identities = new Map();
    this.standings = new Map();
    for (const subscriber of this.placed.keys()) this.place(subscriber);
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
      let audience = this.byName.get(name);
      if (!audience) this.byName.set(name, (audience = new AudienceClass(plan)));
      audience.add(subscriber, viewer, alike);
      this.placed.set(subscriber, name);
    } catch (error) {
      this.placed.delete(subscriber);
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
