import fc from "fast-check";
import { endedFor } from "../../src/sharing/ended";
import {
  AccessPathKind,
  Affiliation,
  MembershipState,
  OrganizationKind,
} from "../../src/sharing/vocabulary";
import { world as anyWorld } from "./arbitraries";
import type { World, WorldAudience, WorldItem } from "./generated-world";
import { Disagreements, type Question } from "./judges/disagreements";
import { filtersOf } from "./judges/filters";
import { HubOfWorlds } from "./judges/hub-of-worlds";
import { PlacedItems } from "./judges/judge-worlds";
import { Asking } from "./judges/resolvers";
import { OPERATOR } from "./worlds/pick";
import { DAY, START } from "./worlds/time";

let hub: HubOfWorlds;
beforeAll(async () => {
  hub = await HubOfWorlds.open();
});
afterAll(() => hub.close());

describe.each([
  ["one release", false],
  ["two releases", true],
])("%s by two paths, of which the more recent", (_, apart) => {
  test.each([[["title"]], [["description"]], [["category"]], [[]]])(
    "withholds %j: filters ask what is shown",
    async (withheld) => {
      const found = new Disagreements();
      for (const order of [
        [0, 1],
        [1, 0],
      ]) {
        const world = twoPaths(withheld, order, apart);
        await hub.hold([world]);
        const [viewer = null] = world.viewers;
        const question: Question = { world, place: 0, viewer, now: world.now };
        const sight = new PlacedItems([world]).seenBy(viewer, world.now, world);
        const asking = new Asking(question, hub, sight, 0, found);
        const ours = filtersOf(world).filter(({ kind }) => kind === "INCIDENT");
        for (const filter of ours) await asking.filter(filter);
      }
      expect(Object.fromEntries(found.byLaw)).toEqual({});
    },
  );
});

test.each<[string, (w: World) => void]>([
  ["its retention", (w) => (w.agreements[0]!.versions[0]!.terms.retention = "P1D")],
  ["its expiry", (w) => expire(w.items[0]!, w.now)],
  ["the agreement's termination", (w) => (w.agreements[0]!.versions[0]!.terminatedAt = w.now)],
  ["the agreement's time", (w) => (w.agreements[0]!.versions[0]!.effectiveUntil = w.now)],
  [
    "a suspension",
    (w) => w.memberships[0]!.changes.push({ state: MembershipState.SUSPENDED, at: w.now }),
  ],
])("the instant at which access ends by %s is found, and none before or after", async (_, end) => {
  const world = twoPaths([], [0], false);
  end(world);
  await hub.hold([world]);
  const ended = (by: number): Promise<object[]> => {
    const now = world.now + by;
    return endedFor(hub.at(now), world.viewers[0]!, now);
  };
  expect(await ended(-1)).toEqual([]);
  expect(await ended(0)).toEqual([{ id: world.items[0]!.id, kind: "INCIDENT" }]);
  expect(await ended(1)).toEqual([]);
});

function expire(item: WorldItem, at: number): void {
  for (const audience of item.audiences) audience.liveUntil = at;
  item.expiries = new Map(item.audiences.map((a) => [a.releaseId, at]));
}

/**
 * @param withheldFields under the agreement
 * @param order of the audiences: under the agreement (0), to the viewer's organization (1)
 * @param apart whether the latter is of an older release
 */
function twoPaths(withheldFields: string[], order: number[], apart: boolean): World {
  const id = (n: number): string => `0000000${n}-0000-4000-8000-00000000000${order[0]}`;
  const [owner, reader, group, agreement] = [id(1), id(2), id(3), id(4)];
  const [version, item, release, older] = [id(5), id(6), id(7), id(9)];
  const anywhere = fc.sample(anyWorld, { seed: 1, numRuns: 50 });
  const like = anywhere.flatMap((w) => w.items).find((i) => i.kind === "INCIDENT")!;
  const terms = { ...anywhere[0]!.agreements[0]!.versions[0]!.terms, withheldFields };
  Object.assign(terms, {
    kinds: ["INCIDENT"],
    tlpCeiling: "RED",
    papCeiling: "RED",
    retention: null,
  });
  const viewer = {
    organizationId: reader,
    organizationKind: OrganizationKind.MEMBER,
    accountId: id(8),
    roles: [],
    affiliation: Affiliation.EMPLOYEE,
    ownCredential: true,
  };
  const common = {
    releaseId: release,
    kind: like.kind,
    ownerId: owner,
    fromGroupId: group,
    tlp: 1,
    pap: 0,
    withheld: 0,
    withheldFields: [],
    releasedAt: START + DAY,
    liveFrom: START + DAY,
    liveUntil: Infinity,
  };
  const audiences: WorldAudience[] = [
    {
      ...common,
      path: AccessPathKind.AGREEMENT,
      target: agreement,
      toGroupId: group,
      versionId: version,
    },
    {
      ...common,
      ...(apart && { releaseId: older, releasedAt: START, liveFrom: START, tlp: 0 }),
      path: AccessPathKind.BILATERAL,
      target: reader,
      toGroupId: null,
      versionId: null,
    },
  ];
  const wording = { title: "Sanitised", summary: null, description: "Told on day 1" };
  const released = order.map((n) => audiences[n]!);
  return {
    operatorId: OPERATOR,
    organizations: [owner, reader].map((of) => ({ id: of, kind: OrganizationKind.MEMBER })),
    groups: [group],
    memberships: [
      {
        organizationId: reader,
        groupId: group,
        changes: [{ state: MembershipState.ACTIVE, at: START }],
      },
    ],
    agreements: [
      {
        id: agreement,
        fromGroupId: group,
        toGroupId: group,
        versions: [
          {
            id: version,
            number: 1,
            terms,
            signWithinMs: 0,
            proposedAt: START,
            effectiveFrom: START,
            effectiveUntil: Infinity,
            terminatedAt: Infinity,
          },
        ],
        signatures: new Map([owner, reader].map((o) => [o, [{ versionId: version, at: START }]])),
      },
    ],
    accounts: [{ id: viewer.accountId, viewer }],
    items: [
      {
        ...like,
        id: item,
        ownerId: owner,
        audiences: released,
        wordings: new Map(released.map((a) => [a.releaseId, wording])),
        expiries: new Map(),
        state: "RELEASED",
        links: [],
      },
    ],
    viewers: [viewer],
    now: START + 2 * DAY,
    another: START + DAY,
    network: "192.0.2",
  };
}
