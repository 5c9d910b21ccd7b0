/**
 * Who may import whom. Each rule says in its comment what to do instead.
 *
 * `npm run imports` checks src/; test/house/import-rules.test.ts checks it too, and shows on
 * test/fixtures/import-rules/ that each rule can fail.
 *
 * WHY swc: TypeScript 7's package has no compiler API to parse with. swc does not tell `import type`
 * from `import`, so a type counts as an import here; and it cannot read JSX, so *.tsx is left out
 * and the test above looks at the imports of the console's *.tsx itself.
 */

/** The pure files of sharing/: the policy, in and out by value. A new pure file is added here. */
const PURE =
  "^src/sharing/(" +
  "tlp|pap|terms|vocabulary|duration|fields|" +
  "facts|parties|agreement-periods|lasting-rights|condition|grants|policy|" +
  "path-end|decide|disclosure|explanation|standing" +
  ")[.]ts$";

const ENTITY = "^src/.+[.]entity[.]ts$";

/** The database's packages. Types of theirs count too: a resolver has no use for them. */
const DATABASE_PACKAGES = ["(^|/)node_modules/(typeorm|pg|pg-[^/]*|@types/pg)/", "^(typeorm|pg)$"];

/** Files that may use TypeORM and pg. Verb files are those directly in a feature's folder. */
const MAY_USE_DATABASE = [
  "^src/(database[^/]*|context|transaction|hub|sole-duty)[.]ts$",
  "^src/(?!cli/|console/)[^/]+/[^/]+[.]ts$",
  ENTITY,
];

/** Of those in a feature's folder, these may not. */
const NEVER_USES_DATABASE = "[.](resolver|type)[.]ts$";

/** Where the parts are put together; a composition root may import whatever it composes. */
const COMPOSITION = "^src/(main|server|hub|schema)[.]ts$";

/** Where one object holds the rest and the rest names its type. */
const WIRING = "^src/(hub|context|transaction)[.]ts$";

module.exports = {
  forbidden: [
    {
      name: "policy-is-pure",
      comment:
        "The sharing policy is a pure function: no database, no GraphQL, no Node, no clock. " +
        "Pass what it needs as an argument (facts, grants, now), and put what reads or writes into " +
        "sharing/reader.ts, sharing/directory.ts or a verb file.",
      severity: "error",
      from: { path: PURE },
      to: { pathNot: [PURE, "^src/(ids|errors)[.]ts$"] },
    },
    {
      name: "features-are-peers",
      comment:
        "A feature knows another feature only by its *.entity.ts. Let the owner of the data add the field " +
        "with a field resolver in its own folder; move what both need to sharing/ or to the top of src/. " +
        "(sharing/, observable/, ledger/, item/ and auth/rights.ts are common ground; schema types name each other; " +
        "demo/ and exchange/ act through the verbs of every feature.)",
      severity: "error",
      from: { path: "^src/([^/]+)/", pathNot: "^src/(cli|console|demo|exchange)/" },
      to: {
        path: "^src/[^/]+/",
        pathNot: [
          "^src/$1/",
          "^src/(sharing|observable|ledger|item)/",
          "^src/auth/(rights|viewer)[.]ts$",
          "[.]type[.]ts$",
          ENTITY,
        ],
      },
    },
    {
      name: "no-circular",
      comment:
        "Two files that need each other are one file, or hide a third: move what both need there. " +
        "Entity relations point one way, from child to parent; ask for the children with a query.",
      severity: "error",
      from: {},
      // WHY: what hangs on the hub names the hub's type, and no type counts as a cycle at run time.
      // oxlint's import/no-cycle tells types from values and watches these files too.
      to: { circular: true, viaOnly: { pathNot: WIRING } },
    },
    {
      name: "read-through-the-scope",
      comment:
        "Only the reader, the directory, the database's own files, entities and verbs touch TypeORM or pg. " +
        "In a resolver: `ctx.read(Entity)` to read, a verb file to write.",
      severity: "error",
      from: { path: "^src/", pathNot: MAY_USE_DATABASE },
      to: { path: DATABASE_PACKAGES },
    },
    {
      name: "read-through-the-scope",
      comment:
        "A resolver or a GraphQL type never holds a connection. Read with `ctx.read(Entity)`; " +
        "write in a verb file beside the resolver and call that.",
      severity: "error",
      from: { path: `^src/.+${NEVER_USES_DATABASE}` },
      to: { path: [...DATABASE_PACKAGES, "^src/database[^/]*[.]ts$"] },
    },
    {
      name: "clients-speak-graphql",
      comment:
        "The CLI and the console are clients like any other. Ask the API: write the operation in a " +
        "*.graphql file and use the generated types. What the API cannot tell is missing from the API.",
      severity: "error",
      from: { path: "^src/(cli|console)/" },
      to: { path: "^src/", pathNot: "^src/$1/" },
    },
    {
      name: "exchange-is-the-only-translator",
      comment:
        "STIX, TAXII and MISP end at exchange/. Take and return our own entities and inputs; " +
        "let exchange/ translate, and let server.ts, hub.ts or schema.ts plug its doors in.",
      severity: "error",
      from: { path: "^src/", pathNot: ["^src/exchange/", COMPOSITION] },
      to: { path: ["^src/exchange/", "(^|/)node_modules/.*(stix|taxii|misp)"], pathNot: ENTITY },
    },
    {
      name: "resolvable",
      comment:
        "What cannot be found cannot be checked by the rules above. Correct the path. (knip looks after the packages.)",
      severity: "error",
      from: {},
      to: { couldNotResolve: true, path: "^[.]" },
    },
  ],
  options: {
    parser: "swc",
    doNotFollow: { path: "node_modules" },
    exclude: { path: "[.]tsx$" },
    moduleSystems: ["es6", "cjs"],
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["import", "require", "node", "default", "types"],
    },
  },
};
