import type { EntityManager } from "typeorm";
import type { Hub } from "../hub";
import { globalId } from "../ids";
import { stateOf } from "../sharing/agreement-periods";
import { durationMs } from "../sharing/duration";
import { MembershipState } from "../sharing/vocabulary";
import { THE_CLOCK } from "./log-entry";

const EVERY_MS = 20_000;
/** More acts on parties than there are between two sweeps. */
const MOST_ACTS = 10_000;
const ENDING = [MembershipState.SUSPENDED, MembershipState.ENDED];

/**
 * Tells of rights that the clock ended: a release's expiry, the end of retention, an agreement's dates, the time to sign.
 * It only writes the alerts; the rights themselves end at their instant without it.
 */
export class Sweep {
  private readonly timer: NodeJS.Timeout;
  private running: Promise<void> = Promise.resolve();

  constructor(private readonly hub: Hub) {
    this.timer = setInterval(() => void this.run(), EVERY_MS).unref();
  }

  /** Sweeps now, after a sweep that is under way. */
  run(): Promise<void> {
    this.running = this.running
      .then(() => this.sweep())
      .catch((err: unknown) =>
        this.hub.logger.error({ err }, "the sweep failed; it will be made up for"),
      );
    return this.running;
  }

  async close(): Promise<void> {
    clearInterval(this.timer);
    await this.running;
  }

  private async sweep(): Promise<void> {
    const { hub } = this;
    const written = await hub.dataSource.transaction(async (manager) => {
      const [row] = await manager.query<[{ from: string | null }]>(
        `SELECT ms(swept_until) AS from FROM hub FOR UPDATE`,
      );
      // Whatever is done from here on is later than what is swept.
      const until = hub.nextInstant(0);
      const from = row.from === null ? until : Number(row.from);
      if (until <= from && row.from !== null) return false;
      await manager.query(`UPDATE hub SET swept_until = $1`, [new Date(until)]);
      const rows = await manager.query<{ at: Date }[]>(BOUNDARIES, [
        new Date(from),
        new Date(until),
        JSON.stringify(this.retentions()),
      ]);
      const turns = this.agreementTurns(from, until);
      const instants = new Set([...rows.map((r) => r.at.getTime()), ...turns.map((t) => t.at)]);
      for (const at of this.toldByActs(instants)) instants.delete(at);
      const changed = turns.filter((t) => t.subject !== null);
      if (!instants.size && !changed.length) return false;
      await hub.log.lock(manager);
      for (const at of await toldOf(manager, instants)) instants.delete(at);
      await manager.query(
        `INSERT INTO log (at, type, actor_organization_id, actor_account_id)
         SELECT t, 'ACCESS_ENDED', $2, $2 FROM unnest($1::timestamptz[]) t ORDER BY t`,
        [[...instants].map((at) => new Date(at)), THE_CLOCK],
      );
      await manager.query(
        `INSERT INTO log (at, type, actor_organization_id, actor_account_id, group_ids, subject)
         SELECT to_timestamp(t.at / 1000.0), 'AGREEMENT_CHANGED', $2, $2, t.groups, t.subject
         FROM jsonb_to_recordset($1::jsonb) AS t(at bigint, groups uuid[], subject text) ORDER BY t.at`,
        [JSON.stringify(changed), THE_CLOCK],
      );
      await hub.log.notify(manager);
      return true;
    });
    if (written) hub.log.wake();
  }

  /** How long releases are kept, by agreement, under any of its versions. */
  private retentions(): { target: string; ms: number }[] {
    return [...this.hub.directory.versions.values()].flatMap(({ agreementId, terms }) => {
      const ms = terms.retention === null ? null : durationMs(terms.retention);
      return ms === null ? [] : [{ target: agreementId, ms }];
    });
  }

  /** Instants at which an act has told of everything that ended at them. */
  private toldByActs(instants: ReadonlySet<number>): number[] {
    if (!instants.size) return [];
    const { memberships, versions } = this.hub.directory;
    return [
      ...[...memberships.values()].flatMap((m) =>
        m.changes.filter((c) => ENDING.includes(c.state)).map((c) => c.at),
      ),
      ...[...versions.values()].flatMap((v) =>
        v.proposedAt ? [v.proposedAt, v.terminatedAt] : [],
      ),
    ].flatMap((at) => (at && instants.has(at.getTime()) ? at.getTime() : []));
  }

  /**
   * Where in (from, until] a version's time begins or ends, or the time to sign it runs out.
   * @returns `subject`: the version, where that changes its state
   */
  private agreementTurns(
    from: number,
    until: number,
  ): { at: number; subject: string | null; groups: string[] }[] {
    return [...this.hub.directory.versions.values()].flatMap(({ uuid, agreementId }) => {
      const agreement = this.hub.directory.agreement(agreementId);
      const version = agreement?.versions.find((v) => v.id === uuid);
      if (!agreement || !version || version.proposedAt === null) return [];
      const { effectiveFrom, effectiveUntil, signWithinMs, proposedAt, terminatedAt } = version;
      const groups = [...new Set([agreement.fromGroupId, agreement.toGroupId])];
      const turns = [effectiveFrom, effectiveUntil, effectiveFrom + signWithinMs];
      return [...new Set(turns)]
        .filter((at) => from < at && at <= until)
        .map((at) => {
          // What begins with its proposal, or ends with its termination, was told with that act.
          const told = at === proposedAt || at === terminatedAt;
          const turned = stateOf(agreement, version, at - 1) !== stateOf(agreement, version, at);
          const own = at === effectiveFrom || at === effectiveUntil;
          const subject = own && turned && !told ? globalId("version", uuid) : null;
          return { at, subject, groups };
        });
    });
  }
}

/** At which of these instants an act ended rights: its entry tells of all that ended then, by the clock too. */
async function toldOf(manager: EntityManager, instants: Iterable<number>): Promise<number[]> {
  const rows = await manager.query<{ at: string }[]>(
    `SELECT ms(at) AS at FROM (SELECT type, at FROM log WHERE item_id IS NULL ORDER BY seq DESC LIMIT $2) newest
     WHERE type = 'ACCESS_ENDED' AND at = ANY($1)`,
    [[...instants].map((at) => new Date(at)), MOST_ACTS],
  );
  return rows.map((row) => Number(row.at));
}

/** Instants in (`$1`, `$2`] at which a release expired, or its retention (`$3`) ended. */
const BOUNDARIES = `
  SELECT expires_at AS at FROM release WHERE expires_at > $1 AND expires_at <= $2 AND released_at IS NOT NULL
    AND (withdrawn_at IS NULL OR withdrawn_at > expires_at)
  UNION
  SELECT a.released_at + k.ms * interval '1 millisecond'
  FROM jsonb_to_recordset($3::jsonb) AS k(target uuid, ms bigint)
  JOIN release_audience a ON a.target = k.target
    AND a.released_at > $1::timestamptz - k.ms * interval '1 millisecond'
    AND a.released_at <= $2::timestamptz - k.ms * interval '1 millisecond'`;
