import { randomUUID } from "node:crypto";
import type { Pool } from "pg";
import { globalId } from "../../../src/ids";
import { clear, insertWorlds } from "../../sharing/insert-worlds";
import type { TestHub } from "../../support/hub";
import { insertKeys, type KeyRing } from "../../support/people";
import { mark, type MarkedWorld } from "./marked-world";

/** What a world's records say that no item does: whose it is to read stands in `known-to.ts`. */
export interface Settled {
  world: MarkedWorld;
  keys: Map<string, KeyRing>;
  /** Of the first account, in the first group. */
  coordinator: { accountId: string; groupId: string };
  memberships: string[];
}

/** Makes a hub hold one marked world, and nothing else, at that world's instant. */
export async function settle(hub: TestHub, world: MarkedWorld): Promise<Settled> {
  const { pool, ledger, directory, log } = hub.running.hub;
  await ledger.flush();
  await pool.query("TRUNCATE log, audit, chain");
  await clear(pool);
  directory.clear();
  await insertWorlds(pool, [world]);
  await markParties(pool, world);
  await addUndone(pool, world);
  const [account] = world.accounts;
  const [groupId = ""] = world.groups;
  const coordinator = { accountId: account?.id ?? "", groupId };
  await pool.query(
    `INSERT INTO coordinator (group_id, account_id, appointed_at, appointed_by, version)
     SELECT $1, $2, to_timestamp(0), $2, policy_version FROM hub`,
    [groupId, coordinator.accountId],
  );
  // A release that was proposed although something was found, by whoever may explain that.
  await pool.query(
    `INSERT INTO explained_finding (release_id, id, field, kind, explained_by, at)
     SELECT id, 'found', 'title', 'EMAIL', $1, to_timestamp(0) FROM release`,
    [coordinator.accountId],
  );
  await addWatches(pool, world);
  await addAudit(pool, world);
  await addLog(pool, world);
  const keys = await insertKeys(
    hub,
    world.accounts.map((a) => a.id),
  );
  await addDeliveries(pool, world);
  // WHY again and again: the log's reader refreshes it as well, and may have seen a part of all this.
  do {
    directory.clear();
    await directory.refresh();
  } while (directory.keys.size < 2 * world.accounts.length);
  await log.caughtUp();
  const { rows } = await pool.query<{ id: string }>("SELECT id FROM membership");
  return { world, keys, coordinator, memberships: rows.map((r) => r.id) };
}

const each = (pool: Pool, sql: string, types: string, rows: object[]): Promise<unknown> =>
  pool.query(sql.replace("ROWS", `jsonb_to_recordset($1::jsonb) AS t(${types})`), [
    JSON.stringify(rows),
  ]);

/** E-mail, reasons, titles of agreements. */
async function markParties(pool: Pool, { accounts }: MarkedWorld): Promise<void> {
  await each(
    pool,
    "UPDATE account a SET email = t.email FROM ROWS WHERE a.id = t.id",
    "id uuid, email text",
    accounts.map(({ id }, n) => ({ id, email: `${mark(n, "email")}@example.jp` })),
  );
  await pool.query(
    `UPDATE membership_change c SET reason = 'mk-' || replace(m.organization_id || '_' || m.group_id, '-', '') || '-why-z'
     FROM membership m WHERE m.id = c.membership_id`,
  );
  await pool.query(
    `UPDATE sharing_agreement SET title = 'mk-' || replace(id::text, '-', '') || '-agreement-z'`,
  );
}

/** Releases that never came about. */
async function addUndone(pool: Pool, { undone }: MarkedWorld): Promise<void> {
  await each(
    pool,
    `INSERT INTO release (id, item_id, state, tlp, title, summary, description, reason, withheld_fields, proposed_at, proposed_by)
     SELECT id, item, state, 0, title, summary, description, reason, '{}', to_timestamp(0), gen_random_uuid() FROM ROWS`,
    "id uuid, item uuid, state text, title text, summary text, description text, reason text",
    undone.map((u) => ({ ...u, item: u.item.id })),
  );
}

async function addWatches(pool: Pool, { organizations }: MarkedWorld): Promise<void> {
  await each(
    pool,
    `INSERT INTO watch (organization_id, name, text, created_at, created_by)
     SELECT id, name, name, to_timestamp(0), gen_random_uuid() FROM ROWS`,
    "id uuid, name text",
    organizations.map((o, n) => ({ id: o.id, name: mark(n, "watch") })),
  );
}

/** Each organization has a webhook that is paused, each account mail that is stopped, and something was sent by both. */
async function addDeliveries(pool: Pool, { organizations, accounts }: MarkedWorld): Promise<void> {
  await each(
    pool,
    `WITH made AS (
       INSERT INTO webhook (id, organization_id, name, url, filter, account_id, key_id, secret, state, seq, sub, created_at, created_by)
       SELECT gen_random_uuid(), id, name, 'https://' || name || '.example/', '{}', a.account, a.key, 'sealed', 'PAUSED', 0, 0,
         to_timestamp(0), a.account
       FROM ROWS CROSS JOIN LATERAL (
         SELECT account.id AS account, api_key.id AS key FROM account JOIN api_key ON account_id = account.id
         WHERE organization_id = t.id LIMIT 1) a
       RETURNING id)
     INSERT INTO webhook_delivery (webhook_id, at, attempt, seq, sub, type, duration_ms)
     SELECT id, to_timestamp(0), 1, 1, 0, 'ITEM_RELEASED', 1 FROM made`,
    "id uuid, name text",
    organizations.map((o, n) => ({ id: o.id, name: mark(n, "webhook") })),
  );
  await each(
    pool,
    `WITH made AS (
       INSERT INTO mail (account_id, key_id, address, language, time_zone, state, immediate, seq, sub, digest_seq, digest_sub)
       SELECT id, (SELECT k.id FROM api_key k WHERE account_id = t.id LIMIT 1), name || '@mail.example', 'EN', 'UTC', 'STOPPED',
         '{ITEM_RELEASED}', 0, 0, 0, 0
       FROM ROWS RETURNING account_id)
     INSERT INTO mail_delivery (account_id, at, kind, message_id, accepted)
     SELECT account_id, to_timestamp(0), 'ALERT', 'x@mail.example', true FROM made`,
    "id uuid, name text",
    accounts.map((a, n) => ({ id: a.id, name: mark(n, "mailbox") })),
  );
}

/** Of each item its owner has withdrawn a release, for a reason. */
async function addAudit(pool: Pool, { items, accounts }: MarkedWorld): Promise<void> {
  await each(
    pool,
    `INSERT INTO audit (at, act, organization_id, account_id, address, subject, about_organization_id, before, after)
     SELECT to_timestamp(0), 'withdrawRelease', owner, account, address, subject, owner, '{}', jsonb_build_object('reason', reason)
     FROM ROWS`,
    "owner uuid, account uuid, address text, subject text, reason text",
    items.map((item, n) => ({
      owner: item.ownerId,
      account: accounts[0]?.id,
      address: "192.0.2.1",
      subject: globalId("release", randomUUID()),
      reason: mark(n, "audit"),
    })),
  );
}

/** The log, as the acts that made the world would have written it. */
async function addLog(pool: Pool, world: MarkedWorld): Promise<void> {
  const { rows: memberships } = await pool.query<{
    id: string;
    organization: string;
    group: string;
  }>(`SELECT id, organization_id AS organization, group_id AS "group" FROM membership`);
  const entries: Record<string, unknown>[] = [
    ...memberships.map((m) => ({
      at: 0,
      type: "MEMBERSHIP_CHANGED",
      organization: m.organization,
      groups: [m.group],
      subject: globalId("membership", m.id),
    })),
    ...world.agreements.flatMap((a) =>
      a.versions.map((v) => ({
        at: v.proposedAt ?? 0,
        type: "AGREEMENT_CHANGED",
        groups: [a.fromGroupId, a.toGroupId],
        subject: globalId("version", v.id),
      })),
    ),
    ...world.accounts.map(({ id, viewer }) => ({
      at: 0,
      type: "ACCOUNT_CHANGED",
      organization: viewer.organizationId,
      subject: globalId("account", id),
    })),
    ...world.undone.map((u) => ({
      at: world.now,
      type: u.state === "PROPOSED" ? "RELEASE_PROPOSED" : "RELEASE_DECIDED",
      item: u.item.id,
      release: u.id,
      organization: u.item.ownerId,
      subject: globalId("release", u.id),
    })),
    ...world.items.flatMap((item) => [
      ...item.audiences.flatMap((a) => [
        { at: a.releasedAt, type: "ITEM_RELEASED", item: item.id, release: a.releaseId },
        ...(a.liveUntil <= world.now
          ? [{ at: a.liveUntil, type: "ITEM_WITHDRAWN", item: item.id, release: a.releaseId }]
          : []),
      ]),
      { at: world.now, type: "ITEM_UPDATED", item: item.id },
      { at: world.now, type: "SIGHTING_ADDED", item: item.id },
    ]),
    ...Array.from({ length: 10 }, (_, day) => ({
      at: world.now - day * 86_400_000,
      type: "ACCESS_ENDED",
    })),
  ];
  await each(
    pool,
    `INSERT INTO log (at, type, actor_organization_id, actor_account_id, item_id, release_id, organization_id, group_ids, subject)
     SELECT to_timestamp(at / 1000.0), type, gen_random_uuid(), gen_random_uuid(), item, release, organization,
       coalesce(groups, '{}'), subject FROM ROWS ORDER BY at`,
    "at bigint, type text, item uuid, release uuid, organization uuid, groups uuid[], subject text",
    entries,
  );
}
