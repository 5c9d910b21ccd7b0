import { holds } from "./condition";
import type { AudienceFacts } from "./facts";
import { changesAhead, rightsUnderAgreement } from "./lasting-rights";
import type { Instant, Parties } from "./parties";
import { type HeldPath, RELEASE_RULE, releaseRight, type ReleaseRight, type Scope } from "./policy";
import { AccessPathKind } from "./vocabulary";

/** When a path ends while its right stays as it is. */
const endUnder = (audience: AudienceFacts, right: ReleaseRight): Instant =>
  Math.min(
    audience.liveUntil,
    right.grant?.until ?? Infinity,
    audience.releasedAt + right.retentionMs,
  );

/**
 * When a path that holds ends, as far as is known now: also by a version that is proposed for a later day and whose terms
 * no longer cover the release. Infinity: no end is known.
 */
export function endOf(parties: Parties, scope: Scope, { audience, right }: HeldPath): Instant {
  if (!audience || !right) return Infinity;
  let end = endUnder(audience, right);
  const agreement = parties.agreement(audience.target);
  if (audience.path !== AccessPathKind.AGREEMENT || !agreement || !scope.viewer) return end;
  const { organizationId } = scope.viewer;
  for (const at of changesAhead(agreement, scope.now)) {
    // What ends at the very instant at which the terms change may go on under the new ones.
    if (at > end) break;
    const next = rightsUnderAgreement(parties, agreement, organizationId, at, scope.now)
      .map((lasting) => releaseRight(lasting, right.admitted, at))
      .find((then) => holds(RELEASE_RULE, audience, then));
    if (!next) return at;
    end = endUnder(audience, next);
  }
  return end;
}
