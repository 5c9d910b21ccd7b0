import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import {
  DEEPEST_PATTERN,
  LONGEST_PATTERN,
  parsePattern,
  PatternError,
} from "../../src/indicator/pattern";
import { projectRoot } from "../../src/project-root";

interface Case {
  from: string;
  pattern: string;
  valid: boolean;
}
const { cases } = JSON.parse(
  readFileSync(join(projectRoot, "test/fixtures/patterns/oasis.json"), "utf8"),
) as { cases: Case[] };

const values = (pattern: string): string[] =>
  parsePattern(pattern).observables.map(({ type, value }) => `${type} ${value}`);

function refusal(pattern: string): PatternError | null {
  try {
    parsePattern(pattern);
    return null;
  } catch (error) {
    if (error instanceof PatternError) return error;
    throw error;
  }
}

describe("The parser agrees with the OASIS validator", () => {
  test.each(cases)("on a pattern of the $from: $pattern", ({ pattern, valid }) =>
    expect(refusal(pattern) === null).toBe(valid),
  );

  test("and says where the invalid pattern of the elevator's idioms breaks", () => {
    const broken = cases.find(({ from, valid }) => from === "elevator" && !valid)?.pattern ?? "";
    expect(refusal(broken)).toMatchObject({
      reason: "unexpected 'INVALID-CONDITION'",
      position: broken.indexOf("INVALID-CONDITION"),
    });
  });
});

describe("A pattern stands for", () => {
  test.each([
    ["[domain-name:value='wordstore.net']", ["domain-name wordstore.net"]],
    ["[app:id='com.network.android']", []],
    [
      "[ipv4-addr:value = '198.51.100.7' OR ipv4-addr:value = '198.51.100.7/32']",
      ["ipv4-addr 198.51.100.7"],
    ],
    [
      "[ipv4-addr:value IN ('198.51.100.7', '198.51.100.8')]",
      ["ipv4-addr 198.51.100.7", "ipv4-addr 198.51.100.8"],
    ],
    ["[ipv4-addr:value ISSUBSET '198.51.100.0/24']", ["ipv4-addr 198.51.100.0/24"]],
    ["[ipv4-addr:value ISSUPERSET '198.51.100.0/24']", []],
    [
      "[url:value != 'http://a.example/' AND url:value NOT = 'http://b.example/' AND url:value NOT IN ('http://c.example/')]",
      [],
    ],
    ["[url:value LIKE 'http://a.example/%']", []],
    ["[EXISTS url:value]", []],
    [
      "[file:hashes.MD5 = 'D41D8CD98F00B204E9800998ECF8427E']",
      ["md5 d41d8cd98f00b204e9800998ecf8427e"],
    ],
    [`[file:hashes.sha256 = '${"a".repeat(64)}']`, [`sha256 ${"a".repeat(64)}`]],
    [
      "[file:hashes[*] = '8665c8d477534008b3058b72e2dae8ae']",
      ["md5 8665c8d477534008b3058b72e2dae8ae"],
    ],
    [
      `[file:extensions.'archive-ext'.contains_refs[*].hashes.'SHA-256' = '${"b".repeat(64)}']`,
      [`sha256 ${"b".repeat(64)}`],
    ],
    [
      "[file:extensions.'windows-pebinary-ext'.sections[*].hashes.MD5 = 'd41d8cd98f00b204e9800998ecf8427e']",
      [],
    ],
    [
      "[email-message:from_ref.value = 'A@Evil.Example' AND email-message:to_refs[*].value = 'victim@target.example']",
      ["email-addr A@evil.example"],
    ],
    ["[email-message:body_multipart[0].body_raw_ref.name = 'a.exe']", ["file-name a.exe"]],
    [
      "[network-traffic:dst_ref.value = '2001:db8::0:1'] FOLLOWEDBY [network-traffic:dst_ref.value = 'evil.example']",
      ["ipv6-addr 2001:db8::1", "domain-name evil.example"],
    ],
    ["[network-traffic:dst_ref.type = 'domain-name' AND network-traffic:dst_port = 443]", []],
    ["[autonomous-system:number = 15139]", ["autonomous-system AS15139"]],
    ["[mutex:name = 'It\\'s \\\\ mine']", ["mutex It's \\ mine"]],
    [
      "[windows-registry-key:key = 'HKEY_CURRENT_USER\\\\Software\\\\Bad']",
      ["windows-registry-key HKEY_CURRENT_USER\\software\\bad"],
    ],
    [
      "[network-traffic:extensions.'http-request-ext'.request_header.'User-Agent' = 'Mozilla/5.0']",
      ["user-agent Mozilla/5.0"],
    ],
    ["[process:name = 'passsd']", []],
    ["[domain-name:value = 'not a name']", []],
    ["/* why */ [ url : value = 'http://a.example' ] // end", ["url http://a.example/"]],
    [
      "([a:b=1] OR [mac-addr:value='00-11-22-33-44-55'])REPEATS 3 TIMES WITHIN 1.5 SECONDS",
      ["mac-addr 00:11:22:33:44:55"],
    ],
    [
      "[a:b==h'00ff' OR a:b<>b'AAA=' OR a:b=true OR a:b>=-0.5 OR a:b IN()]START t'2026-01-01T00:00:00Z' STOP t'2026-01-01T00:00:00.001Z'",
      [],
    ],
    ["[ipv4-addr:value\u3000=\n'１９８.51.100.7']", ["ipv4-addr 198.51.100.7"]],
  ])("%s", (pattern, expected) => expect(values(pattern)).toEqual(expected));
});

describe("A pattern is refused", () => {
  test.each([
    ["", "unexpected end of pattern at position 0"],
    ["[", "unexpected end of pattern at position 1"],
    ["[a:b = 'x'", "unexpected end of pattern at position 10"],
    ["[a:b = 'x']]", "unexpected ']' at position 11"],
    ["[file:name = 'b\\x']", "unexpected 'x' at position 16"],
    ["[a:b = 1] and [a:b = 2]", "unexpected 'and' at position 10"],
    ["[a:b = 007]", "unexpected '007' at position 7"],
    ["[a:b = h'abc']", "unexpected ''' at position 12"],
    ["[a:b = t'2457-73-22T32:81:84.1Z']", "unexpected '73-22T32' at position 14"],
    ["[a:b = t'2026-02-30T00:00:00Z']", "no such day at position 7"],
    ["[a:b NOT EXISTS]", "unexpected 'EXISTS' at position 9"],
    ["[a:b = 1] /* open", "unexpected '/' at position 10"],
    ["[a:b = '\u{1f600}' \u{1f600}]", "unexpected '\u{1f600}' at position 12"],
    ["[a:b = 1 AND c:d = 2]", "AND joins comparisons of different object types at position 13"],
    [
      "[(a:b = 1 OR c:d = 2) AND e:f = 3]",
      "AND joins comparisons of different object types at position 26",
    ],
    [
      "[a:b = 1] START t'2026-01-02T00:00:00.10Z' STOP t'2026-01-02T00:00:00.1Z'",
      "STOP is not later than START at position 48",
    ],
    ["[a:b = 1] REPEATS 0 TIMES", "REPEATS needs a positive number at position 10"],
    ["[a:b = 1] WITHIN 0.0 SECONDS", "WITHIN needs a positive number at position 10"],
    ["[a:b = 1] WITHIN 5 SECONDS WITHIN 6 SECONDS", "qualifier given twice at position 27"],
    ["[file:hashes.MD5 = 5]", "not a hash of the kind MD5 at position 19"],
    [
      `[a:b MATCHES '${"a".repeat(4097)}']`,
      "regular expression is longer than 4096 characters at position 13",
    ],
  ])("%j: %s", (pattern, message) => expect(refusal(pattern)?.message).toBe(message));

  test("where OR leaves AND a common object type it is not", () => {
    expect(refusal("[(a:b = 1 OR c:d = 2) AND c:e = 3]")).toBeNull();
  });
});

/** For each character. The most that any of these takes is 21; what is not linear would take thousands. */
const MOST_STEPS = 40;

/** How often something looks at a text, or at a member of a set or a map. */
function stepsOf(work: () => void): number {
  let steps = 0;
  const counted = <T extends object>(
    prototype: T,
    ...names: (keyof T & string)[]
  ): (() => void)[] =>
    names.map((name) => {
      const original = prototype[name] as (...args: unknown[]) => unknown;
      prototype[name] = function (this: unknown, ...args: unknown[]): unknown {
        steps++;
        return Reflect.apply(original, this, args);
      } as T[typeof name];
      return () => void (prototype[name] = original as T[typeof name]);
    });
  const restore = [
    ...counted(String.prototype, "charAt", "charCodeAt", "substr", "slice", "replace"),
    ...counted(RegExp.prototype, "exec", "test"),
    ...counted(Set.prototype, "add", "has", "delete"),
    ...counted(Map.prototype, "get", "set"),
    ...counted(Array.prototype, "push", "map", "find", "findIndex"),
  ];
  try {
    work();
    return steps;
  } finally {
    for (const undo of restore) undo();
  }
}

describe("A hostile pattern", () => {
  const nested = (levels: number): string => `${"(".repeat(levels)}[a:b = 1]${")".repeat(levels)}`;
  const inside = (levels: number): string => `[${"(".repeat(levels)}a:b = 1${")".repeat(levels)}]`;

  test("may be as deep as the limit and no deeper", () => {
    expect(refusal(nested(DEEPEST_PATTERN))).toBeNull();
    expect(refusal(inside(DEEPEST_PATTERN))).toBeNull();
    expect(refusal(nested(DEEPEST_PATTERN + 1))?.reason).toBe(
      "brackets nested deeper than 100 levels",
    );
    expect(refusal(inside(30_000))?.reason).toBe("brackets nested deeper than 100 levels");
    expect(refusal(`([a:b = 1])${" OR ([a:b = 1])".repeat(200)}`)).toBeNull();
  });

  test("may be as long as the limit and no longer", () => {
    expect(refusal("[a:b = 1]".padEnd(LONGEST_PATTERN))).toBeNull();
    expect(refusal("[a:b = 1]".padEnd(LONGEST_PATTERN + 1))?.position).toBe(LONGEST_PATTERN);
  });

  test.each([
    ["many tests", `[a:b = 1${" OR a:b = 1".repeat(5900)}]`],
    ["many types", `[a:b = 1${Array.from({ length: 4500 }, (_, i) => ` OR t${i}:b=1`).join("")}]`],
    ["many observations", `[a:b = 1]${" FOLLOWEDBY [a:b = 1]".repeat(3000)}`],
    ["many values", `[ipv4-addr:value IN ('1.1.1.1'${",'1.1.1.1'".repeat(6500)})]`],
    ["many qualifiers", `([a:b = 1])${" WITHIN 1 SECONDS".repeat(3500)}`],
    ["a long path", `[a:b${".c".repeat(32_000)} = 1]`],
    ["open comments", `[a:b = 1]${"/*".repeat(32_000)}`],
    ["closed comments", `[a:b = 1]${"/**/".repeat(16_000)}`],
    ["an open string", `[a:b = '${"\\\\".repeat(32_000)}`],
    ["digits", `[a:b = ${"1".repeat(65_000)}x]`],
    [
      "deep unions",
      `[${"(a:b=1 OR ".repeat(100)}${Array.from({ length: 4000 }, (_, i) => `t${i}:b=1`).join(" OR ")}${")".repeat(100)}]`,
    ],
  ])("of %s takes steps in proportion to its length", (_, pattern) => {
    expect(pattern.length).toBeLessThanOrEqual(LONGEST_PATTERN);
    const steps = stepsOf(() => void refusal(pattern));
    expect(steps).toBeGreaterThan(0);
    expect(steps).toBeLessThan(MOST_STEPS * pattern.length);
  });

  test("made of tokens in any order raises nothing but a PatternError", () => {
    const tokens = [
      "[",
      "]",
      "(",
      ")",
      "a:b",
      "file:hashes.MD5",
      "x",
      ":",
      ".",
      "'",
      "'s'",
      "\\",
      "=",
      "!=",
      "<",
      "1",
      "-1.5",
      "IN",
      "NOT",
      "AND",
      "OR",
      "LIKE 'a'",
      "EXISTS",
      "FOLLOWEDBY",
      "WITHIN 5 SECONDS",
      "START",
      "t'2026-01-01T00:00:00Z'",
      "h'00'",
      "b'AAAA'",
      ",",
      "/*",
      "*/",
      "//",
      "\n",
      " ",
      "true",
      "*",
    ];
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: "binary" }),
          fc.array(fc.constantFrom(...tokens), { maxLength: 40 }).map((parts) => parts.join(" ")),
        ),
        (pattern) => {
          const error = refusal(pattern);
          if (error) expect(error.position).toBeLessThanOrEqual(pattern.length);
        },
      ),
      { numRuns: 3000, seed: 7 },
    );
  });

  test("that was valid until one character went missing still raises nothing else", () => {
    const valid = cases.filter((one) => one.valid).map((one) => one.pattern);
    fc.assert(
      fc.property(
        fc.constantFrom(...valid),
        fc.nat(),
        fc.constantFrom("", "'", "]", "(", "\\", "é"),
        (pattern, at, put) => {
          const cut = at % pattern.length;
          refusal(pattern.slice(0, cut) + put + pattern.slice(cut + 1));
        },
      ),
      { numRuns: 2000, seed: 7 },
    );
  });
});

test("The committed parser is the one that peggy makes of the grammar", () => {
  const grammar = join(projectRoot, "src/indicator/pattern.peggy");
  const made = execFileSync(
    process.execPath,
    [require.resolve("peggy/bin/peggy.js"), "--format", "es", "-o", "-", grammar],
    { encoding: "utf8" },
  );
  expect(
    made.trim() === readFileSync(join(projectRoot, "src/indicator/generated.ts"), "utf8").trim(),
  ).toBe(true);
});
