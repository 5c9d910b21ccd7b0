import { page } from "./page";

/** What stands at `/`: what this is and, where a link led to something by its id (`?node=`), how to ask for that. */
export function homePage(query: string): string {
  const id = new URLSearchParams(query).get("node") ?? "";
  return page(NODE_ID.test(id) ? asking(id) + HUB : HUB);
}

// Nothing else is put into a page.
const NODE_ID = /^[a-z]{1,20}_[0-9a-f-]{36}$/;

const asking = (id: string): string => `<section>
<p>The link leads to <code>${id}</code>. Ask for it with your API key; it is shown by your rights of that moment:</p>
<p><code>{ node(id: "${id}") { __typename id ... on SharedItem { tlp } ... on Incident { title summary } ... on Indicator { name pattern } ... on Advisory { title summary } } }</code></p>
</section>
<section lang="ja">
<p>リンク先は <code>${id}</code> です。APIキーを付けて上の問い合わせを送ると、その時点の権限で表示されます。</p>
</section>
`;

const HUB = `<section>
<p>A hub through which public authorities and private organizations share cyber-threat information, under sharing agreements that are enforced field by field.</p>
<ul>
<li>GraphQL API: <code>POST /graphql</code>, with <code>Authorization: Bearer &lt;API key&gt;</code></li>
<li>Alerts: the subscription <code>alerts</code> over WebSocket (graphql-ws) at <code>/graphql</code>, or as server-sent events at <code>/graphql/stream</code></li>
<li>Health: <a href="/health/live">/health/live</a>, <a href="/health/ready">/health/ready</a></li>
<li>Documentation: <code>README.md</code>, <code>ARCHITECTURE.md</code> and <code>docs/</code> in the source</li>
</ul>
</section>
<section lang="ja">
<p>官民がサイバー脅威情報を共有するためのハブです。共有協定の条件は、項目ごとに適用されます。</p>
<ul>
<li>GraphQL API：<code>POST /graphql</code>（<code>Authorization: Bearer &lt;APIキー&gt;</code>）</li>
<li>アラート：<code>/graphql</code> のWebSocket（graphql-ws）、または <code>/graphql/stream</code> のServer-Sent Eventsで、サブスクリプション <code>alerts</code></li>
<li>稼働状況：<a href="/health/live">/health/live</a>、<a href="/health/ready">/health/ready</a></li>
</ul>
</section>
`;
