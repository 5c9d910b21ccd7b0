/** A page as a browser gets it: what stands in it, and nothing from elsewhere. */
export const page = (body: string): string => `<!doctype html>
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
${body}</body>
</html>
`;
