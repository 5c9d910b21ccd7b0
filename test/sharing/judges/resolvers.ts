import { globalId } from "../../../src/ids";
import { ANY_ITEM, ITEM, LISTS } from "../../doors/selections";
import type { WorldItem } from "../generated-world";
import { oracle } from "../oracle";
import { rfc3339 } from "../worlds/time";
import type { Disagreements, Question } from "./disagreements";
import {
  expected,
  idOf,
  type Kind,
  ofKind,
  type Seen,
  type Shown,
  shownFields,
  type Sight,
  sorted,
} from "./expected";
import { type Filtered, filtersFor } from "./filters";
import type { Answer, HubOfWorlds } from "./hub-of-worlds";

const PAGE = 4;
const KINDS = ["INCIDENT", "INDICATOR", "ADVISORY"] as const;

/** One viewer's turn to ask through the schema, and what it must be shown. */
export class Asking {
  constructor(
    private readonly question: Question,
    private readonly hub: HubOfWorlds,
    private readonly sight: Sight,
    /** Which of the questions that are asked by turns are this viewer's. */
    private readonly turn: number,
    private readonly found: Disagreements,
  ) {}

  /** Of which kind it is shown a page of a list in full. */
  get listed(): Kind {
    return KINDS[this.turn % 3] ?? "INCIDENT";
  }

  /** Each item of its world by id, in full; a page of a list, in full; a filter; a lookup; an explanation. */
  async judge(): Promise<void> {
    const asked = [this.nodes(), this.list(), this.lookup()];
    const filters = filtersFor(this.question, this.sight, this.turn);
    asked.push(...filters.map((filter) => this.filter(filter)));
    if (this.turn % 3) asked.push(this.decision());
    await Promise.all(asked);
  }

  private async nodes(): Promise<void> {
    const { items } = this.question.world;
    const places = items.map((_, n) => n);
    const text = `query(${places.map((n) => `$i${n}: ID!`).join(" ")}) {
      ${places.map((n) => `n${n}: node(id: $i${n}) { ${ANY_ITEM} }`).join(" ")} }`;
    const answer = await this.ask(
      text,
      Object.fromEntries(items.map((item, n) => [`i${n}`, idOf(item)])),
    );
    items.forEach((item, n) => {
      const seen = this.sight.get(item.id);
      const shown = answer.data?.[`n${n}`] as Shown | null | undefined;
      this.say("resolvers: node", { item: item.id }, shown, seen ? this.shown(seen) : null);
    });
  }

  private async list(): Promise<void> {
    const kind = this.listed;
    const answer = await this.ask(
      `query($first: Int) { list: ${LISTS[kind]}(first: $first) { totalCount pageInfo { hasNextPage }
        nodes { ${ITEM[kind]} } edges { node { id } } } }`,
      { first: PAGE },
    );
    const must = ofKind(this.sight, kind);
    const page = must.slice(0, PAGE).map((s) => this.shown(s));
    const list = answer.data?.list as Connection | undefined;
    this.say("resolvers: count", { kind }, list?.totalCount, must.length);
    this.say("resolvers: next page", { kind }, list?.pageInfo.hasNextPage, must.length > PAGE);
    this.say("resolvers: list", { kind }, list?.nodes.map(idIn), page.map(idIn));
    this.say(
      "resolvers: edges",
      { kind },
      list?.edges.map((e) => idIn(e.node)),
      page.map(idIn),
    );
    list?.nodes.forEach((node, n) =>
      this.say("resolvers: fields in a list", { kind, id: node.id }, node, page[n]),
    );
  }

  async filter({ kind, law, filter, matches }: Filtered): Promise<void> {
    const [type, given] =
      kind === "ADVISORY"
        ? ["$text: String", "text: $text"]
        : [`$filter: ${kind === "INCIDENT" ? "Incident" : "Indicator"}Filter`, "filter: $filter"];
    const answer = await this.ask(
      `query(${type}) { list: ${LISTS[kind]}(first: 100, ${given}) { totalCount nodes { id } } }`,
      kind === "ADVISORY" ? filter : { filter },
    );
    const must = ofKind(this.sight, kind)
      .map((s) => this.shown(s))
      .filter(matches)
      .map(idIn);
    const list = answer.data?.list as Connection | undefined;
    this.say(`resolvers: filter ${law}`, { filter }, list?.nodes.map(idIn), must.slice(0, 100));
    this.say(`resolvers: count of filter ${law}`, { filter }, list?.totalCount, must.length);
  }

  /** A few values and many are looked up in different ways. And by their kind's own field, one of each kind. */
  private async lookup(): Promise<void> {
    const { world } = this.question;
    if (!world.items.some((i) => i.kind === "INDICATOR") && this.turn % 4) return;
    const many = this.turn % 2 === 1;
    const values = Array.from(
      { length: many ? 24 : 3 },
      (_, n) => `${world.network}.${(n + this.turn) % 8}`,
    );
    const [incident, indicator] = KINDS.map((kind) => world.items.findLast((i) => i.kind === kind));
    const answer = await this.ask(
      `query($values: [String!]!, $incident: ID!, $indicator: ID!) {
        lookup(values: $values) { indicators { ${many ? "id" : ITEM.INDICATOR} } }
        incident(id: $incident) { id } indicator(id: $indicator) { id } }`,
      {
        values,
        incident: incident ? idOf(incident) : NOTHING,
        indicator: indicator ? idOf(indicator) : NOTHING,
      },
    );
    const shown = (answer.data?.lookup as { indicators: Shown[] }[] | undefined)?.map((found) =>
      sorted(found.indicators.map((i) => (many ? i.id : inOrder(i)))),
    );
    const known = ofKind(this.sight, "INDICATOR").filter(({ verdict }) =>
      verdict.fields.has("observables"),
    );
    const must = values.map((value) =>
      sorted(
        known
          .filter(({ item }) => item.observables.some((o) => o.value === value))
          .map((s) => (many ? idOf(s.item) : inOrder(this.shown(s)))),
      ),
    );
    this.say("resolvers: lookup", { values }, shown, must);
    for (const [field, item] of Object.entries({ incident, indicator })) {
      const one = answer.data?.[field] as Shown | null | undefined;
      const id = item && this.sight.has(item.id) ? idOf(item) : null;
      this.say(`resolvers: ${field}`, { item: item?.id }, one && one.id, id);
    }
  }

  /** Why somebody of its world sees an item of it or not, at some instant: as far as the asker may know. */
  private async decision(): Promise<void> {
    const { world, viewer, now } = this.question;
    if (!viewer) return;
    const own = world.items.filter((i) => i.ownerId === viewer.organizationId);
    const asked = own.length && this.turn % 4 ? own : world.items;
    const item = asked[this.turn % asked.length]!;
    const subject = world.accounts[this.turn % world.accounts.length]!;
    const at = this.turn % 2 ? now : world.another;
    const answer = await this.ask(
      `query($item: ID!, $account: ID!, $at: DateTime) { sharingDecision(itemId: $item, accountId: $account, at: $at) {
        visible fields paths { kind holds conditions { holds } } } }`,
      { item: idOf(item), account: globalId("account", subject.id), at: rfc3339(at) },
      true,
    );
    const asks = oracle({ ...world, now }, viewer, item);
    // Only accounts of the operator can be given these roles, so it is by them that this question knows the operator.
    const operates = viewer.roles.some((r) => r === "ANALYST" || r === "OPERATOR_ADMIN");
    const about = { item: item.id, account: subject.id, at: rfc3339(at) };
    const told = answer.data?.sharingDecision as Told | undefined;
    if (!asks.paths.includes("OWNER") && !operates)
      return this.say("resolvers: decision withheld", about, codeOf(answer), "NOT_FOUND");
    const verdict = oracle({ ...world, now: at }, { ...subject.viewer, ownCredential: true }, item);
    const all = asks.paths.includes("OWNER") || item.submittedAt <= now;
    const there = item.createdAt <= at;
    this.say("resolvers: decision", about, told && [told.visible, sorted(told.fields)], [
      all && there && verdict.visible,
      all && there ? sorted(shownFields({ item, verdict })) : [],
    ]);
    if (!all) return;
    this.say(
      "resolvers: paths of a decision",
      about,
      told && sorted(told.paths.map((p) => `${p.kind} ${p.holds}`)),
      sorted(pathsOf(item, there ? verdict : { ...verdict, paths: [], audiences: [] })),
    );
  }

  /** @param refusable whether the hub may refuse to answer */
  private async ask(text: string, variables: object, refusable = false): Promise<Answer> {
    const { viewer, now } = this.question;
    const compiled = this.turn % 5 !== 0;
    const answer = await this.hub.ask([viewer, now], text, { ...variables }, compiled);
    if (!refusable) this.say("resolvers: no query fails", { text }, answer.errors, undefined);
    return answer;
  }

  private shown(seen: Seen): Shown {
    return expected(seen, this.sight, this.hub.hub.hubId);
  }

  private say(law: string, about: object, actual: unknown, must: unknown): void {
    this.found.expect(law, this.question, about, inOrder(actual), inOrder(must));
  }
}

interface Connection {
  totalCount: number;
  pageInfo: { hasNextPage: boolean };
  nodes: Shown[];
  edges: { node: Shown }[];
}

interface Told {
  visible: boolean;
  fields: string[];
  paths: { kind: string; holds: boolean }[];
}

const NOTHING = globalId("incident", "00000000-0000-4000-8000-000000000000");
const idIn = ({ id }: Shown): unknown => id;

const codeOf = ({ errors }: Answer): unknown => errors?.[0]?.extensions.code;

const pathsOf = (item: WorldItem, { paths, audiences }: Seen["verdict"]): string[] => [
  ...["OWNER", "OPERATOR", "AUTHORITY"].map((kind) => `${kind} ${paths.includes(kind)}`),
  ...item.audiences.map((a) => `${a.path} ${audiences.includes(a)}`),
];

/** Keys in one order, and those lists of which the order means nothing. */
function inOrder(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inOrder);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(([key, one]) => [
    key,
    UNORDERED.has(key) ? sorted((one as unknown[]).map(inOrder)) : inOrder(one),
  ]);
  return Object.fromEntries(entries.toSorted(([a], [b]) => (String(a) < String(b) ? -1 : 1)));
}
const UNORDERED = new Set(["access", "redactions", "releases"]);
