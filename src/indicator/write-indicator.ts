import type { Context } from "../context";
import { Problems } from "../errors";
import { checkList, checkText, MAX_TEXT, MAX_TITLE } from "../inputs";
import { insertItem } from "../item/write-item";
import { mayAuthor, requireThat } from "../auth/rights";
import { Attribution, ItemKind } from "../sharing/vocabulary";
import type { Change } from "../transaction";
import type { IndicatorInput } from "./indicator.type";
import type { Observable } from "../observable/observable";
import { LONGEST_PATTERN, parsePattern, PatternError } from "./pattern";
import { warningsFor } from "./warninglist";

const PATTERN_TYPES = ["stix", "pcre", "sigma", "snort", "suricata", "yara"];

/** By a MEMBER, PUBLISHER or ORG_ADMIN, as a draft of its organization. Returns the UUID. */
export async function createIndicator(ctx: Context, input: IndicatorInput): Promise<string> {
  requireThat(
    mayAuthor(ctx.account()),
    "Only a MEMBER, PUBLISHER or ORG_ADMIN creates indicators.",
  );
  const observables = checkIndicator(input, "input");
  return ctx.change("content", async (change) => {
    const uuid = await insertIndicator(change, input, observables, null);
    ctx.wrote(uuid);
    return uuid;
  });
}

/**
 * Checks an indicator and gives the observables of its pattern. Throws BAD_USER_INPUT; an unparsable STIX pattern with
 * the position and the reason.
 */
export function checkIndicator(input: IndicatorInput, path: string): Observable[] {
  const problems = new Problems();
  checkText(problems, `${path}.name`, input.name, MAX_TITLE);
  checkText(problems, `${path}.description`, input.description, MAX_TEXT);
  checkText(problems, `${path}.pattern`, input.pattern, LONGEST_PATTERN, true);
  checkList(problems, `${path}.labels`, input.labels, 100);
  const { confidence, validFrom, validUntil } = input;
  if (confidence !== null && confidence !== undefined && (confidence < 0 || confidence > 100)) {
    problems.add(`${path}.confidence`, "must be from 0 to 100");
  }
  if (validFrom && validUntil && validUntil <= validFrom)
    problems.add(`${path}.validUntil`, "must be after validFrom");
  const type = input.patternType ?? "stix";
  if (!PATTERN_TYPES.includes(type))
    problems.add(`${path}.patternType`, `must be one of ${PATTERN_TYPES.join(", ")}`);
  let observables: Observable[] = [];
  if (type === "stix" && !problems.issues.length) {
    try {
      observables = parsePattern(input.pattern).observables;
    } catch (error) {
      if (!(error instanceof PatternError)) throw error;
      problems.add(`${path}.pattern`, `at position ${error.position}: ${error.reason}`);
    }
  }
  problems.throwIfAny();
  return observables;
}

/** Adds a checked indicator. */
export async function insertIndicator(
  change: Change,
  input: IndicatorInput,
  observables: readonly Observable[],
  stixId: string | null,
): Promise<string> {
  const uuid = await insertItem(change, ItemKind.INDICATOR, input, Attribution.ANONYMOUS, stixId);
  await change.query(
    `INSERT INTO indicator (id, name, description, pattern, pattern_type, valid_from, valid_until, confidence, labels, warnings)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
    [
      uuid,
      input.name ?? null,
      input.description ?? null,
      input.pattern,
      input.patternType ?? "stix",
      input.validFrom ?? null,
      input.validUntil ?? null,
      input.confidence ?? null,
      [...new Set(input.labels ?? [])],
      JSON.stringify(observables.flatMap(warningsFor)),
    ],
  );
  if (observables.length) {
    await change.query(
      `INSERT INTO observable (indicator_id, position, type, value)
       SELECT $1, n, type, value FROM unnest($2::text[], $3::text[]) WITH ORDINALITY AS t(type, value, n)`,
      [uuid, observables.map((o) => o.type), observables.map((o) => o.value)],
    );
  }
  return uuid;
}
