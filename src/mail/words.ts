import type { MailLanguage } from "./mail.type";

/** What mails say, in each language. */
interface Words {
  types: Record<string, string>;
  kinds: Record<string, string>;
  hub: string;
  many: (count: number) => string;
  from: string;
  notNamed: string;
  sector: (sector: string) => string;
  at: string;
  open: string;
  elsewhere: string;
  purge: string;
  linkOnly: string;
  digest: (count: string, day: string) => string;
  digestHead: string;
  further: (count: string) => string;
  confirmSubject: string;
  confirm: (code: string) => string;
  noticeSubject: string;
  notice: string;
  stop: (url: string) => string;
}

const en: Words = {
  types: {
    ITEM_RELEASED: "New item",
    ITEM_UPDATED: "Item updated",
    ITEM_WITHDRAWN: "Item withdrawn",
    ACCESS_ENDED: "Access to an item ended",
    SIGHTING_ADDED: "Sighting added",
    WATCH_MATCHED: "Watch matched",
    RELEASE_PROPOSED: "Release proposed",
    RELEASE_DECIDED: "Release decided",
    MEMBERSHIP_CHANGED: "Membership changed",
    AGREEMENT_CHANGED: "Agreement changed",
    ACCOUNT_CHANGED: "Account changed",
    OBLIGATION_DUE: "Report due",
    OBLIGATION_OVERDUE: "Report overdue",
  },
  kinds: { INCIDENT: "Incident", INDICATOR: "Indicator", ADVISORY: "Advisory" },
  hub: "Musubi",
  many: (count) => `${count} items`,
  from: "From",
  notNamed: "not named",
  sector: (sector) => `an organization of the sector ${sector}`,
  at: "At",
  open: "In the hub",
  elsewhere: "Its content is not sent by e-mail.",
  purge: "Please delete the copies that you have of it.",
  linkOnly: "see the hub",
  digest: (count, day) => `${count} alerts, ${day}`,
  digestHead: "What came since the last digest, oldest first:",
  further: (count) => `Further alerts, by type: ${count}`,
  confirmSubject: "Confirm your e-mail address",
  confirm: (code) =>
    `An account of Musubi asks for its alerts at this address. To confirm it, give this code to confirmMail within 24 hours:\n\n  ${code}\n\nIf this was not you, do nothing.`,
  noticeSubject: "Your alerts by e-mail have stopped",
  notice:
    "The API key with which your alerts by e-mail were set is no longer valid, so no further ones are sent. Set them again with another key (setMail): they go on where they stopped.",
  stop: (url) => `You get this because your account of Musubi asks for it. To stop it: ${url}`,
};

const ja: Words = {
  types: {
    ITEM_RELEASED: "新しい情報",
    ITEM_UPDATED: "情報の更新",
    ITEM_WITHDRAWN: "情報の取り下げ",
    ACCESS_ENDED: "閲覧期間の終了",
    SIGHTING_ADDED: "検知報告の追加",
    WATCH_MATCHED: "監視条件に一致",
    RELEASE_PROPOSED: "公開案の提示",
    RELEASE_DECIDED: "公開案の決定",
    MEMBERSHIP_CHANGED: "参加状況の変更",
    AGREEMENT_CHANGED: "協定の変更",
    ACCOUNT_CHANGED: "アカウントの変更",
    OBLIGATION_DUE: "報告期限の接近",
    OBLIGATION_OVERDUE: "報告期限の超過",
  },
  kinds: { INCIDENT: "インシデント", INDICATOR: "インディケータ", ADVISORY: "アドバイザリ" },
  hub: "結び",
  many: (count) => `${count}件`,
  from: "提供元",
  notNamed: "非公開",
  sector: (sector) => `${sector} 分野の組織`,
  at: "日時",
  open: "ハブで開く",
  elsewhere: "内容はメールでは送られません。",
  purge: "お手元の写しを削除してください。",
  linkOnly: "内容はハブで",
  digest: (count, day) => `アラート${count}件（${day}）`,
  digestHead: "前回のまとめ以降のアラート（古い順）：",
  further: (count) => `ほかのアラート（種類別）：${count}`,
  confirmSubject: "メールアドレスの確認",
  confirm: (code) =>
    `結び（Musubi）のアカウントが、このアドレスでのアラートの受信を希望しています。確認するには、24時間以内に次のコードを confirmMail に渡してください。\n\n  ${code}\n\nお心当たりがなければ、何もする必要はありません。`,
  noticeSubject: "メールでのアラートを停止しました",
  notice:
    "メールでのアラートを設定したAPIキーが無効になったため、送信を停止しました。別のキーで改めて設定（setMail）すると、停止した箇所から再開します。",
  stop: (url) =>
    `このメールは、結び（Musubi）のアカウントの設定により送られています。停止するには：${url}`,
};

export const wordsIn = (language: MailLanguage): Words => ({ EN: en, JA: ja })[language];
