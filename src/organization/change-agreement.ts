import type { Context } from "../context";
import { badInput, conflict, notFound, Problems } from "../errors";
import { globalId, uuidOf } from "../ids";
import { checkList, checkText, MAX_TITLE } from "../inputs";
import { coordinates, found, isOwnAdmin, readsVersion, requireThat } from "../auth/rights";
import { stateOf } from "../sharing/agreement-periods";
import { durationMs } from "../sharing/duration";
import { isWithholdable } from "../sharing/fields";
import { Pap } from "../sharing/pap";
import type { Terms } from "../sharing/terms";
import { AgreementState, Attribution, ItemKind } from "../sharing/vocabulary";
import type { Change } from "../transaction";
import type { AgreementTermsInput } from "./agreement-terms.type";
import { AgreementSignature, AgreementVersion, SharingAgreement } from "./agreement.entity";
import type { DraftAgreementInput } from "./organization.type";

const PURPOSES = ["DETECTION", "RESPONSE", "RESEARCH", "STATISTICS"];

/** By a coordinator of either side. The first draft between two groups makes the agreement, each further one its next version. */
export async function draftAgreement(
  ctx: Context,
  input: DraftAgreementInput,
): Promise<AgreementVersion> {
  const sides = sidesToDraft(ctx, input);
  const problems = new Problems();
  checkText(problems, "input.title", input.title, MAX_TITLE, true);
  const terms = termsFrom(input.terms, problems, "input.terms");
  const { effectiveFrom, effectiveUntil } = input;
  if (effectiveFrom && effectiveUntil && effectiveUntil <= effectiveFrom) {
    problems.add("input.effectiveUntil", "must be after effectiveFrom");
  }
  if (effectiveFrom && effectiveFrom < ctx.now())
    problems.add("input.effectiveFrom", "must not be in the past");
  if (effectiveUntil && effectiveUntil <= ctx.now())
    problems.add("input.effectiveUntil", "must be in the future");
  problems.throwIfAny();
  return insertDraft(ctx, sides, {
    title: input.title,
    terms,
    signWithin: input.signWithin ?? "P30D",
    effectiveFrom: effectiveFrom ?? null,
    effectiveUntil: effectiveUntil ?? null,
    iep: null,
  });
}

/** The two groups between which the viewer drafts. Throws where one is unknown, or where it coordinates neither. */
export function sidesToDraft(
  ctx: Context,
  input: { fromGroupId: string; toGroupId: string },
): { from: string; to: string } {
  const account = ctx.account();
  const [from, to] = [input.fromGroupId, input.toGroupId].map(
    (id) => found(ctx.directory.groups.get(uuidOf(id, "group") ?? ""), "sector group").uuid,
  ) as [string, string];
  requireThat(
    coordinates(account, from, ctx.directory) || coordinates(account, to, ctx.directory),
    "Only a coordinator of one of the two groups drafts their agreement.",
  );
  return { from, to };
}

type Draft = Pick<
  AgreementVersion,
  "title" | "terms" | "signWithin" | "effectiveFrom" | "effectiveUntil" | "iep"
>;

/** Adds what was checked as the next version of the agreement between two groups. */
export async function insertDraft(
  ctx: Context,
  { from, to }: { from: string; to: string },
  draft: Draft,
): Promise<AgreementVersion> {
  const uuid = await ctx.change("policy", async (change) => {
    const known = ctx.directory.agreementBetween(from, to);
    const agreementId =
      known?.id ??
      (await change.insert(SharingAgreement, {
        title: draft.title,
        fromGroupId: from,
        toGroupId: to,
      }));
    return change.insert(AgreementVersion, {
      agreementId,
      number: (known?.versions.at(-1)?.number ?? 0) + 1,
      draftedAt: change.now,
      draftedBy: change.by.uuid,
      ...draft,
    });
  });
  return ctx.directory.versions.get(uuid) as AgreementVersion;
}

/** By a coordinator of the `from` side or the operator. In force at `effectiveFrom`, for those who signed. */
export function proposeAgreement(ctx: Context, versionId: string): Promise<AgreementVersion> {
  return act(ctx, versionId, async (change, version, agreement, state) => {
    requireThat(
      coordinates(change.by, agreement.fromGroupId, ctx.directory),
      "Only a coordinator of the group that shares proposes.",
    );
    if (state !== AgreementState.DRAFT)
      throw conflict(`A version that is ${state} cannot be proposed.`);
    if (version.effectiveFrom && version.effectiveFrom < change.now) {
      throw badInput("versionId", "effectiveFrom has passed; draft a new version");
    }
    if (version.effectiveUntil && version.effectiveUntil <= change.now) {
      throw badInput("versionId", "effectiveUntil has passed; draft a new version");
    }
    const later = [...ctx.directory.versions.values()].find(
      (v) => v.agreementId === version.agreementId && v.number > version.number && v.proposedAt,
    );
    if (later)
      throw conflict(`Version ${later.number} was proposed after this draft; draft a new version.`);
    await change.update(SharingAgreement, agreement, { title: version.title });
    await change.update(AgreementVersion, version, {
      proposedAt: change.now,
      proposedBy: change.by.uuid,
      effectiveFrom: version.effectiveFrom ?? change.now,
    });
  });
}

/** By an ORG_ADMIN of an active member of either group; signing again changes nothing. */
export function signAgreement(ctx: Context, versionId: string): Promise<AgreementVersion> {
  return act(ctx, versionId, async (change, version, agreement, state) => {
    const { organizationId } = change.by;
    requireThat(isOwnAdmin(change.by, organizationId), "Only an ORG_ADMIN signs.");
    const member = [agreement.fromGroupId, agreement.toGroupId].some((group) =>
      ctx.directory.isActiveMember(organizationId, group),
    );
    requireThat(member, "Only active members of one of the two groups sign.");
    if (state !== AgreementState.PROPOSED && state !== AgreementState.IN_FORCE) {
      throw conflict(`A version that is ${state} cannot be signed.`);
    }
    const signed = [...ctx.directory.signatures.values()].some(
      (s) => s.versionId === version.uuid && s.organizationId === organizationId,
    );
    if (signed) return false;
    await change.insert(AgreementSignature, {
      versionId: version.uuid,
      organizationId,
      accountId: change.by.uuid,
      signedAt: change.now,
    });
    return "signed";
  });
}

/** By a coordinator of either side, or the operator. */
export function terminateAgreement(
  ctx: Context,
  versionId: string,
  reason: string,
): Promise<AgreementVersion> {
  const problems = new Problems();
  checkText(problems, "reason", reason, MAX_TITLE, true);
  problems.throwIfAny();
  return act(ctx, versionId, async (change, version, agreement, state) => {
    requireThat(
      coordinates(change.by, agreement.fromGroupId, ctx.directory) ||
        coordinates(change.by, agreement.toGroupId, ctx.directory),
      "Only a coordinator of one of the two groups terminates.",
    );
    if (state === AgreementState.TERMINATED || state === AgreementState.SUPERSEDED) {
      throw conflict(`A version that is ${state} cannot be terminated.`);
    }
    // What was in force, if only for this instant, was in force: it does not count as terminated before its date.
    const begins = version.effectiveFrom?.getTime() ?? Infinity;
    if (begins === change.now.getTime()) change.follow(begins);
    await change.update(AgreementVersion, version, {
      terminatedAt: change.now,
      terminatedBy: change.by.uuid,
      terminationReason: reason,
    });
    // Nobody but the coordinators knew of a draft.
    return version.proposedAt ? undefined : false;
  });
}

async function act(
  ctx: Context,
  versionId: string,
  work: (
    change: Change,
    version: AgreementVersion,
    agreement: SharingAgreement,
    state: AgreementState,
  ) => Promise<"signed" | false | void>,
): Promise<AgreementVersion> {
  ctx.account();
  const uuid = uuidOf(versionId, "version") ?? "";
  await ctx.change("policy", async (change) => {
    const version = ctx.directory.versions.get(uuid);
    const agreement = version && ctx.directory.agreements.get(version.agreementId);
    const fact = version && ctx.directory.agreement(version.agreementId);
    const versionFact = fact?.versions.find((v) => v.id === uuid);
    if (
      !version ||
      !agreement ||
      !fact ||
      !versionFact ||
      !readsVersion(change.by, version, ctx.directory)
    ) {
      throw notFound("agreement version");
    }
    const changed = await work(
      change,
      version,
      agreement,
      stateOf(fact, versionFact, change.now.getTime()),
    );
    if (changed === false) return;
    if (changed !== "signed")
      change.raise({ type: "ACCESS_ENDED", groupIds: [agreement.toGroupId] });
    change.raise({
      type: "AGREEMENT_CHANGED",
      ...(changed === "signed" && { organizationId: change.by.organizationId }),
      groupIds: [...new Set([agreement.fromGroupId, agreement.toGroupId])],
      subject: globalId("version", uuid),
    });
  });
  return ctx.directory.versions.get(uuid) as AgreementVersion;
}

/**
 * The terms of an input, with its defaults; what is wrong goes into `problems`.
 * @param path where in the request the terms stand
 */
export function termsFrom(input: AgreementTermsInput, problems: Problems, path: string): Terms {
  const withheldFields = input.withheldFields ?? [];
  const purposes = input.purposes ?? [];
  checkList(problems, `${path}.withheldFields`, withheldFields, 100);
  if (!input.kinds.length)
    problems.add(
      `${path}.kinds`,
      `must name at least one of ${Object.values(ItemKind).join(", ")}`,
    );
  withheldFields.forEach((field, i) => {
    if (!isWithholdable(field))
      problems.add(`${path}.withheldFields.${i}`, "is neither a field group nor a field");
  });
  purposes.forEach((purpose, i) => {
    if (!PURPOSES.includes(purpose))
      problems.add(`${path}.purposes.${i}`, `must be one of ${PURPOSES.join(", ")}`);
  });
  if (input.retention && !durationMs(input.retention))
    problems.add(`${path}.retention`, "must be longer than nothing");
  return {
    kinds: [...new Set(input.kinds)],
    tlpCeiling: input.tlpCeiling,
    papCeiling: input.papCeiling ?? Pap.RED,
    attribution: input.attribution ?? Attribution.ANONYMOUS,
    withheldFields,
    onward: input.onward ?? false,
    requiresApproval: input.requiresApproval ?? true,
    retroactive: input.retroactive ?? false,
    retention: input.retention ?? null,
    purposes,
  };
}
