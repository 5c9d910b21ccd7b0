import { createHash } from "node:crypto";
import type { EntityManager } from "typeorm";
import type { Hub } from "../hub";

const GENESIS = Buffer.alloc(32);

/** An entry that was just written, as the text that is hashed. */
export interface Entry {
  id: string;
  kind: "audit" | "disclosure";
  entry: string;
}

/** One link as it stands, with its entry as that stands: null where it is gone. */
interface Link {
  seq: number;
  kind: string;
  entry: string | null;
  hash: string;
  at: Date;
}

/** SHA-256 over the hash before and the entry's text. */
const linked = (before: Buffer, entry: string): Buffer =>
  createHash("sha256").update(before).update(entry).digest();

/** An entry `e` as the text that is hashed: every column of it, in a form that does not depend on settings. */
export const ENTRY_TEXT = {
  audit: `jsonb_build_object('id', e.id, 'at', ms(e.at), 'act', e.act, 'organization', e.organization_id,
    'account', e.account_id, 'key', e.key_id, 'address', e.address, 'subject', e.subject,
    'about', e.about_organization_id, 'before', e.before, 'after', e.after)::text`,
  disclosure: `jsonb_build_object('id', e.id, 'item', e.item_id, 'owner', e.owner_id, 'organization', e.organization_id,
    'account', e.account_id, 'path', e.path, 'version', e.version_id, 'group', e.group_id, 'channel', e.channel,
    'day', e.day, 'firstAt', ms(e.first_at), 'lastAt', ms(e.last_at), 'count', e.count)::text`,
} as const;

/**
 * Chains entries within the transaction that wrote them. The caller holds the log's lock until the commit.
 * INVARIANT: no entry is committed without its link, so that one without was put there by another hand.
 */
export async function chain(
  manager: EntityManager,
  entries: readonly Entry[],
  at: Date,
): Promise<void> {
  if (!entries.length) return;
  const [head] = await manager.query<{ seq: string; hash: Buffer }[]>(
    "SELECT seq, hash FROM chain ORDER BY seq DESC LIMIT 1",
  );
  let { hash } = head ?? { hash: GENESIS };
  let seq = Number(head?.seq ?? 0);
  const links = entries.map(({ id, kind, entry }) => {
    hash = linked(hash, entry);
    return { seq: ++seq, id, kind, hash: hash.toString("hex") };
  });
  await manager.query(
    `INSERT INTO chain (seq, kind, entry_id, hash, at)
     SELECT l.seq, l.kind, l.id, decode(l.hash, 'hex'), $2
     FROM jsonb_to_recordset($1::jsonb) AS l(seq bigint, id uuid, kind text, hash text)`,
    [JSON.stringify(links), at],
  );
}

/** The hash chain over the audit log and the disclosure ledger: whoever changes or removes an entry breaks every hash from there on. */
export class Chain {
  constructor(private readonly hub: Hub) {}

  /** The newest link, or the newest before an instant; null where there is none. */
  async head(before: Date | null = null): Promise<{ seq: number; hash: string; at: Date } | null> {
    const { rows } = await this.hub.pool.query<{ seq: string; hash: string; at: Date }>(
      `SELECT seq, encode(hash, 'hex') AS hash, at FROM chain
       ${before ? "WHERE at < $1 ORDER BY at DESC, seq DESC" : "ORDER BY seq DESC"} LIMIT 1`,
      before ? [before] : [],
    );
    return rows[0] ? { ...rows[0], seq: Number(rows[0].seq) } : null;
  }

  /** Links after a number, in order. */
  async after(seq: number, limit: number): Promise<Link[]> {
    const { rows } = await this.hub.pool.query<Omit<Link, "seq"> & { seq: string }>(
      `SELECT c.seq, c.kind, c.at, encode(c.hash, 'hex') AS hash, CASE c.kind
         WHEN 'audit' THEN (SELECT ${ENTRY_TEXT.audit} FROM audit e WHERE e.id = c.entry_id)
         ELSE (SELECT ${ENTRY_TEXT.disclosure} FROM disclosure e WHERE e.id = c.entry_id) END AS entry
       FROM chain c WHERE c.seq > $1 ORDER BY c.seq LIMIT $2`,
      [seq, limit],
    );
    return rows.map((row) => ({ ...row, seq: Number(row.seq) }));
  }

  /** How many entries no link names. */
  async unchained(): Promise<number> {
    const { rows } = await this.hub.pool.query<{ count: number }>(
      `SELECT count(*)::int AS count FROM (SELECT id FROM audit UNION ALL SELECT id FROM disclosure) e
       WHERE NOT EXISTS (SELECT FROM chain c WHERE c.entry_id = e.id)`,
    );
    return rows[0]?.count ?? 0;
  }
}
