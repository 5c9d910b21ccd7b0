import type { Context } from "../context";
import { Problems } from "../errors";
import { checkText, MAX_TEXT, MAX_TITLE } from "../inputs";
import { insertItem, ITEM_KINDS, linkItems } from "../item/write-item";
import { mayAuthor, requireThat } from "../auth/rights";
import { Attribution, ItemKind } from "../sharing/vocabulary";
import type { AdvisoryInput } from "./advisory.type";

/** By a MEMBER, PUBLISHER, ORG_ADMIN or ANALYST, as a draft of its organization. Returns the UUID. */
export async function createAdvisory(ctx: Context, input: AdvisoryInput): Promise<string> {
  requireThat(
    mayAuthor(ctx.account()),
    "Only a MEMBER, PUBLISHER, ORG_ADMIN or ANALYST creates advisories.",
  );
  const problems = new Problems();
  checkText(problems, "input.title", input.title, MAX_TITLE, true);
  checkText(problems, "input.summary", input.summary, MAX_TEXT);
  checkText(problems, "input.body", input.body, MAX_TEXT, true);
  problems.throwIfAny();
  return ctx.change("content", async (change) => {
    const uuid = await insertItem(change, ItemKind.ADVISORY, input, Attribution.NAMED);
    await change.query(`INSERT INTO advisory (id, title, summary, body) VALUES ($1, $2, $3, $4)`, [
      uuid,
      input.title,
      input.summary ?? null,
      input.body,
    ]);
    await linkItems(ctx, change, uuid, input.aboutIds ?? [], ITEM_KINDS, "input.aboutIds");
    ctx.wrote(uuid);
    return uuid;
  });
}
