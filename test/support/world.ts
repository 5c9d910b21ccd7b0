import type { Arguments, Client } from "./client";
import { makeAccount, type Reached, type TestHub } from "./hub";

/** Everything that an organization's account may be, but a contractor. */
const ALL_ROLES = ["ORG_ADMIN", "PUBLISHER", "MEMBER"];

export interface AccountOf {
  of: string;
  roles: string[];
  affiliation?: string;
}

export interface GroupOf {
  members: readonly string[];
  roster?: "OPEN" | "HIDDEN";
  sector?: string;
  /** Names of accounts. */
  coordinators?: readonly string[];
}

export interface AgreementOf {
  from: string;
  to: string;
  terms?: Arguments;
  /** Organizations; absent: all members of both groups. */
  signedBy?: readonly string[];
  effectiveFrom?: string;
  effectiveUntil?: string;
  signWithin?: string;
}

export interface WorldOf<O extends string, G extends string, A extends string> {
  /** Each gets an account of its own name with the roles ORG_ADMIN, PUBLISHER and MEMBER; a kind other than MEMBER by name. */
  organizations: readonly O[];
  kinds?: Partial<Record<O, string>>;
  /** Further accounts. */
  accounts?: Record<A, AccountOf>;
  groups?: Record<G, GroupOf>;
  agreements?: readonly AgreementOf[];
}

export interface World<
  O extends string,
  G extends string,
  A extends string,
  H extends Reached = TestHub,
> {
  hub: H;
  /** Organization ids. */
  org: Record<O, string>;
  /** Group ids. */
  group: Record<G, string>;
  /** Account ids. */
  account: Record<O | A, string>;
  /** Clients with a key of the account's own. */
  as: Record<O | A, Client>;
  /** Clients with the key that the operator made for the account. */
  foreign: Record<O | A, Client>;
  /** Ids of memberships, by `organization group`. */
  membership: Record<string, string>;
  /** Ids of the agreements' first versions, in the order given. */
  versions: string[];
}

/** The terms of an agreement that says nothing special: everything up to AMBER_STRICT, under approval. */
export const TERMS = {
  kinds: ["INCIDENT", "INDICATOR", "ADVISORY", "SIGHTING"],
  tlpCeiling: "AMBER_STRICT",
};

let worlds = 0;

/**
 * Builds a community through the public API: organizations, accounts with keys of their own, groups, agreements.
 * Names are made unique, so that one hub holds several worlds that know nothing of each other.
 */
export async function buildWorld<
  O extends string,
  G extends string = never,
  A extends string = never,
  H extends Reached = TestHub,
>(hub: H, spec: WorldOf<O, G, A>): Promise<World<O, G, A, H>> {
  const suffix = `-${++worlds}`;
  const world: World<string, string, string, H> = {
    hub,
    org: {},
    group: {},
    account: {},
    as: {},
    foreign: {},
    membership: {},
    versions: [],
  };
  const account = async (name: string, { of, ...rest }: AccountOf): Promise<void> => {
    const made = await makeAccount(hub, {
      ...rest,
      organizationId: idOf(world.org, of),
      displayName: name,
    });
    world.account[name] = made.accountId;
    world.as[name] = hub.as(made.key);
    world.foreign[name] = hub.as(made.foreignKey);
  };
  await Promise.all(
    spec.organizations.map(async (name) => {
      const kind = spec.kinds?.[name] ?? "MEMBER";
      const input = { name: name + suffix, kind, sectors: [], country: "JP" };
      world.org[name] = (await hub.operator.do("createOrganization", { input })).id;
      await account(name, { of: name, roles: ALL_ROLES });
    }),
  );
  await Promise.all(
    Object.entries<AccountOf>(spec.accounts ?? {}).map(([name, of]) => account(name, of)),
  );
  await Promise.all(
    Object.entries<GroupOf>(spec.groups ?? {}).map(async ([slug, group]) => {
      const { members, roster = null, sector = slug, coordinators = [] } = group;
      const coordinatorIds = coordinators.map((c) => idOf(world.account, c));
      const input = { slug: slug + suffix, name: `Group ${slug}`, sector, roster, coordinatorIds };
      world.group[slug] = (await hub.operator.do("createSectorGroup", { input })).id;
      await Promise.all(
        members.map(async (member) => {
          world.membership[`${member} ${slug}`] = await join(world, member, slug);
        }),
      );
    }),
  );
  for (const agreement of spec.agreements ?? []) {
    const membersOf = (slug: string): readonly string[] =>
      (spec.groups as Record<string, GroupOf>)[slug]?.members ?? [];
    const signedBy = agreement.signedBy ?? [
      ...new Set([...membersOf(agreement.from), ...membersOf(agreement.to)]),
    ];
    world.versions.push(await agree(world, { ...agreement, signedBy }));
  }
  return world;
}

type AnyWorld = Pick<
  World<string, string, string, Reached>,
  "hub" | "org" | "group" | "as" | "membership"
>;

/** Invites an organization into a group and accepts for it. Returns the membership's id. */
export async function join(world: AnyWorld, organization: string, group: string): Promise<string> {
  const { id } = await world.hub.operator.do("inviteMember", {
    groupId: idOf(world.group, group),
    organizationId: idOf(world.org, organization),
  });
  await clientOf(world, organization).do("acceptMembership", { id });
  return id;
}

/** Drafts, proposes and signs a version of an agreement, by the operator and the signatories. Returns its id. */
export async function agree(
  world: AnyWorld,
  { from, to, terms, signedBy = [], ...rest }: AgreementOf,
): Promise<string> {
  const { id: versionId } = await world.hub.operator.do("draftAgreement", {
    input: {
      title: `${from} to ${to}`,
      fromGroupId: idOf(world.group, from),
      toGroupId: idOf(world.group, to),
      terms: { ...TERMS, ...terms },
      ...rest,
    },
  });
  await world.hub.operator.do("proposeAgreement", { versionId });
  await Promise.all(signedBy.map((o) => clientOf(world, o).do("signAgreement", { versionId })));
  return versionId;
}

/** Creates an incident and returns its id. */
export async function makeIncident(client: Client, input: Arguments = {}): Promise<string> {
  const { id } = await client.do("createIncident", {
    input: { title: "Ransomware", category: "malicious-code", tlp: "AMBER", ...input },
  });
  return id;
}

/** Creates an indicator of an IPv4 address, or of the pattern in `input`, and returns its id. */
export async function makeIndicator(
  client: Client,
  address: string,
  input: Arguments = {},
): Promise<string> {
  const { id } = await client.do("createIndicator", {
    input: { pattern: `[ipv4-addr:value = '${address}']`, tlp: "AMBER", ...input },
  });
  return id;
}

/** The owner's own release. Returns its id. TLP:AMBER unless said otherwise. */
export async function release(client: Client, itemId: string, to: Arguments): Promise<string> {
  return (await client.do("releaseItem", { input: { itemId, tlp: "AMBER", ...to } })).id;
}

/** An analyst's proposal. Returns the release's id. */
export async function propose(client: Client, itemId: string, to: Arguments): Promise<string> {
  const input = { itemId, tlp: "AMBER", title: "Sanitised", ...to };
  return (await client.do("proposeRelease", { input })).id;
}

function idOf<T>(map: Record<string, T>, name: string): T {
  const id = map[name];
  if (id === undefined) throw new Error(`the world has no ${name}`);
  return id;
}

const clientOf = (world: AnyWorld, name: string): Client => idOf(world.as, name);
