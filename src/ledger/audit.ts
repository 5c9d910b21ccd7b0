import type { EntityManager } from "typeorm";
import type { Change, Origin } from "../transaction";
import { type Entry, ENTRY_TEXT } from "./chain";

/** Never in the log, though they are properties of what is written. */
const SECRET = new Set(["hash", "uuid", "version"]);

/**
 * Writes what a change did, within its transaction: who, what, from where, on which record, before and after.
 * @returns the entries, still to be chained
 */
export async function writeAudit(
  manager: EntityManager,
  change: Change,
  origin: Origin,
): Promise<Entry[]> {
  if (!change.acts.length) return [];
  return manager.query<Entry[]>(
    `INSERT INTO audit AS e (at, act, organization_id, account_id, key_id, address, subject, about_organization_id, before, after)
     SELECT $1, $2, $3, $4, $5, $6, a.subject, nullif(a."aboutOrganizationId", $3::uuid), a.before, a.after
     FROM jsonb_to_recordset($7::jsonb) AS a(subject text, "aboutOrganizationId" uuid, before jsonb, after jsonb)
     RETURNING e.id, 'audit' AS kind, ${ENTRY_TEXT.audit} AS entry`,
    [
      change.now,
      origin.act,
      change.by.organizationId,
      change.by.uuid,
      origin.keyId,
      origin.address,
      JSON.stringify(change.acts, (key, value: unknown) => (SECRET.has(key) ? undefined : value)),
    ],
  );
}
