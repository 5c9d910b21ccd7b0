import fc from "fast-check";
import { DAY, HOUR, MINUTE } from "../../support/hub";
import { type MembershipVerb, changeMembership, propose, sign, terminate } from "./agreement-acts";
import { GROUPS, keysFor, MEMBERS, OWNERS, READERS } from "./base";
import type { Audience, History, Item } from "./history";
import * as items from "./item-acts";
import { reads } from "./reads";
import type { World } from "./world";

/** What fast-check carries from command to command; everything that commands ask is in the world. */
export interface Now {
  world: World | null;
}

/** A kind of act: what it draws, whether it can be done, and the doing; which says in words what was done. */
interface Kind<T> {
  draws: fc.Arbitrary<T>;
  times: number;
  ready?: (h: History, world: World) => boolean;
  /** Returns what was done, in words, or whether it was accepted. */
  does: (world: World, drawn: T) => Promise<string>;
  /** Nothing reached the log, so nobody is asked what was heard. */
  silent?: boolean;
}

const kind = <T>(of: Kind<T>): Kind<unknown> => of as Kind<unknown>;
const nth = <T>(all: readonly T[], n: number): T => all[n % all.length] as T;
const n = fc.nat(1_000);
/** What a command says that could not be tried. */
const nothing = "— nothing";
const answered = (accepted: boolean): string => (accepted ? "" : " — refused");

const VERBS: MembershipVerb[] = ["invite", "request", "accept", "suspend", "resume", "end"];
const NEXT: Record<string, MembershipVerb[]> = {
  ENDED: ["invite", "request"],
  INVITED: ["accept"],
  REQUESTED: ["accept"],
  ACTIVE: ["suspend", "suspend", "end"],
  SUSPENDED: ["resume", "resume", "end"],
};

const terms = fc.record({
  kinds: fc.constantFrom<string[]>(
    ["INCIDENT", "INDICATOR", "ADVISORY"],
    ["INCIDENT", "INDICATOR", "ADVISORY"],
    ["INCIDENT"],
  ),
  tlpCeiling: fc.constantFrom(3, 3, 2, 1),
  papCeiling: fc.constantFrom(3, 3, 2),
  requiresApproval: fc.boolean(),
  retroactive: fc.boolean(),
  retention: fc.constantFrom(Infinity, Infinity, 2 * DAY, 7 * DAY),
});
const expiresIn = fc.constantFrom(null, null, HOUR, DAY);
const wanted = fc.record({
  which: n,
  from: fc.constantFrom("power", "power", "power", "water"),
  tlp: fc.constantFrom(0, 1, 2, 2, 3, 3, 4),
  expiresIn,
  to: fc.oneof(
    { weight: 4, arbitrary: groups(["power"]) },
    { weight: 2, arbitrary: groups(["water"]) },
    { weight: 2, arbitrary: groups(["power", "water"]) },
    { weight: 1, arbitrary: fc.constantFrom("beta", "gamma").map((o) => to("BILATERAL", o)) },
    {
      weight: 1,
      arbitrary: fc
        .constantFrom("beta account", "betaMssp account", "acmeMssp account")
        .map((a) => to("NAMED", a)),
    },
    { weight: 1, arbitrary: fc.constant(to("PUBLIC", "")) },
  ),
});
function groups(all: string[]): fc.Arbitrary<Audience[]> {
  return fc.constant(all.map((target) => ({ path: "AGREEMENT", target })));
}
function to(path: Audience["path"], target: string): Audience[] {
  return [{ path, target }];
}
const asWanted = (h: History, { which, to, tlp, ...rest }: Drawn<typeof wanted>): items.Wanted => ({
  ...rest,
  item: nth(h.items, which),
  audiences: to,
  // TLP:RED goes to accounts alone, and everyone gets what is CLEAR; now and then the refusal is tried.
  tlp:
    to[0]?.path === "PUBLIC" && tlp < 4
      ? 0
      : to[0]?.path === "NAMED"
        ? tlp
        : Math.min(tlp, 3 + (which % 7 ? 0 : 1)),
});
type Drawn<A> = A extends fc.Arbitrary<infer T> ? T : never;
const inWords = ({ item, from, audiences, tlp, expiresIn }: items.Wanted): string =>
  `${item.id} of ${item.owner} from ${from} to ${audiences.map((a) => a.target || "everyone").join(" and ")} at TLP ${tlp}${expiresIn === null ? "" : ` for ${expiresIn / HOUR} h`}`;

const KINDS: Record<string, Kind<unknown>> = {
  clock: kind({
    times: 8,
    silent: true,
    draws: fc.oneof(
      fc.record({ to: fc.constantFrom("before", "at", "after"), boundary: fc.nat(2) }),
      fc.record({ by: fc.constantFrom(MINUTE, HOUR, DAY, 8 * DAY) }),
    ),
    does: async (world, drawn) => {
      const { clock } = world.hub;
      const next = world.history.boundaries(clock.now() + 1).slice(0, 3);
      if ("by" in drawn || !next.length) {
        const by = "by" in drawn ? drawn.by : HOUR;
        clock.advance(by);
        return `${by / MINUTE} min on`;
      }
      const at = nth(next, drawn.boundary) + { before: -1, at: 0, after: 1 }[drawn.to as "at"];
      clock.advance(Math.max(0, at - clock.now()));
      return `${drawn.to} a boundary, ${at}`;
    },
  }),
  sweep: kind({
    times: 4,
    draws: fc.constant(null),
    does: async (world) => world.sweep().then(() => ""),
  }),
  membership: kind({
    times: 10,
    draws: fc.record({
      verb: fc.option(fc.constantFrom(...VERBS), { freq: 5 }),
      by: fc.constantFrom("operator", "operator", "coordinator", "own"),
      organization: fc.constantFrom(...MEMBERS),
      group: fc.constantFrom(...GROUPS),
      which: n,
    }),
    does: async (world, { verb: any, by, organization, group, which }) => {
      const state = world.history.membership(organization, group)?.states.at(-1) ?? "ENDED";
      // Mostly something that may follow; now and then anything.
      const verb = any ?? nth(NEXT[state] ?? VERBS, which);
      const own = by === "own" || verb === "request" || (verb === "accept" && state === "INVITED");
      const who = own ? organization : by;
      if (!world.history.letIn(who, world.now())) return nothing;
      const accepted = await changeMembership(world, verb, who, organization, group);
      return `${who} ${verb} ${organization} in ${group}${answered(accepted)}`;
    },
  }),
  version: kind({
    times: 3,
    draws: fc.record({
      by: fc.constantFrom("operator", "operator", "coordinator"),
      from: fc.constantFrom("power", "power", "power", "water"),
      to: fc.constantFrom("power", "water"),
      terms,
      begins: fc.constantFrom(null, null, 1, 3),
      lasts: fc.constantFrom(null, null, 2, 10),
      signWithin: fc.constantFrom(1, 30),
    }),
    does: async (world, { by, from, to, terms, begins, lasts, signWithin }) => {
      if (!world.history.letIn(by, world.now())) return nothing;
      const until = lasts === null ? null : (begins ?? 0) + lasts;
      const done = await propose(world, by, from, to, terms, { from: begins, until, signWithin });
      return `${done} by ${by}, ${from} to ${to}, from day ${begins} until day ${until}, sign within ${signWithin}, ${JSON.stringify(terms)}`;
    },
  }),
  sign: kind({
    times: 8,
    draws: fc.record({ by: fc.constantFrom(...MEMBERS), which: fc.nat(3) }),
    ready: (h) => h.versions.length > 0,
    does: async (world, { by, which }) => {
      if (!world.history.letIn(by, world.now())) return nothing;
      const { history: h } = world;
      const unsigned = h.versions.filter(
        (v) =>
          h.stateOf(v, world.now()) !== "TERMINATED" &&
          !h.signatures.some((s) => s.version === v.id && s.organization === by),
      );
      const version = nth(unsigned.length ? unsigned : h.versions, which);
      return `${by} ${version.id}${answered(await sign(world, by, version))}`;
    },
  }),
  terminate: kind({
    times: 1,
    draws: fc.record({ by: fc.constantFrom("operator", "coordinator"), which: fc.nat(3) }),
    ready: (h) => h.versions.length > 0,
    does: async (world, { by, which }) => {
      if (!world.history.letIn(by, world.now())) return nothing;
      const version = nth(world.history.versions.toReversed(), which);
      return `${by} ${version.id}${answered(await terminate(world, by, version))}`;
    },
  }),
  create: kind({
    times: 4,
    draws: fc.record({
      owner: fc.constantFrom(...OWNERS),
      kind: fc.constantFrom<Item["kind"]>("INCIDENT", "INCIDENT", "INDICATOR", "ADVISORY"),
      tlp: fc.constantFrom(0, 1, 2, 2, 3, 4),
      pap: fc.constantFrom(1, 2, 2, 3),
    }),
    ready: (h, world) => h.items.length < 6 && OWNERS.every((o) => h.letIn(o, world.now())),
    does: async (world, { owner, kind, tlp, pap }) => {
      await items.create(world, owner, kind, tlp, pap);
      return `${world.history.items.at(-1)?.id} of ${owner}, TLP ${tlp}, PAP ${pap}`;
    },
  }),
  submit: kind({
    times: 3,
    draws: n,
    ready: ownerLetIn,
    does: async (world, which) => {
      const item = nth(world.history.items, which);
      await items.submit(world, item);
      return item.id;
    },
  }),
  edit: kind({
    times: 5,
    draws: fc.record({
      which: n,
      tlp: fc.constantFrom(0, 1, 2, 3, 4),
      pap: fc.constantFrom(1, 2, 3),
      category: fc.constantFrom("fraud", "fraud", "malicious-code"),
    }),
    ready: (h, world) => ownerLetIn(h, world) && h.items.some((i) => i.kind === "INCIDENT"),
    does: async (world, { which, tlp, pap, category }) => {
      const item = nth(
        world.history.items.filter((i) => i.kind === "INCIDENT"),
        which,
      );
      await items.edit(world, item, tlp, pap, category);
      return `${item.id}: TLP ${tlp}, PAP ${pap}, ${category}`;
    },
  }),
  release: kind({
    times: 14,
    draws: wanted,
    ready: ownerLetIn,
    does: async (world, drawn) => {
      const it = asWanted(world.history, drawn);
      return inWords(it) + answered(await items.release(world, it));
    },
  }),
  proposal: kind({
    times: 6,
    draws: wanted,
    ready: ownerLetIn,
    does: async (world, drawn) => {
      const it = asWanted(world.history, drawn);
      return `${inWords(it)}: ${await items.propose(world, it)}`;
    },
  }),
  decision: kind({
    times: 6,
    draws: fc.record({ which: n, approves: fc.constantFrom(true, true, false) }),
    ready: (h, world) => ownerLetIn(h, world) && h.releases.some((r) => r.state === "PROPOSED"),
    does: async (world, { which, approves }) => {
      const release = nth(
        world.history.releases.filter((r) => r.state === "PROPOSED"),
        which,
      );
      return `${approves ? "approve" : "reject"} ${release.id}${answered(await items.decide(world, release, approves))}`;
    },
  }),
  withdrawal: kind({
    times: 4,
    draws: fc.record({ which: n, by: fc.constantFrom("owner", "operator") }),
    ready: (h, world) => ownerLetIn(h, world) && h.releases.length > 0,
    does: async (world, { which, by }) => {
      const { history: h } = world;
      const release = nth(h.releases, which);
      const who = by === "owner" ? h.item(release.item).owner : by;
      return `${release.id} by ${who}${answered(await items.withdraw(world, release, who))}`;
    },
  }),
  "revoke the key of": kind({
    times: 1,
    draws: fc.constantFrom("acme", "acmeMssp", "beta", "betaMssp", "betaForeign", "coordinator"),
    does: async (world, viewer) => {
      const { history: h } = world;
      const key = h.keys[viewer];
      if (!key) return nothing;
      const { organization, account } = h.viewers[viewer] as {
        organization: string;
        account: string;
      };
      await world.act(
        "operator",
        ["revokeApiKey", { id: key.id }, ""],
        () => true,
        (_, at) => {
          delete h.keys[viewer];
          return [{ type: "ACCOUNT_CHANGED", at, organization, subject: account }];
        },
      );
      return viewer;
    },
  }),
  "new key for": kind({
    times: 2,
    draws: fc.record({
      viewer: fc.constantFrom("acme", "acmeMssp", "beta", "betaMssp", "betaForeign", "coordinator"),
      days: fc.constantFrom(null, null, 1),
    }),
    does: async (world, { viewer, days }) => {
      const { history: h } = world;
      if (h.letIn(viewer, world.now() + MINUTE)) return nothing;
      const { organization, account } = h.viewers[viewer] as {
        organization: string;
        account: string;
      };
      if (h.disabled.includes(account)) return nothing;
      const expiresAt = days === null ? null : world.hub.clock.now() + days * DAY;
      await world.makesKeys(
        "operator",
        async () => {
          const [foreign, own] = await keysFor(world, world.id(account), expiresAt);
          const key = viewer === "betaForeign" ? foreign : own;
          h.keys[viewer] = { id: key.id, expiresAt: expiresAt ?? Infinity };
          world.clients[viewer] = world.hub.as(key.secret);
        },
        (at) => [{ type: "ACCOUNT_CHANGED", at, organization, subject: account }],
      );
      return `${viewer}${days === null ? "" : ` for ${days} day`}`;
    },
  }),
  disable: kind({
    times: 1,
    draws: fc.constantFrom("acmeMssp", "beta", "betaMssp"),
    does: async (world, viewer) => {
      const { history: h } = world;
      const { organization, account } = h.viewers[viewer] as {
        organization: string;
        account: string;
      };
      if (h.disabled.includes(account)) return nothing;
      await world.act(
        "operator",
        ["disableAccount", { id: world.id(account) }],
        () => true,
        (_, at) => {
          h.disabled.push(account);
          return [{ type: "ACCOUNT_CHANGED", at, organization, subject: account }];
        },
      );
      return viewer;
    },
  }),
  enable: kind({
    times: 2,
    draws: n,
    ready: (h) => h.disabled.length > 0,
    does: async (world, which) => {
      const { history: h } = world;
      const account = nth(h.disabled, which);
      const organization =
        Object.values(h.viewers).find((v) => v.account === account)?.organization ?? "";
      await world.act(
        "operator",
        ["enableAccount", { id: world.id(account) }],
        () => true,
        (_, at) => {
          h.disabled.splice(h.disabled.indexOf(account), 1);
          return [{ type: "ACCOUNT_CHANGED", at, organization, subject: account }];
        },
      );
      return account;
    },
  }),
  subscribe: kind({
    times: 7,
    silent: true,
    draws: fc.record({
      viewer: fc.constantFrom(...READERS),
      includeOwn: fc.boolean(),
      resume: fc.option(n),
    }),
    does: async (world, { viewer, includeOwn, resume }) => {
      if (!world.history.letIn(viewer, world.now())) return nothing;
      return `${viewer} ${includeOwn ? "with its own, " : ""}${await world.ears.subscribe(viewer, includeOwn, resume)}`;
    },
  }),
  drop: kind({
    times: 2,
    silent: true,
    draws: n,
    ready: (_, world) => world.ears.open.length > 1,
    does: (world, which) => world.ears.drop(which),
  }),
  replay: kind({
    times: 3,
    silent: true,
    draws: fc.record({ viewer: fc.constantFrom(...READERS), includeOwn: fc.boolean() }),
    does: async (world, { viewer, includeOwn }) => {
      if (!world.history.letIn(viewer, world.now())) return nothing;
      await world.ears.replays(viewer, includeOwn);
      return viewer;
    },
  }),
};

function ownerLetIn(h: History, world: World): boolean {
  return h.items.length > 0 && OWNERS.every((o) => h.letIn(o, world.now()));
}

class Command implements fc.AsyncCommand<Now, World> {
  private done = "";

  constructor(
    private readonly name: string,
    private readonly drawn: unknown,
  ) {}

  check({ world }: Readonly<Now>): boolean {
    return !world || (KINDS[this.name]?.ready?.(world.history, world) ?? true);
  }

  async run(_: Now, world: World): Promise<void> {
    const { does, silent } = KINDS[this.name] as Kind<unknown>;
    try {
      this.done = await does(world, this.drawn);
      if (this.done === nothing) return;
      if (!silent) await world.ears.listen();
      await reads(world);
    } catch (error) {
      this.done ||= JSON.stringify(this.drawn);
      throw error;
    }
  }

  toString(): string {
    return `\n    ${this.name} ${this.done || JSON.stringify(this.drawn)}`;
  }
}

/** Random acts, each as often as it is worth. */
export const commands = (most: number): fc.Arbitrary<Iterable<fc.AsyncCommand<Now, World>>> =>
  fc.commands(
    Object.entries(KINDS).flatMap(([name, { draws, times }]) =>
      Array.from({ length: times }, () => draws.map((drawn) => new Command(name, drawn))),
    ),
    { maxCommands: most, size: "max" },
  );
