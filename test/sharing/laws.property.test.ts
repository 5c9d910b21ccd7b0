import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import {
  activePeriods,
  contains,
  grantsOf,
  inForceAt,
  periodsInForce,
  standings,
  stateOf,
} from "../../src/sharing/agreement-periods";
import { holds } from "../../src/sharing/condition";
import { expanded, maskOf } from "../../src/sharing/fields";
import type { MaybeViewer, Period } from "../../src/sharing/parties";
import { rightsUnderAgreements } from "../../src/sharing/lasting-rights";
import { decide, RELEASE_RULE, scopeOf } from "../../src/sharing/policy";
import { type EffectiveTerms, narrower } from "../../src/sharing/terms";
import { someTerms, world } from "./arbitraries";
import type { World, WorldItem } from "./generated-world";
import { InMemoryParties } from "./in-memory-parties";
import { standingAt, versionInForce } from "./oracle";
import { at } from "./worlds/time";

const SEED = Number(process.env.SEED ?? 20_260_302);
const RUNS = Number(process.env.RUNS ?? 100);
const check = (property: fc.IProperty<never>): void =>
  fc.assert(property as fc.IProperty<unknown>, { seed: SEED, numRuns: RUNS });

/** Lists as sets: the order of kinds and purposes means nothing. */
const normal = (t: EffectiveTerms): object => ({
  ...t,
  kinds: t.kinds.toSorted(),
  purposes: t.purposes?.toSorted() ?? null,
});

describe("the narrower of two terms", () => {
  test("does not depend on their order", () => {
    fc.assert(
      fc.property(someTerms, someTerms, (a, b) => {
        expect(normal(narrower(a, b))).toEqual(normal(narrower(b, a)));
      }),
      { seed: SEED },
    );
  });

  test("of three does not depend on which two come first", () => {
    fc.assert(
      fc.property(someTerms, someTerms, someTerms, (a, b, c) => {
        expect(normal(narrower(narrower(a, b), c))).toEqual(normal(narrower(a, narrower(b, c))));
      }),
      { seed: SEED },
    );
  });

  test("of the same is the same", () => {
    fc.assert(
      fc.property(someTerms, (a) => {
        expect(normal(narrower(a, { ...a }))).toEqual(normal(a));
        expect(narrower(a, a)).toBe(a);
      }),
      { seed: SEED },
    );
  });

  test("allows nothing that one of them does not", () => {
    fc.assert(
      fc.property(someTerms, someTerms, (a, b) => {
        const n = narrower(a, b);
        for (const one of [a, b]) {
          expect(n.kinds.every((kind) => one.kinds.includes(kind))).toBe(true);
          expect(n.tlpCeiling).toBeLessThanOrEqual(one.tlpCeiling);
          expect(n.papCeiling).toBeLessThanOrEqual(one.papCeiling);
          expect(n.attribution).toBeLessThanOrEqual(one.attribution);
          expect(n.withheld & one.withheld).toBe(one.withheld);
          expect(n.retentionMs).toBeLessThanOrEqual(one.retentionMs);
          expect(!n.onward || one.onward).toBe(true);
          expect(n.requiresApproval || !one.requiresApproval).toBe(true);
          expect(!n.retroactive || one.retroactive).toBe(true);
          expect(
            (n.purposes ?? ["any"]).every((p) => !one.purposes || one.purposes.includes(p)),
          ).toBe(true);
        }
      }),
      { seed: SEED },
    );
  });
});

/** What each viewer sees: `viewer item field`. */
function seen(
  w: World,
  also: (viewer: MaybeViewer, item: WorldItem) => boolean = () => true,
): Set<string> {
  const parties = new InMemoryParties(w);
  const result = new Set<string>();
  w.viewers.forEach((viewer, n) => {
    const scope = scopeOf(viewer, parties, w.now);
    for (const item of w.items) {
      if (decide(scope, item).visible && also(viewer, item)) result.add(`${n} ${item.id}`);
    }
  });
  return result;
}

const without = <T>(list: readonly T[], n: number): T[] =>
  list.filter((_, i) => i !== n % Math.max(1, list.length));
const grown = (before: Set<string>, after: Set<string>): string[] =>
  [...after].filter((s) => !before.has(s));

describe("taking something away never makes anything visible:", () => {
  const removing = (what: string, remove: (w: World, n: number) => World): void => {
    test(`takes ${what} away`, () => {
      check(
        fc.property(world, fc.nat({ max: 20 }), (w, n) => {
          expect(grown(seen(w), seen(remove(w, n)))).toEqual([]);
        }) as never,
      );
    });
  };
  removing("a membership", (w, n) => ({ ...w, memberships: without(w.memberships, n) }));
  removing("an agreement", (w, n) => ({ ...w, agreements: without(w.agreements, n) }));
  removing("an audience of a release", (w, n) => ({
    ...w,
    items: w.items.map((i) => ({ ...i, audiences: without(i.audiences, n) })),
  }));
  removing("the submission of an item", (w, n) => ({
    ...w,
    items: w.items.map((i, k) => (k === n % w.items.length ? { ...i, submittedAt: Infinity } : i)),
  }));

  test("a signature of the viewer's organization", () => {
    check(
      fc.property(world, fc.nat({ max: 20 }), fc.nat({ max: 2 }), (w, n, which) => {
        const signer = w.organizations[n % w.organizations.length]?.id;
        const agreements = w.agreements.map((a) => ({
          ...a,
          signatures: new Map(
            [...a.signatures].map(([o, list]) => [o, o === signer ? without(list, which) : list]),
          ),
        }));
        // As an owner the organization is bound by what it signed: to take that away may bind it by the version before.
        const reads = (viewer: MaybeViewer, item: WorldItem): boolean =>
          viewer?.organizationId === signer && item.ownerId !== signer;
        expect(grown(seen(w, reads), seen({ ...w, agreements }, reads))).toEqual([]);
      }) as never,
    );
  });
});

describe("a decision", () => {
  test("shows no more when more is withheld", () => {
    const more = fc.constantFrom(
      "technical",
      "damage",
      "identity",
      "title",
      "body",
      "category",
      "source",
    );
    check(
      fc.property(world, more, (w, name) => {
        const parties = new InMemoryParties(w);
        for (const viewer of w.viewers) {
          const scope = scopeOf(viewer, parties, w.now);
          for (const item of w.items) {
            const audiences = item.audiences.map((a) => ({
              ...a,
              withheld: a.withheld | maskOf([name]),
            }));
            const [was, is] = [decide(scope, item), decide(scope, { ...item, audiences })];
            expect(is.visible).toBe(was.visible);
            expect(expanded(was.withheld) & ~expanded(is.withheld)).toBe(0);
          }
        }
      }) as never,
    );
  });

  test("reaches nobody more when the TLP is raised, but for RED that names an account", () => {
    check(
      fc.property(world, (w) => {
        const items = w.items.map((i) => ({
          ...i,
          tlp: Math.min(4, i.tlp + 1),
          // WHY not RED: it reaches a contractor who is named, and AMBER_STRICT does not.
          audiences: i.audiences.map((a) => ({
            ...a,
            tlp: a.path === "NAMED" ? a.tlp : Math.min(4, a.tlp + 1),
          })),
        }));
        expect(grown(seen(w), seen({ ...w, items }))).toEqual([]);
      }) as never,
    );
  });

  test("of the same item says the same whatever else there is", () => {
    check(
      fc.property(world, (w) => {
        const [item] = w.items;
        const alone = seen({ ...w, items: item ? [item] : [] });
        expect([...seen(w)].filter((s) => s.endsWith(item?.id ?? "none"))).toEqual([...alone]);
      }) as never,
    );
  });
});

/** Ascending, not empty, not touching. */
function expectApart(periods: readonly Period[]): void {
  periods.forEach((p, i) => {
    expect(p.from).toBeLessThan(p.until);
    const next = periods[i + 1];
    if (next) expect(next.from).toBeGreaterThanOrEqual(p.until);
  });
}

const INSTANTS = Array.from({ length: 15 }, (_, day) => [at(day) - 1, at(day)]).flat();

describe("periods", () => {
  test("of activity are those in which the membership was ACTIVE since it last ended", () => {
    check(
      fc.property(world, (w) => {
        for (const { changes } of w.memberships) {
          const periods = activePeriods(changes, w.now);
          expectApart(periods);
          const ended =
            changes.findLast((c) => c.state === "ENDED" && c.at <= w.now)?.at ?? -Infinity;
          for (const t of INSTANTS.filter((i) => i <= w.now)) {
            const active = changes.findLast((c) => c.at <= t)?.state === "ACTIVE" && t >= ended;
            expect(periods.some((p) => contains(p, t))).toBe(active);
          }
        }
      }) as never,
    );
  });

  test("in force are of one version at a time, and a version is IN_FORCE in them alone", () => {
    check(
      fc.property(world, (w) => {
        for (const agreement of w.agreements) {
          expectApart(
            periodsInForce(agreement)
              .map((p) => p.period)
              .toSorted((a, b) => a.from - b.from),
          );
          for (const t of INSTANTS) {
            const now = versionInForce(agreement, t);
            expect(inForceAt(agreement, t)?.id).toBe(now?.id);
            const states = agreement.versions.map((v) => stateOf(agreement, v, t));
            expect(states.map((s) => s === "IN_FORCE")).toEqual(
              agreement.versions.map((v) => v === now),
            );
            agreement.versions.forEach((v, i) => {
              if (v.proposedAt === null) expect(["DRAFT", "TERMINATED"]).toContain(states[i]);
              else expect(states[i] === "DRAFT").toBe(t < v.proposedAt && t < v.terminatedAt);
            });
          }
        }
      }) as never,
    );
  });

  test("in which a signature stands follow each other, within those in force", () => {
    check(
      fc.property(world, (w) => {
        for (const agreement of w.agreements) {
          for (const { id } of w.organizations) {
            const stood = standings(agreement, id);
            expectApart(stood);
            for (const t of INSTANTS) {
              const stands = stood.some((s) => contains(s, t));
              expect(stands).toBe(standingAt(agreement, id, t) !== null);
              if (stands) expect(inForceAt(agreement, t)).toBeDefined();
            }
          }
        }
      }) as never,
    );
  });

  test("of a grant are apart, and now is in one of them", () => {
    check(
      fc.property(world, (w) => {
        const parties = new InMemoryParties(w);
        for (const { id } of w.organizations) {
          for (const grant of grantsOf(parties, id, w.now)) {
            expectApart(grant.held);
            const current = grant.held.find((p) => contains(p, w.now));
            expect(current?.until).toBe(grant.until);
          }
        }
      }) as never,
    );
  });
});

describe("the rights of a viewer", () => {
  const worlds = fc.sample(world, { seed: SEED, numRuns: 15 * RUNS });

  test("with one target are disjoint: at most one of them holds for an audience", () => {
    const several = worlds.flatMap((w) =>
      w.viewers.flatMap((viewer) => {
        const scope = scopeOf(viewer, new InMemoryParties(w), w.now);
        return w.items.flatMap((item) =>
          item.audiences.map((audience) => ({
            rights: scope.rightsTo(audience.target).length,
            holding: scope.rightsTo(audience.target).filter((r) => holds(RELEASE_RULE, audience, r))
              .length,
          })),
        );
      }),
    );
    expect(several.filter(({ holding }) => holding > 1)).toEqual([]);
    // Of what is never tried nothing is known.
    expect(several.filter(({ rights }) => rights > 1).length).toBeGreaterThan(RUNS);
  });

  test("kept for a stretch of time are those of each instant in it", () => {
    let shared = 0;
    for (const w of worlds.slice(0, 4 * RUNS)) {
      const fresh = new InMemoryParties(w);
      const kept = Object.assign(new InMemoryParties(w), { edition: {} });
      const boundaries = [...boundariesOf(w)].toSorted((x, y) => x - y);
      for (const { id } of w.organizations) {
        let last: unknown = null;
        for (const now of boundaries.flatMap((b) => [b - 1, b])) {
          const rights = rightsUnderAgreements(kept, id, now);
          const anew = rightsUnderAgreements(fresh, id, now);
          if (!isDeepStrictEqual(rights, anew)) expect(rights).toEqual(anew);
          if (rights.length && rights === last) shared++;
          last = rights;
        }
      }
    }
    expect(shared).toBeGreaterThan(RUNS);
  });
});

/** Every instant at which something of the parties begins or ends. */
function boundariesOf(w: World): Set<number> {
  const instants = [
    ...w.memberships.flatMap((m) => m.changes.map((c) => c.at)),
    ...w.agreements.flatMap((a) => [
      ...a.versions.flatMap((v) => [
        v.proposedAt ?? Infinity,
        v.effectiveFrom,
        v.effectiveFrom + v.signWithinMs,
        v.effectiveUntil,
        v.terminatedAt,
      ]),
      ...[...a.signatures.values()].flatMap((all) => all.map((s) => s.at)),
    ]),
  ];
  return new Set(instants.filter(Number.isFinite));
}
