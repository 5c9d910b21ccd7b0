import type { Context } from "../context";
import { badInputs, type Issue, Problems } from "../errors";
import { uuidOf } from "../ids";
import { checkList, checkText, MAX_TEXT, MAX_TITLE } from "../inputs";
import {
  contains,
  inForceAt,
  type Standing,
  standings,
  termsOf,
} from "../sharing/agreement-periods";
import type { ItemRow } from "../sharing/disclosure";
import type { Audience } from "../sharing/release-audience";
import type { ReleasePath } from "../sharing/facts";
import { EVERYONE } from "../sharing/facts";
import { type FieldMask, isWithholdable, maskOf, WITHHELD_BY_DEFAULT } from "../sharing/fields";
import type { AgreementFact } from "../sharing/parties";
import type { EffectiveTerms } from "../sharing/terms";
import { Tlp, TLP_RED, tlpRank } from "../sharing/tlp";
import { AccessPathKind } from "../sharing/vocabulary";
import type { Explained } from "./findings";
import type { ProposeReleaseInput, Release } from "./release.type";

/** A release as asked for, checked: it may be made. */
export interface CheckedRelease {
  fromGroupId: string | null;
  groupIds: string[];
  organizationIds: string[];
  accountIds: string[];
  toEveryone: boolean;
  tlp: number;
  title: string | null;
  summary: string | null;
  description: string | null;
  withheldFields: string[];
  withheld: FieldMask;
  expiresAt: Date | null;
  audiences: Audience[];
  /** The findings of the sanitising check that its author let stand. */
  explained: Explained[];
}

/** Why an agreement does not carry a release to one of its groups. */
export interface Uncovered extends Issue {
  groupId: string;
}

const issueOf = ({ path, message }: Uncovered): Issue => ({ path, message });

/** What a release of an item says, apart from its wording; ids are UUIDs. */
interface Wanted {
  fromGroupId: string | null;
  groupIds: string[];
  organizationIds: string[];
  accountIds: string[];
  toEveryone: boolean;
  tlp: number;
}

/**
 * Checks a release that somebody asks for. Throws BAD_USER_INPUT with each reason.
 * @param item the item, which the caller has found visible
 */
export function checkRelease(
  ctx: Context,
  item: ItemRow,
  input: ProposeReleaseInput,
  now: Date,
): CheckedRelease {
  const { release, uncovered } = readRelease(ctx, item, input, now);
  if (uncovered.length) throw badInputs(uncovered.map(issueOf));
  return release;
}

/**
 * As `checkRelease`, but only says which groups no agreement covers, and leaves them out of the audiences. Throws
 * BAD_USER_INPUT with each reason, those included, where anything else is wrong.
 */
export function readRelease(
  ctx: Context,
  item: ItemRow,
  input: ProposeReleaseInput,
  now: Date,
): { release: CheckedRelease; uncovered: Uncovered[] } {
  const problems = new Problems();
  const uncovered: Uncovered[] = [];
  const ids = (
    path: string,
    list: string[] | null | undefined,
    type: "group" | "organization" | "account",
  ): string[] => {
    checkList(problems, `input.${path}`, list);
    return [...new Set(list ?? [])].map((id) => uuidOf(id, type) ?? "");
  };
  const wanted: Wanted = {
    fromGroupId: input.fromGroupId == null ? null : (uuidOf(input.fromGroupId, "group") ?? ""),
    groupIds: ids("groupIds", input.groupIds, "group"),
    organizationIds: ids("organizationIds", input.organizationIds, "organization"),
    accountIds: ids("accountIds", input.accountIds, "account"),
    toEveryone: input.toEveryone ?? false,
    tlp: tlpRank(input.tlp),
  };
  checkText(problems, "input.title", input.title, MAX_TITLE);
  checkText(problems, "input.summary", input.summary, MAX_TEXT);
  checkText(problems, "input.description", input.description, MAX_TEXT);
  checkList(problems, "input.explainedFindings", input.explainedFindings);
  const withheldFields = input.withheldFields ?? WITHHELD_BY_DEFAULT;
  checkList(problems, "input.withheldFields", withheldFields, 100);
  withheldFields.forEach((field, i) => {
    if (!isWithholdable(field))
      problems.add(
        `input.withheldFields.${i}`,
        "is neither a field group nor a field that can be withheld",
      );
  });
  if (input.expiresAt && input.expiresAt <= now)
    problems.add("input.expiresAt", "must be in the future");
  const from = originOf(ctx, item, wanted, problems);
  const wantedFrom = { ...wanted, fromGroupId: from };
  const audiences = audiencesOf(ctx, item, wantedFrom, now, problems, uncovered);
  if (problems.issues.length) throw badInputs([...problems.issues, ...uncovered.map(issueOf)]);
  const release: CheckedRelease = {
    ...wanted,
    fromGroupId: from,
    title: input.title ?? null,
    summary: input.summary ?? null,
    description: input.description ?? null,
    withheldFields,
    withheld: maskOf(withheldFields),
    expiresAt: input.expiresAt ?? null,
    audiences,
    explained: [],
  };
  return { release, uncovered };
}

/** With no wording of its own a release carries the owner's: a snapshot, by the owner's act. */
export function byOwner(release: CheckedRelease, item: ItemRow): CheckedRelease {
  const { title, summary, description } = release;
  const worded = title !== null || summary !== null || description !== null;
  return worded ? release : { ...release, ...item.own };
}

/** Checks the audience of a proposal once more, at its approval. Throws BAD_USER_INPUT with each reason. */
export function recheck(ctx: Context, item: ItemRow, release: Release, now: Date): Audience[] {
  const problems = new Problems();
  const { fromGroupId, groupIds, organizationIds, accountIds, toEveryone } = release;
  const wanted = {
    fromGroupId,
    groupIds,
    organizationIds,
    accountIds,
    toEveryone,
    tlp: tlpRank(release.tlp),
  };
  originOf(ctx, item, wanted, problems);
  const uncovered: Uncovered[] = [];
  const audiences = audiencesOf(ctx, item, wanted, now, problems, uncovered);
  const issues = [...problems.issues, ...uncovered.map(issueOf)];
  if (issues.length) throw badInputs(issues);
  return audiences;
}

/** The group from which the owner shares; only releases to groups need one. */
function originOf(ctx: Context, item: ItemRow, wanted: Wanted, problems: Problems): string | null {
  const { directory } = ctx;
  const mayShareFrom = (group: string): boolean =>
    item.ownerId === directory.operatorId || directory.isActiveMember(item.ownerId, group);
  if (wanted.fromGroupId !== null) {
    if (!directory.groups.has(wanted.fromGroupId) || !mayShareFrom(wanted.fromGroupId)) {
      problems.add(
        "input.fromGroupId",
        "is not a group in which the item's owner is an active member",
      );
      // Which agreements there are from a group that is not the owner's, the owner is not told.
      return null;
    }
    return wanted.fromGroupId;
  }
  const active = [...directory.groups.keys()].filter(mayShareFrom);
  if (active.length === 1) return active[0] ?? null;
  if (wanted.groupIds.length) {
    problems.add(
      "input.fromGroupId",
      active.length
        ? "is required, as the item's owner is active in several groups"
        : "the item's owner is active in no group",
    );
  }
  return null;
}

function audiencesOf(
  ctx: Context,
  item: ItemRow,
  wanted: Wanted,
  now: Date,
  problems: Problems,
  uncovered: Uncovered[],
): Audience[] {
  const { directory } = ctx;
  const direct = (path: ReleasePath, target: string): Audience => ({
    path,
    target,
    toGroupId: null,
    versionId: null,
    terms: null,
  });
  if (
    !wanted.groupIds.length &&
    !wanted.organizationIds.length &&
    !wanted.accountIds.length &&
    !wanted.toEveryone
  ) {
    problems.add(
      "input",
      "names no audience: give groupIds, organizationIds, accountIds or toEveryone",
    );
  }
  if (
    wanted.tlp === TLP_RED &&
    (wanted.groupIds.length || wanted.organizationIds.length || wanted.toEveryone)
  ) {
    problems.add("input.tlp", "TLP:RED is released to named accounts only");
  }
  if (wanted.toEveryone && wanted.tlp !== tlpRank(Tlp.CLEAR)) {
    problems.add("input.tlp", "only TLP:CLEAR is released to everyone");
  }
  const audiences: Audience[] = [];
  wanted.groupIds.forEach((group, i) => {
    const path = `input.groupIds.${i}`;
    if (!directory.groups.has(group)) return problems.add(path, "is not a sector group");
    if (wanted.fromGroupId === null) return undefined;
    const refuse = (message: string): number => uncovered.push({ path, message, groupId: group });
    const agreement = directory.agreementBetween(wanted.fromGroupId, group);
    const standing =
      agreement && signedStanding(agreement, item.ownerId, directory.operatorId, now.getTime());
    if (!agreement || !inForceAt(agreement, now.getTime())) {
      return refuse("no agreement from the owner's group to this group is in force");
    }
    if (!standing)
      return refuse("the owner has not signed the agreement from its group to this group");
    const reasons = notCovered(standing.terms, item, wanted.tlp);
    if (reasons.length) return reasons.forEach(refuse);
    return audiences.push({
      path: AccessPathKind.AGREEMENT,
      target: agreement.id,
      toGroupId: group,
      versionId: standing.version.id,
      terms: standing.terms,
    });
  });
  wanted.organizationIds.forEach((id, i) => {
    const path = `input.organizationIds.${i}`;
    const organization = directory.organizations.get(id);
    if (!organization) problems.add(path, "is not an organization");
    else if (organization.mergedAt)
      problems.add(path, "has merged into another organization; name its successor");
    else audiences.push(direct(AccessPathKind.BILATERAL, id));
  });
  wanted.accountIds.forEach((id, i) => {
    const account = directory.accounts.get(id);
    if (!account || account.disabledAt)
      problems.add(`input.accountIds.${i}`, "is not an account in use");
    else audiences.push(direct(AccessPathKind.NAMED, id));
  });
  if (wanted.toEveryone) audiences.push(direct(AccessPathKind.PUBLIC, EVERYONE));
  return audiences;
}

/** The owner's standing under an agreement. For its own items the operator counts as signatory of every version. */
function signedStanding(
  agreement: AgreementFact,
  ownerId: string,
  operatorId: string | null,
  now: number,
): Pick<Standing, "version" | "terms"> | undefined {
  if (ownerId !== operatorId) return standings(agreement, ownerId).find((s) => contains(s, now));
  const version = inForceAt(agreement, now);
  return version && { version, terms: termsOf(version) };
}

function notCovered(terms: EffectiveTerms, item: ItemRow, tlp: number): string[] {
  return [
    ...(terms.kinds.includes(item.kind)
      ? []
      : [`the agreement does not cover items of kind ${item.kind}`]),
    ...(tlp <= terms.tlpCeiling ? [] : ["the TLP is above the agreement's ceiling"]),
    ...(item.pap <= terms.papCeiling ? [] : ["the item's PAP is above the agreement's ceiling"]),
  ];
}
