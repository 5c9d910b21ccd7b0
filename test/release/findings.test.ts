import fc from "fast-check";
import {
  type Finding,
  FindingKind,
  findingsIn,
  type Protected,
  sealWith,
} from "../../src/release/findings";

const NOBODY: Protected = { ownerNames: [], ownerDomains: [], victim: null, contact: null };
const seal = sealWith(Buffer.alloc(32, 7), "item");
const find = (text: string, known: Partial<Protected> = {}, field = "summary"): Finding[] =>
  findingsIn([{ field, text }], { ...NOBODY, ...known }, seal);
const kinds = (text: string, known: Partial<Protected> = {}): FindingKind[] =>
  find(text, known).map((f) => f.kind);

const SEED = Number(process.env.SEED ?? 20_260_401);
const check = <T>(...args: Parameters<typeof fc.property<[T]>>): void =>
  fc.assert(fc.property(...args), { seed: SEED, numRuns: Number(process.env.RUNS ?? 300) });

// ── What a text is made of ──

const DIGITS = "0123456789".split("");
const digits = (length: number): fc.Arbitrary<string> =>
  fc.string({ unit: fc.constantFrom(...DIGITS), minLength: length, maxLength: length });
const between = (min: number, max: number): fc.Arbitrary<number> => fc.integer({ min, max });

/** What people write of an incident, and what looks like an identifier and is none. */
const plainWord = fc.oneof(
  fc.constantFrom(
    ..."the host sent mail from port 443 after 3 days and 12:30 CVE-2026-12345 v10.2.3 2026-04-01 T1566.001".split(
      " ",
    ),
    ..."攻撃者は、 メールを送り 端末が感染した。 「請求書」 ランサムウェア サーバー （３台） 被害 １２月".split(
      " ",
    ),
    "198.51.100.7",
    "8.8.8.8",
    "2001:db8:fd12::1",
    "203.0.113.0/24",
    "d41d8cd98f00b204e9800998ecf8427e",
    "f47ac10b-58cc-4372-a567-0e02b2c3d479",
    "@handle",
    "a@b",
    "hxxps://evil[.]example/login",
    "2026-04-01T09:00:00+09:00",
    "AS64496",
    "¥1,000,000",
    "00-11-22-33-44-55",
    "localhost",
  ),
  digits(6),
);
const plainText = fc.array(plainWord, { maxLength: 12 }).map((words) => words.join(" "));

const email = fc
  .tuple(
    fc.stringMatching(/^[a-z0-9][a-z0-9._+-]{0,20}[a-z0-9]$/),
    fc.stringMatching(/^[a-z][a-z0-9-]{0,10}[a-z0-9]$/),
    fc.constantFrom("example", "co.jp", "example.org", "xn--p1ai"),
  )
  .map(([local, name, end]) => `${local}@${name}.${end}`);

const telephone = fc
  .tuple(
    fc.constantFrom([2, 4], [3, 3], [4, 2], [5, 1]),
    digits(8),
    fc.constantFrom("-", " ", "‐", "－", "ー", "(", ") "),
    fc.boolean(),
  )
  .map(([[area = 2, local = 4], more, mark, international]) => {
    const all = `03${more.replaceAll("0", "1")}`.slice(0, 10);
    const parts = [all.slice(0, area), all.slice(area, area + local), all.slice(area + local)];
    const [first = "", second = "", third = ""] = parts;
    if (international) return `+81-${first.slice(1)}-${second}-${third}`;
    return mark === "(" ? `${first}(${second})${third}` : `${first}${mark}${second}-${third}`;
  });
const mobile = fc
  .tuple(
    fc.constantFrom("090", "080", "070", "050"),
    digits(4),
    digits(4),
    fc.constantFrom("-", "", " "),
  )
  .map(([a, b, c, mark]) => [a, b, c].join(mark));

const myNumber = fc.tuple(digits(11), fc.constantFrom("", " ", "-")).map(([eleven, mark]) => {
  // Written from the ordinance (Q_n = n + 1 up to the sixth digit from the right, n - 5 from there), not from the code.
  const sum = eleven
    .split("")
    .toReversed()
    .reduce((s, d, i) => s + Number(d) * (i + 1 <= 6 ? i + 2 : i - 4), 0);
  const last = sum % 11 <= 1 ? 0 : 11 - (sum % 11);
  const all = `${eleven}${last}`;
  return [all.slice(0, 4), all.slice(4, 8), all.slice(8)].join(mark);
});

const card = fc
  .tuple(fc.constantFrom("4", "51", "35", "62"), digits(15), fc.constantFrom("", " ", "-"))
  .map(([issuer, more, mark]) => {
    const fifteen = (issuer + more).slice(0, 15);
    const passes = (all: string): boolean =>
      all
        .split("")
        .toReversed()
        .reduce((s, d, i) => {
          const doubled = Number(d) * (i % 2 ? 2 : 1);
          return s + Math.floor(doubled / 10) + (doubled % 10);
        }, 0) %
        10 ===
      0;
    const all = DIGITS.map((d) => fifteen + d).find(passes) ?? "";
    return (all.match(/.{4}/g) ?? []).join(mark);
  });

const internal = fc.oneof(
  fc
    .tuple(fc.constantFrom("10.1", "192.168", "172.16", "172.31"), between(0, 255), between(0, 255))
    .map(([net, a, b]) => `${net}.${a}.${b}`),
  fc.constantFrom(
    "fs01.acme.local",
    "DC-1.Corp",
    "db.prod.internal",
    "fd12:3456:789a::1",
    "nas.lan",
    "10[.]0[.]0[.]1",
  ),
);

const PLANTED: [FindingKind, fc.Arbitrary<string>][] = [
  [FindingKind.EMAIL, email],
  [FindingKind.TELEPHONE, telephone],
  [FindingKind.TELEPHONE, mobile],
  [FindingKind.MY_NUMBER, myNumber],
  [FindingKind.CARD_NUMBER, card],
  [FindingKind.INTERNAL_ADDRESS, internal],
];

const wide = (text: string): string =>
  text
    .replace(/[!-~]/g, (c) => String.fromCharCode(c.charCodeAt(0) + 0xfee0))
    .replaceAll(" ", "\u3000");
const disguised = (text: string): fc.Arbitrary<string> =>
  fc.constantFrom(
    text,
    text.toUpperCase(),
    wide(text),
    wide(text.toUpperCase()),
    text.split("").join("\u200b"),
  );
/** What may stand right beside it. */
const beside = fc.constantFrom(
  "",
  " ",
  "　",
  "、",
  "。",
  "：",
  "（",
  "「",
  "\n",
  ": ",
  "は",
  "<",
  ">",
);

describe("a text", () => {
  test("without identifiers has no findings", () => {
    check(plainText, (text) => expect(find(text)).toEqual([]));
  });

  test.each(PLANTED)(
    "with an identifier has it found at any place in any width: %s",
    (kind, identifier) => {
      check(
        fc
          .tuple(plainText, beside, identifier.chain(disguised), beside, plainText)
          .map(([before, left, planted, right, after]) => ({
            text: `${before}${before && !left ? " " : left}${planted}${right || " "}${after}`,
          })),
        ({ text }) => expect(kinds(text)).toContain(kind),
      );
    },
  );

  test("has the same findings whenever it is read, each with an id of its own", () => {
    const texts = fc.array(fc.oneof(plainText, ...PLANTED.map(([, identifier]) => identifier)), {
      maxLength: 6,
    });
    check(texts, (parts) => {
      const found = find(parts.join(" "));
      expect(find(parts.join(" "))).toEqual(found);
      expect(new Set(found.map((f) => f.id)).size).toBe(found.length);
    });
  });
});

describe("the id of a finding", () => {
  const id = (text: string, field?: string, sealed = seal): string | undefined =>
    findingsIn([{ field: field ?? "summary", text }], NOBODY, sealed)[0]?.id;

  test("stays when what stands around it changes", () => {
    expect(id("Ask taro@example.org.")).toBe(id("Write to ｔａｒｏ＠ｅｘａｍｐｌｅ．ｏｒｇ today"));
  });

  test("is another for another match, field, item and hub", () => {
    const ids = [
      id("taro@example.org"),
      id("hanako@example.org"),
      id("taro@example.org", "description"),
      id("taro@example.org", "summary", sealWith(Buffer.alloc(32, 7), "other item")),
      id("taro@example.org", "summary", sealWith(Buffer.alloc(32, 8), "item")),
    ];
    expect(new Set(ids).size).toBe(ids.length);
  });

  test("is one for many matches of a kind, and changes with any of them", () => {
    const mails = (last: string): string =>
      [...Array.from({ length: 30 }, (_, i) => `u${i}@example.org`), last].join(" ");
    const [finding, ...others] = find(mails("a@example.org"));
    expect(others).toEqual([]);
    expect(finding?.message).toMatch(/u9@example\.org” and 21 more$/);
    expect(find(mails("a@example.org"))[0]?.id).toBe(finding?.id);
    expect(find(mails("b@example.org"))[0]?.id).not.toBe(finding?.id);
  });
});

describe("a name", () => {
  test.each([
    ["Acme", "Seen at ACME today"],
    ["Acme", "ＡＣＭＥのサーバー"],
    ["Acme Co., Ltd.", "acme's mail server"],
    ["Acme, Inc.", "It was (Acme)."],
    ["Acme K.K.", "acme_fileserver"],
    ["Aobane Power", "AobanePower と Aobane-Power"],
    ["株式会社青羽電力", "被害は青羽電力の端末"],
    ["青羽電力（株）", "㈱青羽電力"],
    ["㈱アクメ", "ｱｸﾒのサーバー"],
    ["医療法人社団雛森会", "雛森会の病院"],
    ["株式会社光", "（株）光の端末"],
    ["IT Corp.", "at IT Corp yesterday"],
    ["青羽電力", "青\u200b羽\u00ad電力"],
  ])("%j is found in %j", (name, text) => {
    expect(kinds(text, { ownerNames: [name] })).toContain(FindingKind.OWNER_NAME);
  });

  test.each([
    ["Acme", "a pacmec acmes"],
    ["IPA", "participation"],
    ["株式会社光", "光ファイバーと観光"],
    ["IT Corp.", "It was it."],
    ["Acme-1", "acme-12"],
    ["Aobane Power", "the power went out"],
    ["、。", "、。"],
  ])("%j is not found in %j", (name, text) => {
    expect(kinds(text, { ownerNames: [name] })).toEqual([]);
  });

  test("of the victim and what the contact says is found part by part", () => {
    const known = {
      victim: "Hinamori Medical Co., Ltd.; Tsukishiro",
      contact: "山田太郎、csirt@acme.example",
    };
    expect(kinds("hinamori medical", known)).toEqual([FindingKind.VICTIM]);
    expect(kinds("ＴＳＵＫＩＳＨＩＲＯ", known)).toEqual([FindingKind.VICTIM]);
    expect(kinds("山田太郎さん", known)).toEqual([FindingKind.CONTACT]);
    expect(kinds("csirt[at]acme[.]example", known)).toEqual([
      FindingKind.CONTACT,
      FindingKind.EMAIL,
    ]);
    expect(kinds("Somebody Co., Ltd.", known)).toEqual([]);
  });
});

describe("a domain of the owner", () => {
  const known = { ownerDomains: ["acme.example", "xn--eckwd4c7cu47r2wf.example"] };

  test.each([
    "acme.example",
    "mail.ACME.example.",
    "https://acme.example/x",
    "acme[.]example",
    "ａｃｍｅ．ｅｘａｍｐｌｅ",
    "acme。example",
    "ドメイン名例.example",
  ])("is found in %j", (text) => expect(kinds(text, known)).toContain(FindingKind.OWNER_DOMAIN));

  test.each(["pacme.example", "acme.examples", "acme-example", "acme.example-x"])(
    "is not found in %j",
    (text) => expect(kinds(text, known)).toEqual([]),
  );
});

test("in a pattern it is looked for the owner and the victim, not for the addresses that patterns are made of", () => {
  const text =
    "[email-addr:value = 'a@evil.example' AND ipv4-addr:value = '10.0.0.1' AND domain-name:value = 'vpn.acme.example']";
  const found = findingsIn(
    [{ field: "pattern", text, pattern: true }],
    { ...NOBODY, ownerDomains: ["acme.example"] },
    seal,
  );
  expect(found.map((f) => [f.field, f.kind])).toEqual([["pattern", FindingKind.OWNER_DOMAIN]]);
});

test.each([
  "a",
  "1",
  "0",
  "@",
  ".",
  "-",
  " ",
  "a@",
  "@a",
  "a.",
  "1.",
  "1 ",
  "0-",
  "+1",
  "(0",
  "a@a.",
  "1-1 ",
  "10.0.0.",
  ".local",
  "a.local",
  "f",
  "fd00:",
  "fd00::1 ",
  "00",
  "4111 ",
  "\u30fc",
  "1\u30fc",
  "株式会社",
  "acme ",
  "acme-",
  "[.]",
  "[",
  "\u0301\u0316",
  "\ufdfa",
  "\u200b",
  "ａ",
  "㍿",
  "x@x.jp ",
  "03-1234-5678 ",
  "4111111111111111 ",
  "・",
])("100,000 characters of %j are read in linear time", (unit) => {
  const text = unit.repeat(Math.ceil(100_000 / unit.length)).slice(0, 100_000);
  const known = {
    ownerNames: ["Acme Acme Acme", "株式会社光"],
    ownerDomains: ["a.a.local"],
    victim: "1 1 1 1 2",
    contact: "acme acme",
  };
  const start = performance.now();
  find(text, known);
  expect(performance.now() - start).toBeLessThan(2_000);
});
