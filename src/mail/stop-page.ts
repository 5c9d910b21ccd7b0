import type { Hub } from "../hub";
import { page } from "../page";
import { stopMailOf } from "./change-mail";
import { loadMail, StopLinks } from "./mail-store";
import { MailState } from "./mail.type";

/** What is answered under /mail/stop/: a status and a page. */
export interface StopAnswer {
  status: number;
  page: string;
}

/**
 * RFC 8058: a POST stops the mail at once; a GET only shows the button, because mail programs open links by themselves.
 * @param address the network address it comes from, for the audit log
 */
export async function answerStop(
  hub: Hub,
  method: string | undefined,
  path: string,
  address: string | null,
): Promise<StopAnswer> {
  const accountId = new StopLinks(hub).accountIn(path);
  const account = accountId === null ? undefined : hub.directory.accounts.get(accountId);
  if (!account)
    return { status: 404, page: pageOf("This link is not known.", "このリンクは無効です。") };
  const mail = await loadMail(hub, account.uuid);
  const stopped = !mail || mail.state === MailState.STOPPED;
  if (method === "POST" && !stopped) await stopMailOf(hub, account, address);
  if (method === "POST" || stopped)
    return { status: 200, page: pageOf("No more mail is sent.", "メールの送信を停止しました。") };
  return {
    status: 200,
    page: pageOf(
      "Stop all alerts by e-mail?",
      "メールでのアラートをすべて停止しますか。",
      `<form method="post"><button type="submit">Stop / 停止する</button></form>`,
    ),
  };
}

const pageOf = (en: string, ja: string, form = ""): string =>
  page(`<p>${en}</p>\n<p lang="ja">${ja}</p>\n${form}\n`);
