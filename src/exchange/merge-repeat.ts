import type { Context } from "../context";
import { globalId } from "../ids";
import type { IndicatorInput } from "../indicator/indicator.type";
import { raiseMarking } from "../item/raise-marking";
import { maskOf } from "../sharing/fields";
import { papRank } from "../sharing/pap";
import { tlpRank } from "../sharing/tlp";
import { ItemKind } from "../sharing/vocabulary";
import type { Change } from "../transaction";

/** What the organization has already. */
interface Known {
  id: string;
  tlp: number;
  pap: number;
}

/**
 * The organization's own indicator of the same STIX id or pattern, of those that the account sees or wrote itself.
 * Others' are never looked at.
 */
export async function repeated(
  ctx: Context,
  change: Change,
  stixId: string | null,
  input: IndicatorInput,
): Promise<Known | null> {
  const [row] = await change.query<Known[]>(
    `SELECT id, tlp, pap FROM (
       SELECT i.*, 1 AS n FROM item i JOIN indicator c ON c.id = i.id WHERE i.owner_id = $1 AND i.stix_id = $2
       UNION ALL SELECT i.*, 2 FROM item i JOIN indicator c ON c.id = i.id
         WHERE i.owner_id = $1 AND md5(c.pattern) = md5($3) AND c.pattern = $3) i
     WHERE tlp = ANY($4::smallint[]) OR created_by = $5 ORDER BY n, created_at, id LIMIT 1`,
    [
      change.by.organizationId,
      stixId,
      input.pattern,
      ctx.scope().owner?.admitted ?? [],
      change.by.uuid,
    ],
  );
  return row ?? null;
}

/** The STIX id, unless an item that the account does not see bears it already: then a new one, and nothing is told. */
export async function freeStixId(change: Change, stixId: string | null): Promise<string | null> {
  const taken = await change.query<object[]>(
    "SELECT 1 FROM item WHERE owner_id = $1 AND stix_id = $2",
    [change.by.organizationId, stixId],
  );
  return taken.length ? null : stixId;
}

/** Whether a repeat has a label or a validity that is not there yet. */
export async function addsTo(
  change: Change,
  uuid: string,
  input: IndicatorInput,
): Promise<boolean> {
  const [row] = await change.query<{ adds: boolean }[]>(
    `SELECT NOT ($2::text[] <@ labels) OR (valid_until IS NOT NULL AND coalesce($3::timestamptz > valid_until, true)) AS adds
     FROM indicator WHERE id = $1`,
    [uuid, input.labels ?? [], input.validUntil ?? null],
  );
  return row?.adds ?? false;
}

/**
 * Adds the labels and the validity of a repeat to what is there; its readers are told where that changes anything. A
 * repeat that is marked stricter makes the whole stricter, before anything of it is shown.
 */
export async function merge(change: Change, known: Known, input: IndicatorInput): Promise<void> {
  const { id: uuid } = known;
  const tlp = tlpRank(input.tlp);
  const pap = input.pap ? papRank(input.pap) : 0;
  if (tlp > known.tlp || pap > known.pap)
    await raiseMarking(change, ItemKind.INDICATOR, uuid, { tlp, pap });
  const [changed] = await change.query<{ labels: boolean; until: boolean }[]>(
    `WITH was AS (SELECT id, labels, valid_until FROM indicator WHERE id = $1), now AS (
       UPDATE indicator SET labels = (SELECT coalesce(array_agg(DISTINCT l), '{}') FROM unnest(labels || $2::text[]) l),
         valid_until = CASE WHEN valid_until IS NULL OR $3::timestamptz IS NULL THEN NULL ELSE greatest(valid_until, $3) END
       WHERE id = $1 RETURNING id, labels, valid_until)
     SELECT NOT (now.labels <@ was.labels) AS labels, now.valid_until IS DISTINCT FROM was.valid_until AS until
     FROM now JOIN was ON was.id = now.id`,
    [uuid, input.labels ?? [], input.validUntil ?? null],
  );
  const fields = [
    ...(changed?.labels ? ["labels"] : []),
    ...(changed?.until ? ["validUntil"] : []),
  ];
  if (!fields.length) return;
  await change.query("UPDATE item SET updated_at = $2 WHERE id = $1", [uuid, change.now]);
  change.record(globalId("indicator", uuid), {}, { changed: fields });
  change.raise({ type: "ITEM_UPDATED", itemId: uuid, changed: maskOf(fields) });
}
