import type { Session } from "../auth/viewer";
import type { LogPosition } from "../cursors";
import type { HubError } from "../errors";
import type { ItemRow } from "../sharing/disclosure";
import type { Instant, Viewer } from "../sharing/parties";
import { heldAlike, type Standing } from "../sharing/standing";
import type { AlertTypeName } from "./log";
import type { Plan } from "./plan";
import type { Entry } from "./raise";

/** Where a subscription's alerts go. */
export interface Sink {
  /** @param answer JSON of an execution result, in UTF-8; the same buffer may go to many */
  send(answer: Buffer): void;
  /** Ends the subscription; nothing follows. */
  end(error: HubError): void;
  /** Resolves when it takes more, or has ended. */
  ready(): Promise<void>;
}

/** What one that ends is told to do. */
export const COME_BACK = "Come back with your cursor.";

/** One subscription. */
export interface Subscriber {
  readonly plan: Plan;
  readonly session: Session | null;
  /** Where it comes from, for the audit log. */
  readonly address: string | null;
  readonly sink: Sink;
  /** What it has seen already when it began. */
  readonly from: LogPosition;
  /** Everything up to this number was sent, or is not for it. */
  seq: number;
  ended: boolean;
}

/** All subscriptions of one class with one kind of credential of one account. */
export interface Person {
  readonly viewer: Viewer | null;
  readonly members: Set<Subscriber>;
}

/** Persons of whom any one stands for all. */
export interface Part {
  persons: readonly Person[];
  /** Whether they are of several organizations, perhaps. */
  alike: boolean;
}
const alone = (person: Person): Part => ({ persons: [person], alike: false });

/** Entries that a whole class can get alike. All others name persons, or are rare. */
const TO_MANY: ReadonlySet<AlertTypeName> = new Set<AlertTypeName>([
  "ITEM_RELEASED",
  "ITEM_UPDATED",
  "ITEM_WITHDRAWN",
  "ACCESS_ENDED",
  "SIGHTING_ADDED",
]);

/**
 * Subscribers with the same question and the same standing: of most entries one decision, one execution and one answer
 * serve them all. Whom an entry names, and who held its rights at another time, is judged apart.
 */
export class AudienceClass {
  private readonly byStanding = new Map<Standing | null, Map<string, Person>>();
  /** By organization and by account. */
  private readonly byId = new Map<string, Set<Person>>();
  /** Since when the last of the class holds its rights to a target. */
  private readonly latest = new Map<string, Instant>();
  private from = -Infinity;
  private until: Instant = Infinity;

  private readonly persons = new Map<Subscriber, Person>();

  constructor(readonly plan: Plan) {}

  /** @param standing null: nobody but this account is of the class */
  add(subscriber: Subscriber, viewer: Viewer | null, standing: Standing | null): void {
    this.from = Math.max(this.from, standing?.from ?? -Infinity);
    this.until = Math.min(this.until, standing?.until ?? Infinity);
    for (const [target, since] of standing?.since ?? [])
      this.latest.set(target, Math.max(...since, this.latest.get(target) ?? -Infinity));
    const key = viewer ? `${viewer.accountId} ${viewer.ownCredential}` : "";
    const alike = entryOf(this.byStanding, standing, () => new Map<string, Person>());
    const person = entryOf(alike, key, () => ({ viewer, members: new Set<Subscriber>() }));
    person.members.add(subscriber);
    this.persons.set(subscriber, person);
    for (const id of viewer ? [viewer.organizationId, viewer.accountId] : [])
      entryOf(this.byId, id, () => new Set<Person>()).add(person);
  }

  /** Whether nobody is left. */
  remove(subscriber: Subscriber): boolean {
    this.persons.get(subscriber)?.members.delete(subscriber);
    this.persons.delete(subscriber);
    return this.persons.size === 0;
  }

  /**
   * Divides the class by an entry: of each part, any one stands for all.
   * @param named whom the entry names (`namedIn`)
   */
  parts(entry: Entry, named: ReadonlySet<string>, now: Instant): Part[] {
    if (!this.servesAlike(entry, now)) return this.each();
    const apart = new Set<Person>();
    for (const id of named) for (const person of this.byId.get(id) ?? []) apart.add(person);
    const parts = new Map<string, Person[]>();
    const audiences = itemsOf(entry).flatMap((item) => item.audiences);
    const sinceAll = audiences.every(
      (a) => a.releasedAt >= (this.latest.get(a.target) ?? -Infinity),
    );
    for (const [standing, persons] of this.byStanding) {
      const held = standing && !sinceAll ? heldAlike(standing, audiences) : "";
      const part = entryOf(parts, held, (): Person[] => []);
      for (const person of persons.values()) if (!apart.has(person)) part.push(person);
    }
    return [
      ...[...parts.values()].map((persons): Part => ({ persons, alike: true })),
      ...[...apart].map(alone),
    ];
  }

  private each(): Part[] {
    return [...this.byStanding.values()].flatMap((persons) => [...persons.values()].map(alone));
  }

  /** Whether rights were the same from immediately before the entry until now, and nothing of it is for one alone. */
  private servesAlike({ row, item }: Entry, now: Instant): boolean {
    const { type, subject, linked, at } = row;
    const general = item !== null && TO_MANY.has(type) && subject === null && !linked.length;
    return general && at > this.from && now < this.until;
  }
}

/** The organizations and accounts that an entry, or what it is about, names. */
export function namedIn(entry: Entry): Set<string> {
  const { row } = entry;
  const named = new Set([row.actorOrganizationId]);
  for (const id of [row.organizationId, row.target]) if (id !== null) named.add(id);
  for (const item of itemsOf(entry)) {
    named.add(item.ownerId);
    for (const { target } of item.audiences) named.add(target);
  }
  return named;
}

const itemsOf = ({ item, folded }: Entry): ItemRow[] =>
  [item, ...folded.map((one) => one.item)].filter((one) => one !== null);

function entryOf<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  let value = map.get(key);
  if (value === undefined) map.set(key, (value = make()));
  return value;
}
