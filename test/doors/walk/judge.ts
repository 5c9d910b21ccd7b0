import { globalId, parseGlobalId } from "../../../src/ids";
import { papOf } from "../../../src/sharing/pap";
import { tlpOf } from "../../../src/sharing/tlp";
import { attributionOf } from "../../../src/sharing/vocabulary";
import type { WorldItem } from "../../sharing/generated-world";
import { oracle, type Verdict } from "../../sharing/oracle";
import { scoreOf, timesSeen } from "../../sharing/judges/expected";
import { FIELDS } from "../../sharing/worlds/consent";
import { KnownTo, type Walker } from "./known-to";

type Answered = Record<string, unknown>;

/** What is wrong, by the path of a leaf in its document. */
export type Failures = string[];

/** Compares every leaf of answers that somebody got with what the oracle allows. */
export class Judge {
  readonly failures: Failures = [];
  /** Every field of every type that was in an answer. */
  readonly reached = new Set<string>();
  private readonly known: KnownTo;
  private readonly items: Map<string, WorldItem>;

  constructor(private readonly walker: Walker) {
    this.known = new KnownTo(walker);
    this.items = new Map(walker.settled.world.items.map((i) => [i.id, i]));
  }

  /** Walks a whole answer: data, errors and whatever else it has. */
  answer(asked: string, body: unknown): void {
    this.walk(body, asked);
  }

  /** What an unfiltered list counts: what is visible, and nothing else. */
  counted(field: string, body: { data?: unknown }): void {
    const kind = field.replace(/ies$/, "y").replace(/s$/, "").toUpperCase();
    const list = (body.data as Record<string, Answered> | null | undefined)?.[field];
    if (list?.totalCount === undefined || field === "disclosures") return;
    const visible = [...this.items.values()].filter(
      (i) => i.kind === kind && this.walker.verdicts.get(i.id)?.visible,
    );
    this.same(`${field}.totalCount`, list.totalCount, visible.length);
  }

  private walk(value: unknown, path: string): void {
    if (Array.isArray(value)) value.forEach((one, i) => this.walk(one, `${path}.${i}`));
    else if (typeof value === "object" && value !== null) this.object(value as Answered, path);
    else this.leaf(value, path);
  }

  private leaf(value: unknown, path: string): void {
    if (typeof value !== "string") return;
    const secrets = this.known.secretsIn(value);
    if (secrets.length) this.fail(path, `tells ${secrets.join()}`);
    if (!/[cC]ursor$/.test(path)) return;
    const bytes = Buffer.from(value, "base64url").toString("hex");
    for (const id of this.items.keys())
      if (bytes.includes(id.replaceAll("-", ""))) this.fail(path, `has the id ${id}`);
  }

  private object(answered: Answered, path: string): void {
    const { __typename: type } = answered as { __typename?: string };
    const object: Answered = {};
    for (const [key, value] of Object.entries(answered)) {
      const field = key.startsWith(`${type}_`) ? key.slice(`${type}_`.length) : key;
      object[field] = value;
      if (type && field !== "__typename") this.reached.add(`${type}.${field}`);
      // The value that was asked for is no secret to who asks.
      if (type === "LookupResult" && (field === "value" || field === "normalized")) continue;
      this.walk(value, `${path}.${field}`);
    }
    if (type === "Incident" || type === "Indicator" || type === "Advisory")
      this.item(object, type, path);
    if (type === "LookupResult" && object.indicators) this.lookup(object, path);
    if (type === "Alert") this.alert(object, path);
    if (type === "Release") this.release(object, path);
  }

  private fail(path: string, what: string): void {
    this.failures.push(`${this.walker.who} at ${path}: ${what}`);
  }

  private item(object: Answered, type: string, path: string): void {
    const { uuid } = parseGlobalId(String(object.id)) ?? {};
    const item = this.items.get(uuid ?? "");
    const verdict = item && this.walker.verdicts.get(item.id);
    // What is not of the world was made by the walker itself.
    if (!item) return;
    if (!verdict?.visible) return this.fail(path, `shows the hidden item ${String(object.id)}`);
    const must = this.viewOf(item, verdict, object);
    for (const [field, value] of Object.entries(object)) {
      if (field === "__typename") continue;
      if (!(field in must))
        this.fail(path, `the oracle knows no ${type}.${field}: say what it shows`);
      else if (field === "source") this.source(value as Answered, item, verdict, path);
      else if (field === "indicators") this.indicators(value as Answered, must[field], path);
      else this.same(`${path}.${field}`, shape(field, value), must[field]);
    }
    return undefined;
  }

  /** Who it is from: the owner where it is named, and nobody else. */
  private source(source: Answered, item: WorldItem, verdict: Verdict, path: string): void {
    const attribution = attributionOf(verdict.attribution);
    this.same(`${path}.source.attribution`, source.attribution, attribution);
    if (attribution === "ANONYMOUS") this.same(`${path}.source.sector`, source.sector, null);
    if (source.organization === undefined) return;
    const { id } = (source.organization ?? { id: null }) as { id: string | null };
    const owner = attribution === "NAMED" ? globalId("organization", item.ownerId) : null;
    this.same(`${path}.source.organization`, id, owner);
  }

  /** Exactly the indicators that assert the value before the walker's eyes. */
  private lookup({ value, indicators }: Answered, path: string): void {
    const asserting = this.walker.settled.world.items.filter(
      (i) =>
        i.observables.some((o) => o.value === value) &&
        this.walker.verdicts.get(i.id)?.fields.has("observables"),
    );
    const must = asserting.map((i) => i.id).toSorted();
    this.same(`${path}.indicators`, uuids(indicators as Identified[]), must);
  }

  /** A page of linked indicators, or their number alone. */
  private indicators({ totalCount, nodes }: Answered, must: unknown, path: string): void {
    const ids = must as string[];
    this.same(`${path}.indicators.totalCount`, totalCount, ids.length);
    if (nodes) this.same(`${path}.indicators.nodes`, uuids(nodes as Identified[]), ids);
  }

  private same(path: string, is: unknown, must: unknown): void {
    const [a, b] = [JSON.stringify(is), JSON.stringify(must)];
    if (a !== b && must !== ANYTHING) this.fail(path, `is ${a} but must be ${b}`);
  }

  /** Everything that an item shows to the walker, in the shape that `shape` gives it. */
  private viewOf(item: WorldItem, verdict: Verdict, object: Answered): Answered {
    const { world } = this.walker.settled;
    const shown = (field: string, value: unknown, empty: unknown = null): unknown =>
      verdict.fields.has(field) ? (value ?? empty) : empty;
    const own = verdict.paths.some((p) => p === "OWNER" || p === "OPERATOR");
    const said = world.said.get(item) ?? {};
    const named = verdict.attribution === 2;
    const [newest] = verdict.audiences.toSorted((a, b) => b.releasedAt - a.releasedAt);
    const worded = verdict.whole ? item.own : newest && item.wordings.get(newest.releaseId);
    const stixId = (object.stixId as string | undefined) ?? "";
    const { __typename: type } = object as { __typename?: string };
    const generated = `${String(type)} ${stixId.split("--")[1]?.slice(0, 8)}`;
    const title = shown("title", worded?.title);
    const fields = FIELDS.filter((f) => f in object || f === "source");
    const visible = (ids: string[]): string[] =>
      ids.filter((id) => this.walker.verdicts.get(id)?.visible).toSorted();
    return {
      ...Object.fromEntries(
        Object.entries(said).map(([f, value]) => [f, shown(f, value, EMPTY[f])]),
      ),
      id: object.id,
      kind: item.kind,
      tlp: tlpOf(verdict.tlp),
      pap: papOf(verdict.pap),
      createdAt: new Date(verdict.createdAt).toISOString(),
      updatedAt: new Date(verdict.updatedAt).toISOString(),
      stixId: named ? item.stixId : stixId,
      state: own ? item.state : "RELEASED",
      title: title ?? (stixId && "title" in object ? generated : ANYTHING),
      name: title,
      summary: shown("summary", worded?.summary),
      description: shown("description", worded?.description),
      body: shown("description", worded?.description),
      source: ANYTHING,
      access: [...new Set(verdict.paths)],
      redactions: fields.filter((f) => !verdict.fields.has(f)).toSorted(),
      releases: verdict.whole ? this.releasesOf(item) : [],
      audienceHistory: verdict.whole ? historyOf(item) : [],
      indicators: visible(shown("indicators", this.linked(item, "INDICATOR"), []) as string[]),
      about: visible(shown("about", item.links, []) as string[]),
      score: shown("score", scoreOf(verdict, said)),
      sightingCount: shown("sightingCount", timesSeen(verdict), 0),
    };
  }

  private linked(item: WorldItem, kind: string): string[] {
    return item.links.filter((id) => this.items.get(id)?.kind === kind);
  }

  private releasesOf(item: WorldItem): string[] {
    const undone = this.walker.settled.world.undone.filter((u) => u.item === item);
    return [...item.wordings.keys(), ...undone.map((u) => u.id)].toSorted();
  }

  /** An alert about an item is for those who could see it at its instant, and of an end for those who could just before. */
  private alert({ at, type, itemId }: Answered, path: string): void {
    const { uuid } = parseGlobalId(String(itemId)) ?? {};
    const item = this.items.get(uuid ?? "");
    if (!item) return;
    const instant = Date.parse(String(at));
    const { viewer, settled } = this.walker;
    const visibleAt = (now: number): boolean =>
      oracle({ ...settled.world, now }, viewer, item).visible;
    const ended = type === "ITEM_WITHDRAWN" || type === "ACCESS_ENDED";
    if (visibleAt(ended ? instant - 1 : instant) && (!ended || !visibleAt(instant))) return;
    this.fail(path, `tells of ${String(itemId)} by ${String(type)}, which was not for this viewer`);
  }

  private release({ id }: Answered, path: string): void {
    const { uuid } = parseGlobalId(String(id)) ?? {};
    const { items, undone } = this.walker.settled.world;
    const item =
      items.find((i) => i.wordings.has(uuid ?? "")) ?? undone.find((u) => u.id === uuid)?.item;
    if (item && this.walker.verdicts.get(item.id)?.whole) return;
    this.fail(path, `shows the release ${String(id)}`);
  }
}

/** A title of which nothing is said, for its item's id was not asked for. */
const ANYTHING = Symbol("anything");

const EMPTY: Answered = { observables: [], labels: [], warnings: [] };

interface Identified {
  id: string;
}
interface PeriodAnswered {
  releaseId: string;
  path: string;
  tlp: string;
  pap: string;
}

/** What of each period in which somebody could read it is compared. */
const historyOf = (item: WorldItem): string[] =>
  item.audiences
    .filter((a) => a.liveFrom < a.liveUntil)
    .map((a) => [a.releaseId, a.path, tlpOf(a.tlp), papOf(a.pap)].join(" "))
    .toSorted();
const uuids = (list: Identified[]): string[] =>
  list.map(({ id }) => parseGlobalId(id)?.uuid ?? id).toSorted();

/** Composite fields as ids or words, leaves as they are. */
function shape(field: string, value: unknown): unknown {
  const list = value as Answered[];
  if (field === "redactions") return list.map((r) => String(r.field)).toSorted();
  if (field === "access") return [...new Set(list.map((a) => String(a.kind)))].toSorted();
  if (field === "releases" || field === "about") return uuids(value as Identified[]);
  if (field === "audienceHistory")
    return (value as PeriodAnswered[])
      .map(({ releaseId, path, tlp, pap }) =>
        [parseGlobalId(releaseId)?.uuid, path, tlp, pap].join(" "),
      )
      .toSorted();
  if (field === "observables") return list.map((o) => ({ type: o.type, value: o.value }));
  if (field === "warnings") return list.map((w) => ({ list: w.list, message: w.message }));
  return value;
}
