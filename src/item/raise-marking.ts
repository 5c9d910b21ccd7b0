import { globalId } from "../ids";
import { KINDS } from "../sharing/disclosure";
import type { StoredKind } from "../sharing/facts";
import { OWN_MARKING } from "../sharing/fields";
import { papOf } from "../sharing/pap";
import { narrowReleases } from "../sharing/release-audience";
import { tlpOf } from "../sharing/tlp";
import type { Change } from "../transaction";

/** By rank. */
interface Marking {
  tlp: number;
  pap: number;
}

/** Raises an item's marking to at least another, and its live releases with it. Nothing is ever lowered. */
export async function raiseMarking(
  change: Change,
  kind: StoredKind,
  id: string,
  least: Marking,
): Promise<void> {
  const item = await lockedMarking(change, id);
  const tlp = Math.max(item.tlp, least.tlp);
  const pap = Math.max(item.pap, least.pap);
  if (tlp === item.tlp && pap === item.pap) return;
  await change.query("UPDATE item SET tlp = $2, pap = $3, updated_at = $4 WHERE id = $1", [
    id,
    tlp,
    pap,
    change.now,
  ]);
  const narrowed = await narrowReleases(
    change,
    id,
    tlp > item.tlp ? tlp : 0,
    pap > item.pap ? pap : 0,
  );
  change.record(
    globalId(KINDS[kind].node, id),
    { tlp: tlpOf(item.tlp), pap: papOf(item.pap) },
    { tlp: tlpOf(tlp), pap: papOf(pap) },
  );
  const entry = { itemId: id, tlpBefore: item.tlp };
  // Whom the releases reach no more, and whom the item itself no longer admits.
  if (narrowed || tlp > item.tlp) change.raise({ type: "ACCESS_ENDED", ...entry });
  change.raise({ type: "ITEM_UPDATED", ...entry, changed: OWN_MARKING });
}

/** The marking as it is once the lock is had; the change then comes after whatever was done to the item meanwhile. */
async function lockedMarking(change: Change, id: string): Promise<Marking> {
  const [item] = await change.query<[Marking & { at: string }]>(
    "SELECT tlp, pap, ms(updated_at) AS at FROM item WHERE id = $1 FOR UPDATE",
    [id],
  );
  const [released] = await change.query<[{ at: string | null }]>(
    "SELECT ms(max(live_from)) AS at FROM release_audience WHERE item_id = $1",
    [id],
  );
  const latest = Math.max(Number(item.at), Number(released.at ?? 0));
  if (latest >= change.now.getTime()) change.follow(latest);
  return item;
}
