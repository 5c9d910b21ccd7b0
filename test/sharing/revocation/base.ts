import type { Viewer } from "./history";
import { type Base, buildBase, type World } from "./world";
import { create } from "./item-acts";
import { propose, TERMS } from "./agreement-acts";

export const MEMBERS = ["acme", "beta", "gamma"];
export const GROUPS = ["power", "water"];
export const PAIRS = ["power power", "power water"];
/** Who owns items. */
export const OWNERS = ["acme", "beta"];

const nobody = {
  admin: false,
  publisher: false,
  operator: false,
  employee: true,
  ownKey: true,
  coordinates: [],
};
const all = { ...nobody, admin: true, publisher: true };
const contractor = { ...nobody, employee: false };
/** Each is one credential. */
const VIEWERS: Record<string, Viewer> = {
  acme: { ...all, organization: "acme", account: "acme account" },
  acmeMssp: { ...contractor, organization: "acme", account: "acmeMssp account" },
  beta: { ...all, organization: "beta", account: "beta account" },
  betaMssp: { ...contractor, organization: "beta", account: "betaMssp account" },
  // The same account, with the key that the operator made for it.
  betaForeign: { ...all, ownKey: false, organization: "beta", account: "beta account" },
  gamma: { ...all, organization: "gamma", account: "gamma account" },
  coordinator: {
    ...nobody,
    organization: "gamma",
    account: "coordinator account",
    coordinates: ["power"],
  },
  operator: { ...nobody, operator: true, organization: "operator", account: "operator account" },
  anonymous: { ...nobody, employee: false, ownKey: false, organization: null, account: null },
};
export const READERS = Object.keys(VIEWERS);

/** Three members, two groups, an agreement within the first and one from it to the second; nothing shared yet. */
export const base = (): Promise<Base> =>
  buildBase(async (world) => {
    const { hub, ids, history } = world;
    const secrets: Record<string, string | null> = { anonymous: null, operator: hub.operator.key };
    history.viewers = VIEWERS;
    Object.assign(ids, { operator: hub.operatorId });
    const { account } = await hub.operator.ask<{ account: { id: string } }>(
      "viewer",
      {},
      "account { id }",
    );
    ids["operator account"] = account.id;
    for (const name of [...MEMBERS, "lighthouse"]) {
      const input = { name, kind: "MEMBER", sectors: [], country: "JP" };
      ids[name] = (await hub.operator.do("createOrganization", { input })).id;
    }
    const made = async (viewer: string, organization: string, roles: string[]): Promise<void> => {
      const input = {
        organizationId: ids[organization],
        roles,
        displayName: viewer,
        email: `${viewer}@example.jp`,
        affiliation: VIEWERS[viewer]?.employee === false ? "CONTRACTOR" : "EMPLOYEE",
      };
      const { id } = await hub.operator.do("createAccount", { input });
      ids[`${viewer} account`] = id;
      const [foreign, own] = await keysFor(world, id, null);
      if (viewer === "beta") keep("betaForeign", foreign);
      keep(viewer, own);
    };
    const keep = (viewer: string, key: { id: string; secret: string }): void => {
      secrets[viewer] = key.secret;
      history.keys[viewer] = { id: key.id, expiresAt: Infinity };
    };
    history.keys.operator = { id: "", expiresAt: Infinity };
    const roles = ["ORG_ADMIN", "PUBLISHER", "MEMBER"];
    for (const member of [...MEMBERS, "lighthouse"]) await made(member, member, roles);
    await made("acmeMssp", "acme", ["READER"]);
    await made("betaMssp", "beta", ["READER"]);
    await made("coordinator", "gamma", ["READER"]);
    for (const [viewer, secret] of Object.entries(secrets)) world.clients[viewer] = hub.as(secret);

    for (const slug of GROUPS) {
      const coordinatorIds = slug === "power" ? [ids["coordinator account"]] : [];
      const input = { slug, name: `Group ${slug}`, sector: slug, coordinatorIds };
      ids[slug] = (await hub.operator.do("createSectorGroup", { input })).id;
    }
    const active = async (organization: string, group: string): Promise<void> => {
      const { id } = await hub.operator.do("inviteMember", {
        groupId: ids[group],
        organizationId: ids[organization],
      });
      await world.client(organization).do("acceptMembership", { id });
      const name = `${organization} in ${group}`;
      ids[name] = id;
      history.memberships.push({ id: name, organization, group });
      history.memberChanges.push({ id: name, state: "ACTIVE", at: world.now(), byOperator: false });
    };
    for (const member of ["acme", "beta"]) await active(member, "power");
    await active("gamma", "water");
    for (const pair of PAIRS) {
      const [from = "", to = ""] = pair.split(" ");
      await propose(world, "operator", from, to, TERMS, {
        from: null,
        until: null,
        signWithin: 30,
      });
    }
    for (const { id } of history.versions) {
      for (const organization of MEMBERS) {
        const version = history.versions.find((v) => v.id === id);
        const party = [version?.from, version?.to].some((g) =>
          history.activeAt(organization, g ?? "", world.now()),
        );
        if (!party) continue;
        await world.client(organization).do("signAgreement", { versionId: ids[id] });
        history.signatures.push({ organization, version: id, at: world.now() });
      }
    }
    const advisory = { title: "Beacon", body: "Of the lighthouse", tlp: "CLEAR" };
    ids.beacon = (await world.client("lighthouse").do("createAdvisory", { input: advisory })).id;
    await create(world, "acme", "INCIDENT", 2, 2);
    await create(world, "beta", "INDICATOR", 1, 2);
    await world.beacon();
    return secrets;
  });

/** The key that the operator makes for an account, and the one that the account makes with it. */
export async function keysFor(
  world: World,
  accountId: string,
  expiresAt: number | null,
): Promise<[{ id: string; secret: string }, { id: string; secret: string }]> {
  const until = expiresAt === null ? null : new Date(expiresAt).toISOString();
  const input = { accountId, name: "Key", expiresAt: until };
  const make = (by: World["hub"]["operator"]): Promise<{ id: string; secret: string }> =>
    by.do("createApiKey", { input }, "id secret");
  const foreign = await make(world.hub.operator);
  return [foreign, await make(world.hub.as(foreign.secret))];
}
