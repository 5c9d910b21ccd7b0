import type { Client } from "../../support/client";
import type { MaybeViewer } from "../../../src/sharing/parties";
import type { WorldItem } from "../../sharing/generated-world";
import { oracle, type Verdict } from "../../sharing/oracle";
import type { TestHub } from "../../support/hub";
import type { Settled } from "./settle";
import { mark, MARKS } from "./marked-world";

/** Somebody who walks the schema. */
export interface Walker {
  who: string;
  viewer: MaybeViewer;
  client: Client;
  settled: Settled;
  verdicts: Map<string, Verdict>;
}

/** Everybody who asks in a world: anybody, each account with its own key or another's, the first with both. */
export function walkersIn(hub: TestHub, settled: Settled): Walker[] {
  return settled.world.viewers.flatMap((viewer, n): Walker[] => {
    if (!viewer) return [walker(settled, null, hub.anonymous, "anybody")];
    const ring = settled.keys.get(viewer.accountId);
    if (!ring) throw new Error("an account without keys");
    const who = `${viewer.affiliation} ${viewer.roles.join("+")} of ${viewer.organizationKind}`;
    const own = { ...viewer, ownCredential: true };
    const foreign = { ...viewer, ownCredential: false };
    const walkers = [
      walker(settled, own, ring.own, who),
      walker(settled, foreign, ring.foreign, `${who} with a key made by another`),
    ];
    return n === 1
      ? walkers
      : walkers.filter((w) => w.viewer?.ownCredential === viewer.ownCredential);
  });
}

function walker(settled: Settled, viewer: MaybeViewer, client: Client, who: string): Walker {
  const { world } = settled;
  const verdicts = new Map(world.items.map((i) => [i.id, oracle(world, viewer, i)]));
  return { who, viewer, client, settled, verdicts };
}

/** Whether somebody may know a mark: everything of which nothing is said here, nobody. */
export class KnownTo {
  private readonly known = new Set<string>();
  /** Every UUID and every instant that tells something; the rest tells nothing. */
  private readonly telling = new Set<string>();

  constructor(private readonly walker: Walker) {
    const { world } = walker.settled;
    world.items.forEach((item, n) => this.item(item, n));
    for (const u of world.undone) {
      const whole = this.verdict(u.item).whole;
      this.tell(whole, u.id, u.title, u.summary, u.description, u.reason);
    }
    this.parties();
  }

  /** What in a text somebody may not know. */
  secretsIn(text: string): string[] {
    const told = [
      ...(text.match(MARKS) ?? []),
      ...(text.match(UUIDS) ?? []).filter((id) => this.telling.has(id)),
      ...(text.match(INSTANTS) ?? []).filter((at) => this.telling.has(at)),
    ];
    return told.filter((one) => !this.known.has(one));
  }

  private verdict(item: WorldItem): Verdict {
    const verdict = this.walker.verdicts.get(item.id);
    if (!verdict) throw new Error(`no verdict on ${item.id}`);
    return verdict;
  }

  private tell(known: boolean, ...secrets: unknown[]): void {
    for (const secret of JSON.stringify(secrets).match(ANYTHING) ?? []) {
      this.telling.add(secret);
      if (known) this.known.add(secret);
    }
  }

  private item(item: WorldItem, n: number): void {
    const { viewer, settled } = this.walker;
    const verdict = this.verdict(item);
    const shown = (field: string): boolean => verdict.visible && verdict.fields.has(field);
    for (const [field, value] of Object.entries(settled.world.said.get(item) ?? {}))
      this.tell(shown(field), value);
    const own = verdict.paths.some((p) => p === "OWNER" || p === "OPERATOR");
    const instants = [item.createdAt, item.updatedAt].map((at) => new Date(at).toISOString());
    this.tell(own, instants);
    this.tell(verdict.visible && verdict.attribution === 2, item.stixId);
    const { title, summary, description } = item.own;
    this.tell(verdict.whole, title, summary, description);
    const [newest] = verdict.audiences.toSorted((a, b) => b.releasedAt - a.releasedAt);
    for (const [id, wording] of item.wordings) {
      const worded = !verdict.whole && newest?.releaseId === id;
      this.tell(verdict.whole, id);
      this.tell(verdict.whole || (worded && shown("title")), wording.title);
      this.tell(verdict.whole || (worded && shown("summary")), wording.summary);
      this.tell(verdict.whole || (worded && shown("description")), wording.description);
    }
    // Of the ids of items the audit log and the ledger tell the operator.
    this.tell(this.operates || this.everSaw(item), item.id);
    const administers = viewer?.organizationId === item.ownerId && this.has("ORG_ADMIN");
    this.tell(this.operates || administers, mark(n, "audit"));
  }

  /** Whether an item was ever visible: alerts tell of its end by its id. */
  private everSaw(item: WorldItem): boolean {
    const { viewer, settled } = this.walker;
    const { world } = settled;
    return Array.from({ length: 40 }, (_, half) => world.now - half * HALF_DAY).some(
      (now) =>
        oracle({ ...world, now }, viewer, item).visible ||
        oracle({ ...world, now: now - 1 }, viewer, item).visible,
    );
  }

  private has(...roles: string[]): boolean {
    return this.walker.viewer?.roles.some((r) => roles.includes(r)) ?? false;
  }

  private get operates(): boolean {
    return this.has("ANALYST", "OPERATOR_ADMIN");
  }

  private parties(): void {
    const { viewer, settled } = this.walker;
    const { world, coordinator } = settled;
    const own = (id: string): boolean => viewer?.organizationId === id;
    const coordinates = (group: string): boolean =>
      this.has("OPERATOR_ADMIN") ||
      (viewer?.accountId === coordinator.accountId && group === coordinator.groupId);
    world.accounts.forEach(({ viewer: { organizationId } }, n) =>
      this.tell(own(organizationId) || this.operates, mark(n, "email")),
    );
    world.organizations.forEach(({ id }, n) => this.tell(own(id), mark(n, "watch")));
    const administers = this.has("ORG_ADMIN", "OPERATOR_ADMIN");
    world.organizations.forEach(({ id }, n) =>
      this.tell(own(id) && administers, mark(n, "webhook")),
    );
    world.accounts.forEach(({ id }, n) => this.tell(viewer?.accountId === id, mark(n, "mailbox")));
    const bare = (id: string): string => id.replaceAll("-", "");
    for (const { organizationId, groupId } of world.memberships) {
      const concerned = own(organizationId) || own(world.operatorId) || coordinates(groupId);
      this.tell(concerned, `mk-${bare(organizationId)}_${bare(groupId)}-why-z`);
    }
    for (const { id, fromGroupId, toGroupId, versions } of world.agreements) {
      const groups = [fromGroupId, toGroupId];
      const inCharge = groups.some(coordinates);
      const knows = world.memberships.some(
        (m) =>
          own(m.organizationId) &&
          groups.includes(m.groupId) &&
          KNOWS_AGREEMENTS.includes(m.changes.at(-1)?.state ?? ""),
      );
      const proposed = versions.some((v) => v.proposedAt !== null);
      this.tell(inCharge || (proposed && (this.operates || knows)), `mk-${bare(id)}-agreement-z`);
      for (const v of versions.filter((one) => one.proposedAt === null)) this.tell(inCharge, v.id);
    }
  }
}

const KNOWS_AGREEMENTS = ["ACTIVE", "SUSPENDED", "INVITED"];
const HALF_DAY = 43_200_000;
const UUID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}";
const INSTANT = "\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z";
const UUIDS = new RegExp(UUID, "g");
const INSTANTS = new RegExp(INSTANT, "g");
const ANYTHING = new RegExp(`${MARKS.source}|${UUID}|${INSTANT}`, "g");
