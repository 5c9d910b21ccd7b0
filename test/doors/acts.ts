import { DAY, instantOf, type ReleaseOf, releaseIdOf } from "../sharing/scenario-world";
import type { WorldItem } from "../sharing/generated-world";
import type { Refusal } from "../support/client";
import type { Community } from "./community";

/** What became of a release that a scenario makes: made, or refused and then put behind the gate by plain SQL. */
export type Made = (release: ReleaseOf, refusal: Refusal | null) => Promise<void>;

/**
 * Does what happens on a day of the scenario, through the public API: first what concerns parties, then what concerns items.
 * @param before called before each release is made
 * @param after called after it
 */
export async function act(
  community: Community,
  day: number,
  before: (release: ReleaseOf) => Promise<void>,
  after: Made,
): Promise<void> {
  const { scenario } = community;
  await actOnMemberships(community, instantOf(day));
  await actOnAgreements(community, instantOf(day));
  for (const [name, item] of Object.entries(scenario.items)) {
    if (item.submitted !== day) continue;
    const { id, ownerId } = community.world.item(name);
    await community.clientOf(ownerId).do("submitItem", { id: community.idOf(id) });
  }
  for (const r of community.releases.filter((one) => one.day === day)) {
    await mark(community, r);
    await before(r);
    await after(r, await release(community, r));
  }
  for (const r of community.releases.filter((one) => one.withdrawn === day)) {
    const id = community.idOf(releaseIdOf(r));
    const owner = community.clientOf(community.world.item(r.item).ownerId);
    await owner.do("withdrawRelease", { id, reason: "It was wrong." });
  }
}

async function actOnMemberships(community: Community, now: number): Promise<void> {
  const { operator } = community.hub;
  for (const { organizationId, groupId, changes } of community.world.facts.memberships) {
    const key = `${organizationId} in ${groupId}`;
    const invite = async (): Promise<void> => {
      const to = {
        groupId: community.idOf(groupId),
        organizationId: community.idOf(organizationId),
      };
      community.knows(key, (await operator.do("inviteMember", to)).id);
    };
    for (const [i, { state, at }] of changes.entries()) {
      if (at !== now) continue;
      const was = changes[i - 1]?.state;
      if (was === undefined || was === "ENDED") await invite();
      const membership = { id: community.idOf(key) };
      if (state === "SUSPENDED")
        await operator.do("suspendMembership", { ...membership, reason: "It did not answer." });
      else if (state === "ENDED")
        await operator.do("endMembership", { ...membership, reason: "It left." });
      else if (state === "ACTIVE" && was === "SUSPENDED")
        await operator.do("resumeMembership", membership);
      else if (state === "ACTIVE")
        await community.clientOf(organizationId).do("acceptMembership", membership);
    }
  }
}

async function actOnAgreements(community: Community, now: number): Promise<void> {
  const { operator } = community.hub;
  const iso = (at: number): string | null =>
    Number.isFinite(at) ? new Date(community.real(at)).toISOString() : null;
  for (const agreement of community.world.facts.agreements) {
    for (const v of agreement.versions.filter((one) => one.terminatedAt === now))
      await operator.do("terminateAgreement", { versionId: community.idOf(v.id), reason: "Over." });
    for (const v of agreement.versions.filter((one) => one.proposedAt === now)) {
      const input = {
        title: agreement.id,
        fromGroupId: community.idOf(agreement.fromGroupId),
        toGroupId: community.idOf(agreement.toGroupId),
        terms: v.terms,
        signWithin: `P${v.signWithinMs / DAY}D`,
        effectiveFrom: v.effectiveFrom === now ? null : iso(v.effectiveFrom),
        effectiveUntil: iso(v.effectiveUntil),
      };
      const { id: versionId } = await operator.do("draftAgreement", { input });
      await operator.do("proposeAgreement", { versionId });
      community.knows(v.id, versionId);
      community.knows(agreement.id, await agreementOf(community, versionId));
    }
    for (const [organization, signed] of agreement.signatures)
      for (const { versionId } of signed.filter((s) => s.at === now))
        await community
          .clientOf(organization)
          .do("signAgreement", { versionId: community.idOf(versionId) });
  }
}

async function agreementOf({ hub }: Community, versionId: string): Promise<string> {
  const selection = "... on AgreementVersion { agreement { id } }";
  const version = await hub.operator.ask<{ agreement: { id: string } }>(
    "node",
    { id: versionId },
    selection,
  );
  return version.agreement.id;
}

/** Gives the item the PAP that a release says it had. Only incidents can be changed. */
async function mark(community: Community, r: ReleaseOf): Promise<void> {
  if (r.pap === undefined) return;
  const item = community.world.item(r.item);
  const rank = item.audiences.find((a) => a.releaseId === releaseIdOf(r))?.pap ?? item.pap;
  community.marked.set(item.id, rank);
  const input = community.inputOf(item, rank);
  const id = community.idOf(item.id);
  await community.clientOf(item.ownerId).do("updateIncident", { id, input });
}

async function release(community: Community, r: ReleaseOf): Promise<Refusal | null> {
  const item = community.world.item(r.item);
  const owner = community.clientOf(item.ownerId);
  const input = community.releaseInput(r);
  const { data, errors } = await owner.query<{ releaseItem: { id: string } }>(
    "mutation($input: ProposeReleaseInput!) { releaseItem(input: $input) { id } }",
    { input },
  );
  if (!errors) {
    community.knows(releaseIdOf(r), data?.releaseItem.id ?? "");
    return null;
  }
  const refusal = await owner.refused("releaseItem", { input });
  if (refusal.code !== "BAD_USER_INPUT")
    throw new Error(`not released: ${JSON.stringify(refusal)}`);
  await putBehindTheGate(community, r, item);
  return refusal;
}

/** A release that the hub refuses, as rows and with its alert, so that reading has to refuse it too. */
async function putBehindTheGate(
  community: Community,
  r: ReleaseOf,
  item: WorldItem,
): Promise<void> {
  const { hub } = community.hub.running;
  const at = new Date(hub.nextInstant(0));
  const { title, description } = community.wordingOf(item, releaseIdOf(r));
  const audiences = item.audiences.filter((a) => a.releaseId === releaseIdOf(r));
  const { rows } = await hub.pool.query<{ id: string }>(
    `INSERT INTO release (item_id, state, tlp, title, description, withheld_fields, proposed_at, proposed_by, released_at)
     VALUES ($1, 'RELEASED', 0, $2, $3, $4, $5, gen_random_uuid(), $5) RETURNING id`,
    [community.uuidOf(item.id), title, description, audiences[0]?.withheldFields ?? [], at],
  );
  const releaseId = rows[0]?.id ?? "";
  community.knows(releaseIdOf(r), `release_${releaseId}`);
  const uuid = (id: string | null): string | null => (id === null ? null : community.uuidOf(id));
  for (const a of audiences)
    await hub.pool.query(
      `INSERT INTO release_audience (release_id, item_id, kind, owner_id, path, target, from_group_id, to_group_id,
         version_id, tlp, pap, withheld, released_at, live_from)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $13)`,
      [
        releaseId,
        uuid(item.id),
        a.kind,
        uuid(a.ownerId),
        a.path,
        uuid(a.target),
        uuid(a.fromGroupId),
        uuid(a.toGroupId),
        uuid(a.versionId),
        a.tlp,
        a.pap,
        a.withheld,
        at,
      ],
    );
  await hub.pool.query(
    `INSERT INTO log (at, type, actor_organization_id, actor_account_id, item_id, release_id)
     VALUES ($1, 'ITEM_RELEASED', $2, gen_random_uuid(), $3, $4)`,
    [at, uuid(item.ownerId), uuid(item.id), releaseId],
  );
  hub.log.wake();
}
