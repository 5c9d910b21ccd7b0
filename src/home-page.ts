/** What stands at `/`. */
export const homePage = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Musubi 結び</title>
<style>
body { font: 16px/1.6 system-ui, "Hiragino Sans", "Noto Sans JP", sans-serif; margin: 3rem auto; max-width: 46rem; padding: 0 1rem; color: #1c2430; }
h1 { font-weight: 600 } code { background: #eef1f5; padding: .1em .35em; border-radius: 4px } section + section { margin-top: 2rem }
</style>
</head>
<body>
<h1>Musubi 結び</h1>
<section>
<p>A hub through which public authorities and private organizations share cyber-threat information, under sharing agreements that are enforced field by field.</p>
<ul>
<li>GraphQL API: <code>POST /graphql</code>, with <code>Authorization: Bearer &lt;API key&gt;</code></li>
<li>Alerts: the subscription <code>alerts</code> over WebSocket (graphql-ws) at <code>/graphql</code></li>
<li>Health: <a href="/health/live">/health/live</a>, <a href="/health/ready">/health/ready</a></li>
<li>Documentation: <code>README.md</code>, <code>ARCHITECTURE.md</code> and <code>docs/</code> in the source</li>
</ul>
</section>
<section lang="ja">
<p>官民がサイバー脅威情報を共有するためのハブです。共有協定の条件は、項目ごとに適用されます。</p>
<ul>
<li>GraphQL API：<code>POST /graphql</code>（<code>Authorization: Bearer &lt;APIキー&gt;</code>）</li>
<li>アラート：<code>/graphql</code> のWebSocket（graphql-ws）でサブスクリプション <code>alerts</code></li>
<li>稼働状況：<a href="/health/live">/health/live</a>、<a href="/health/ready">/health/ready</a></li>
</ul>
</section>
</body>
</html>
`;
