import type { DataSource } from "typeorm";
import type { Account } from "../../../src/auth/account.entity";
import { loadItems } from "../../../src/sharing/item-rows";
import { makeLive, narrowReleases } from "../../../src/sharing/release-audience";
import { Change } from "../../../src/transaction";
import type { World, WorldAudience, WorldItem } from "../generated-world";

/** Releases the items of a world, and raises their markings, by what the hub itself does then, in the order of time. */
export async function releaseByActs(dataSource: DataSource, world: World): Promise<void> {
  for (const item of world.items) {
    for (const { at, act } of actsOn(item).toSorted((a, b) => a.at - b.at)) {
      const by = { uuid: item.ownerId } as Account;
      await act(new Change(dataSource.manager, new Date(at), by, "0", (after) => after + 1));
    }
  }
}

interface Act {
  at: number;
  act: (change: Change) => Promise<unknown>;
}

function actsOn(item: WorldItem): Act[] {
  const releases = [...item.wordings.keys()].map((releaseId): Act => {
    const audiences = item.audiences.filter((a) => a.releaseId === releaseId && isFirst(a));
    return {
      at: audiences[0]?.releasedAt ?? 0,
      act: (change) => release(change, item, releaseId, audiences),
    };
  });
  const [narrowed] = item.audiences.filter((a) => !isFirst(a));
  if (!narrowed) return releases;
  const { tlp, pap, id } = item;
  const act = (change: Change): Promise<unknown> => narrowReleases(change, id, tlp, pap);
  return [...releases, { at: narrowed.liveFrom, act }];
}

/** As it was released, before its marking was raised. */
const isFirst = (a: WorldAudience): boolean => a.liveFrom === a.releasedAt;

async function release(
  change: Change,
  item: WorldItem,
  releaseId: string,
  audiences: readonly WorldAudience[],
): Promise<void> {
  const [first] = audiences;
  const row = (await loadItems(change.asPool(), item.kind, [item.id])).get(item.id);
  if (!first || !row) throw new Error(`nothing to release: ${item.id}`);
  const expiresAt = item.expiries?.get(releaseId) ?? Infinity;
  await makeLive(
    change,
    // WHY not the row's own: a release takes the item's PAP at its time, of which a world has only the last.
    { ...row, pap: first.pap },
    {
      uuid: releaseId,
      fromGroupId: first.fromGroupId,
      tlp: first.tlp,
      withheld: first.withheld,
      expiresAt: Number.isFinite(expiresAt) ? new Date(expiresAt) : null,
    },
    audiences.map((a) => ({ ...a, terms: null })),
  );
}
