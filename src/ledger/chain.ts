import { createHash } from "node:crypto";
import type { Hub } from "../hub";

const BATCH = 500;
const CHAIN_LOCK = 7_264_005;
const GENESIS = Buffer.alloc(32);

/** One link: the entry as text, and the hash of the link before and of that text. */
export interface Link {
  seq: number;
  kind: "audit" | "disclosure";
  entry: string;
  hash: Buffer;
  at: Date;
}

/** SHA-256 over the hash before and the entry's text. */
const linked = (before: Buffer, entry: string): Buffer =>
  createHash("sha256").update(before).update(entry).digest();

/** An entry as the text that is hashed: every column of it, in a form that does not depend on settings. */
const TEXT = {
  audit: `jsonb_build_object('id', e.id, 'at', ms(e.at), 'act', e.act, 'organization', e.organization_id,
    'account', e.account_id, 'key', e.key_id, 'address', e.address, 'subject', e.subject,
    'about', e.about_organization_id, 'before', e.before, 'after', e.after)::text`,
  disclosure: `jsonb_build_object('id', e.id, 'item', e.item_id, 'owner', e.owner_id, 'organization', e.organization_id,
    'account', e.account_id, 'path', e.path, 'version', e.version_id, 'group', e.group_id, 'channel', e.channel,
    'day', e.day, 'firstAt', ms(e.first_at), 'lastAt', ms(e.last_at), 'count', e.count)::text`,
};

/**
 * The hash chain over the audit log and the disclosure ledger. Entries are written where they arise and chained soon
 * after, by one node at a time; whoever changes or removes one later breaks every hash from there on.
 */
export class Chain {
  constructor(private readonly hub: Hub) {}

  /** Chains what is not chained yet. @returns how many entries */
  async extend(): Promise<number> {
    let total = 0;
    for (;;) {
      const done = await this.extendOnce();
      total += done;
      if (done < BATCH) return total;
    }
  }

  private async extendOnce(): Promise<number> {
    return this.hub.dataSource.transaction(async (manager) => {
      await manager.query(`SELECT pg_advisory_xact_lock(${CHAIN_LOCK})`);
      const [head] = await manager.query<{ seq: string; hash: Buffer }[]>(
        "SELECT seq, hash FROM chain ORDER BY seq DESC LIMIT 1",
      );
      const entries = await manager.query<{ id: string; kind: Link["kind"]; entry: string }[]>(
        `SELECT e.id, 'audit' AS kind, e.at, ${TEXT.audit} AS entry FROM audit e WHERE NOT chained
         UNION ALL SELECT e.id, 'disclosure', e.first_at, ${TEXT.disclosure} FROM disclosure e WHERE NOT chained
         ORDER BY at, id LIMIT ${BATCH}`,
      );
      if (!entries.length) return 0;
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
        [JSON.stringify(links), new Date(this.hub.now())],
      );
      for (const kind of ["audit", "disclosure"] as const) {
        const ids = links.filter((l) => l.kind === kind).map((l) => l.id);
        if (ids.length)
          await manager.query(`UPDATE ${kind} SET chained = true WHERE id = ANY($1)`, [ids]);
      }
      return entries.length;
    });
  }

  /** The newest link; null while there is none. */
  async head(): Promise<{ seq: number; hash: string; at: Date } | null> {
    const { rows } = await this.hub.pool.query<{ seq: string; hash: string; at: Date }>(
      "SELECT seq, encode(hash, 'hex') AS hash, at FROM chain ORDER BY seq DESC LIMIT 1",
    );
    return rows[0] ? { ...rows[0], seq: Number(rows[0].seq) } : null;
  }

  /** Links after a number, each with its entry as it stands now: null where it is gone. */
  async after(
    seq: number,
    limit: number,
  ): Promise<{ seq: number; kind: string; entry: string | null; hash: string; at: Date }[]> {
    const { rows } = await this.hub.pool.query<{
      seq: string;
      kind: string;
      entry: string | null;
      hash: string;
      at: Date;
    }>(
      `SELECT c.seq, c.kind, c.at, encode(c.hash, 'hex') AS hash, CASE c.kind
         WHEN 'audit' THEN (SELECT ${TEXT.audit} FROM audit e WHERE e.id = c.entry_id)
         ELSE (SELECT ${TEXT.disclosure} FROM disclosure e WHERE e.id = c.entry_id) END AS entry
       FROM chain c WHERE c.seq > $1 ORDER BY c.seq LIMIT $2`,
      [seq, limit],
    );
    return rows.map((row) => ({ ...row, seq: Number(row.seq) }));
  }
}
