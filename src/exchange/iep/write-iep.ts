import { readInstant } from "../../scalars";
import type { AgreementVersion } from "../../organization/agreement.entity";
import { periodsInForce } from "../../sharing/agreement-periods";
import type { Directory } from "../../sharing/directory";
import type { AgreementFact, Period, VersionFact } from "../../sharing/parties";
import { type IepPolicy, type StatedIep, statementsOf } from "./iep-policy";

/**
 * A version as an IEP 2.0 policy: what it was drafted from, or else what its terms say. What was left open is stated
 * as strictly as it can be, and its period is no longer than that of the version.
 */
export function iepOf(version: AgreementVersion, directory: Directory): IepPolicy | null {
  const agreement = directory.agreement(version.agreementId);
  const fact = agreement?.versions.find((v) => v.id === version.uuid);
  if (!agreement || !fact) return null;
  const stated = (version.iep as StatedIep | null) ?? {
    id: version.uuid,
    name: version.title,
    iep_version: 2,
    ...statementsOf(version.terms),
  };
  const { from, until } = periodOf(agreement, fact);
  const [fromGroup, toGroup] = [agreement.fromGroupId, agreement.toGroupId].map(
    (id) => directory.groups.get(id)?.name ?? "",
  );
  return {
    id: stated.id,
    name: stated.name,
    description:
      stated.description ??
      `Version ${version.number} of the sharing agreement from ${fromGroup} to ${toGroup}.`,
    iep_version: stated.iep_version,
    start_date: later(stated.start_date ?? null, from),
    end_date: earlier(stated.end_date ?? null, until),
    encrypt_in_transit: stated.encrypt_in_transit ?? "must",
    permitted_actions: stated.permitted_actions,
    affected_party_notifications: stated.affected_party_notifications ?? "must-not",
    tlp: stated.tlp,
    attribution: stated.attribution,
    unmodified_resale: stated.unmodified_resale ?? "must-not",
    external_references: stated.external_references ?? [],
    ...(stated.external_reference !== undefined && {
      external_reference: stated.external_reference,
    }),
  };
}

/** When a version is in force, as far as is known; of one that was superseded before its date, its first instant. */
function periodOf(agreement: AgreementFact, version: VersionFact): Period {
  const from = version.effectiveFrom;
  if (version.proposedAt === null)
    return { from, until: Math.min(version.effectiveUntil, version.terminatedAt) };
  const inForce = periodsInForce(agreement).find((p) => p.version === version);
  return inForce?.period ?? { from, until: from };
}

// A date that says the same instant stays as it was written.

/** @param known Infinity: not known */
function later(stated: string | null, known: number): string | null {
  if (!Number.isFinite(known)) return stated;
  return stated !== null && msOf(stated) >= known ? stated : new Date(known).toISOString();
}

/** @param known Infinity: never */
function earlier(stated: string | null, known: number): string | null {
  if (!Number.isFinite(known)) return stated;
  return stated !== null && msOf(stated) <= known ? stated : new Date(known).toISOString();
}

const msOf = (instant: string): number => readInstant(instant)?.getTime() ?? NaN;
