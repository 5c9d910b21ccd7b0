import { isOperatorAdmin, isOperatorAnalyst, isOwnAdmin, mayPublish } from "../auth/rights";
import type { Account } from "../auth/account.entity";
import type { Directory } from "../sharing/directory";
import type { ItemRow } from "../sharing/disclosure";
import {
  expanded,
  isWithheld,
  maskOf,
  OWN_MARKING,
  WITHHOLD_ALL,
  WORDING,
} from "../sharing/fields";
import { activePeriods, contains, inForceAt } from "../sharing/agreement-periods";
import { holds } from "../sharing/condition";
import type { AudienceFacts } from "../sharing/facts";
import type { Viewer } from "../sharing/parties";
import { decide, type Decision, RELEASE_RULE, type Scope, scopeOf } from "../sharing/policy";
import { ItemKind } from "../sharing/vocabulary";
import type { AlertTypeName, LogRow } from "./log";

/** How an entry of the log reaches one viewer. */
export interface Reached {
  type: AlertTypeName;
  groupId: string | null;
  /** Whether the alert carries the item, or its id alone. */
  carries: "item" | "id" | "nothing";
  /** Whether all that changed for the viewer is what the item links to, if it sees that. */
  byLinks?: boolean;
}

/**
 * Whether an entry that is about an item reaches a viewer, by its rights at the entry's place in the log. That it also
 * holds at delivery is asked when the item is read.
 * @param item with the whole history of its audiences
 */
export function reachesByItem(
  row: LogRow,
  viewer: Viewer | null,
  account: Account | null,
  directory: Directory,
  item: ItemRow,
): Reached | null {
  const scope = scopeOf(viewer, directory, row.at);
  const after = decide(scope, withTlp(item, row.tlp));
  const immediatelyBefore = (): Decision =>
    decide(scopeOf(viewer, directory, row.at - 1), withTlp(item, row.tlpBefore));
  switch (row.type) {
    case "ITEM_RELEASED": {
      const path = after.paths.find((p) => p.audience?.releaseId === row.releaseId);
      if (!path) return null;
      return {
        type: immediatelyBefore().visible ? "ITEM_UPDATED" : "ITEM_RELEASED",
        groupId: path.audience?.toGroupId ?? null,
        carries: "item",
      };
    }
    case "ITEM_UPDATED":
      return after.visible && (shows(after, row.changed) || differ(immediatelyBefore(), after))
        ? {
            type: row.type,
            groupId: groupOf(after),
            carries: "item",
            byLinks:
              row.changed !== -1 &&
              (row.changed & LINKS) !== 0 &&
              !shows(after, row.changed & ~LINKS) &&
              !differ(immediatelyBefore(), after),
          }
        : null;
    case "ITEM_WITHDRAWN":
    case "ACCESS_ENDED": {
      if (after.visible) return null;
      const before = immediatelyBefore();
      return before.visible ? { type: row.type, groupId: groupOf(before), carries: "id" } : null;
    }
    case "SIGHTING_ADDED": {
      if (!after.visible || !viewer) return null;
      const tlp = row.sightingTlp ?? item.tlp;
      const owner = item.ownerId === viewer.organizationId && scope.owner?.admitted.includes(tlp);
      const told = !isWithheld("sightingCount", after.withheld);
      return owner || (told && reachedBySighting(row, scope, item, directory))
        ? { type: row.type, groupId: groupOf(after), carries: "item" }
        : null;
    }
    case "RELEASE_PROPOSED":
    case "RELEASE_DECIDED": {
      if (!account || !after.visible) return null;
      const decides = account.organizationId === row.organizationId && mayPublish(account);
      return decides || isOperatorAnalyst(account)
        ? { type: row.type, groupId: null, carries: "item" }
        : null;
    }
    default:
      return null;
  }
}

/** Whether an entry that is about parties reaches an account, by its place then and now. */
export function reachesByParty(
  row: LogRow,
  account: Account | null,
  directory: Directory,
): Reached | null {
  if (!account) return null;
  const group = row.groupIds.length === 1 ? (row.groupIds[0] ?? null) : null;
  const reached: Reached = { type: row.type, groupId: group, carries: "nothing" };
  const inCharge = row.groupIds.some(
    (g) => isOperatorAdmin(account) || directory.coordinatedAt(account.uuid, g, row.at),
  );
  const wasActive = (g: string): boolean =>
    activePeriods(directory.membershipChanges(account.organizationId, g), row.at).some((p) =>
      contains(p, row.at),
    );
  switch (row.type) {
    case "MEMBERSHIP_CHANGED":
      return account.organizationId === row.organizationId || inCharge ? reached : null;
    case "AGREEMENT_CHANGED": {
      const signed = row.organizationId !== null;
      const party =
        !signed &&
        isOwnAdmin(account, account.organizationId) &&
        row.groupIds.some(
          (g) => wasActive(g) && directory.isActiveMember(account.organizationId, g),
        );
      return party || inCharge || isOperatorAdmin(account) ? reached : null;
    }
    case "ACCOUNT_CHANGED":
      return row.organizationId !== null && isOwnAdmin(account, row.organizationId)
        ? reached
        : null;
    default:
      return null;
  }
}

const EVERY_FIELD = expanded(WITHHOLD_ALL);
const LINKS = maskOf(["indicators"]);

/** The item as it was marked at an entry's place. */
const withTlp = (item: ItemRow, tlp: number | null): ItemRow =>
  tlp === null || tlp === item.tlp ? item : { ...item, tlp };

/** Whether the viewer is shown the item's own marking, and not that of releases. */
const isOwn = (decision: Decision): boolean => decision.paths.some((p) => p.audience === null);

/** Whether any changed field is among those that the viewer is shown. Of releases the wording is a snapshot. */
function shows(decision: Decision, changed: number): boolean {
  const live = decision.whole ? EVERY_FIELD : EVERY_FIELD & ~WORDING;
  const shown = (live & ~decision.withheld) | (isOwn(decision) ? OWN_MARKING : 0);
  return changed === -1 || (changed & shown) !== 0;
}

/** Whether a change of marking shows the item otherwise: fields, wording, or the marking of the releases. */
function differ(before: Decision, after: Decision): boolean {
  const looks = (d: Decision): string => {
    const releases = isOwn(d) ? [] : d.paths.flatMap((p) => p.audience ?? []);
    const strictest = (of: (a: AudienceFacts) => number): number =>
      Math.max(-1, ...releases.map(of));
    const marking = [strictest((a) => a.tlp), strictest((a) => a.pap)];
    return [...marking, d.withheld, d.wording?.releaseId].join(" ");
  };
  return looks(before) !== looks(after);
}

/** A sighting is judged like an audience of a release that its author made when it recorded it. */
function reachedBySighting(
  row: LogRow,
  scope: Scope,
  item: ItemRow,
  directory: Directory,
): boolean {
  if (row.target === null) return false;
  const agreement = directory.agreement(row.target);
  const sighting = {
    target: row.target,
    kind: ItemKind.SIGHTING,
    ownerId: row.actorOrganizationId,
    versionId: (agreement && inForceAt(agreement, row.at)?.id) ?? null,
    tlp: row.sightingTlp ?? item.tlp,
    pap: row.sightingPap ?? item.pap,
    releasedAt: row.at,
    liveFrom: row.at,
    liveUntil: Infinity,
  };
  return scope.rightsTo(row.target).some((right) => holds(RELEASE_RULE, sighting, right));
}

const groupOf = (decision: Decision): string | null =>
  decision.paths.find((p) => p.audience?.toGroupId)?.audience?.toGroupId ?? null;
