import { Affiliation } from "../../src/sharing/vocabulary";
import { instantOf, type ReleaseOf, releaseIdOf } from "../sharing/scenario-world";
import type { Viewer } from "../../src/sharing/parties";
import { oracle } from "../sharing/oracle";
import type { Refusal } from "../support/client";
import type { Community } from "./community";

interface Preview {
  organizations: { id: string }[];
  accountCount: number;
  organizationCount: number;
}

/** The community's accounts that one release alone reaches, the owner's left out, says the oracle. */
function reachedBy(community: Community, r: ReleaseOf): Viewer[] {
  const item = community.world.item(r.item);
  const audiences = item.audiences
    .filter((a) => a.releaseId === releaseIdOf(r))
    .map((a) => ({ ...a, liveUntil: Infinity }));
  const world = community.at(instantOf(r.day));
  return community.accounts.filter(
    (account) =>
      account.organizationId !== item.ownerId &&
      oracle(world, account, { ...item, audiences }).audiences.length > 0,
  );
}

/** Asks, as the owner, whom a release would reach: exactly those whom it then reaches. */
export async function expectPreview(community: Community, r: ReleaseOf): Promise<void> {
  const item = community.world.item(r.item);
  const owner = community.clientOf(item.ownerId);
  const { data, errors } = await owner.query<{ audiencePreview: Preview }>(
    `query($input: ProposeReleaseInput!) {
      audiencePreview(input: $input) { organizations { id } accountCount organizationCount } }`,
    { input: community.releaseInput(r) },
  );
  const reached = reachedBy(community, r);
  const organizations = [...new Set(reached.map((v) => community.idOf(v.organizationId)))];
  if (errors) {
    // What may not be released would have reached nobody.
    expect(errors.map((e) => e.extensions.code)).toEqual(["BAD_USER_INPUT"]);
    expect(organizations).toEqual([]);
    return;
  }
  const preview = data?.audiencePreview;
  const own = new Set(community.accounts.map((v) => community.idOf(v.organizationId)));
  const named = (preview?.organizations ?? []).map((o) => o.id).filter((id) => own.has(id));
  expect({ [releaseIdOf(r)]: named.toSorted() }).toEqual({
    [releaseIdOf(r)]: organizations.toSorted(),
  });
  // A release to everyone reaches the rest of the hub as well.
  if (r["to-everyone"]) return;
  // A body's members may be no more than its clients here, so clients are told by a rounded number.
  const clients = reached.filter((v) => v.affiliation === Affiliation.CLIENT).length;
  expect(preview).toMatchObject({
    accountCount: reached.length - clients + (clients < 3 ? 0 : Math.round(clients / 5) * 5),
    organizationCount: organizations.length,
  });
}

/** What the hub refused to release would have reached nobody; what it made is refused to nobody by the preview. */
export function expectRefusal(community: Community, r: ReleaseOf, refusal: Refusal | null): void {
  if (refusal === null) return;
  expect({ [releaseIdOf(r)]: reachedBy(community, r) }).toEqual({ [releaseIdOf(r)]: [] });
  expect(Object.values(refusal.issues).join()).not.toBe("");
}
