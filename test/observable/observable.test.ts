import fc from "fast-check";
import { normalizeObservable, normalizeTyped } from "../../src/observable/observable";

const read = (raw: string): string | null => {
  const found = normalizeObservable(raw);
  return found && `${found.type} ${found.value}`;
};

describe("A pasted value", () => {
  test.each([
    // As ESET and maltrail publish them.
    ["- clausdomain.homeunix[.]com:3928", "domain-name clausdomain.homeunix.com"],
    ["- `rammenale[.]com`", "domain-name rammenale.com"],
    ["`162.222.214[.]48`", "ipv4-addr 162.222.214.48"],
    ["harrysucksdick[.]com/API/hpb_gate.php", "url http://harrysucksdick.com/API/hpb_gate.php"],
    ["`+u.piii[.]net+`", "domain-name u.piii.net"],
    ["dl_dir.qq[.]com", "domain-name dl_dir.qq.com"],
    ["- `https://amnestyhk[.]org/ss/mac.js`", "url https://amnestyhk.org/ss/mac.js"],
    [
      "share.printerjobs[.]xyz/id45sdjscj/<VICTIM_ID>",
      "url http://share.printerjobs.xyz/id45sdjscj/%3CVICTIM_ID%3E",
    ],
    [
      "_dc-mx.59fd809352b3.xn--789-pkl3a1luf6d.com",
      "domain-name _dc-mx.59fd809352b3.xn--789-pkl3a1luf6d.com",
    ],
    ["lirıkedin.com", "domain-name xn--lirkedin-vkb.com"],
    ["ortakoporotör.com", "domain-name xn--ortakoporotr-fjb.com"],
    ["xn--viadeparra-u9a.cl/k3yzio.tar", "url http://xn--viadeparra-u9a.cl/k3yzio.tar"],
    ["176.9.47.34|28739", "ipv4-addr 176.9.47.34"],
    // Every way to defang.
    ["hxxps[:]//Evil(.)Example{.}COM/a", "url https://evil.example.com/a"],
    ["hXXp[://]evil[dot]example/", "url http://evil.example/"],
    ["hxxp://evil( dot )example", "url http://evil.example/"],
    ["h**p://evil.example", "url http://evil.example/"],
    ["http[:]//evil.example[/]x", "url http://evil.example/x"],
    ["bad[@]evil[.]example", "email-addr bad@evil.example"],
    ["bad[at]evil[dot]example", "email-addr bad@evil.example"],
    ["2001[:]db8[:]0[:]0[:]0[:]0[:]0[:]1", "ipv6-addr 2001:db8::1"],
    ["<http://evil.example>", "url http://evil.example/"],
    ["“evil.example”,", "domain-name evil.example"],
    ["e\u200bvil\u00ad.exam\ufeffple", "domain-name evil.example"],
    // Japanese input.
    ["ｈｔｔｐｓ：／／ｅｖｉｌ．ｅｘａｍｐｌｅ／ａ", "url https://evil.example/a"],
    ["evil。example", "domain-name evil.example"],
    ["１９８．５１．１００．７", "ipv4-addr 198.51.100.7"],
    ["198。51。100。7", "ipv4-addr 198.51.100.7"],
    ["「日本語.jp」", "domain-name xn--wgv71a119e.jp"],
    [
      "https://日本語。jp/パス?q=値",
      "url https://xn--wgv71a119e.jp/%E3%83%91%E3%82%B9?q=%E5%80%A4",
    ],
    // Names.
    ["EVIL.Example.", "domain-name evil.example"],
    ["evil.example:8443", "domain-name evil.example"],
    ["Straße.example", "domain-name xn--strae-oqa.example"],
    // Addresses.
    ["198.51.100.7:8080", "ipv4-addr 198.51.100.7"],
    ["198.51.100.7/24", "ipv4-addr 198.51.100.0/24"],
    ["198.51.100.7/32", "ipv4-addr 198.51.100.7"],
    ["0.0.0.0/0", "ipv4-addr 0.0.0.0/0"],
    ["2001:0DB8:0:0:1:0:0:1", "ipv6-addr 2001:db8::1:0:0:1"],
    ["2001:db8:0:1:1:1:1:1", "ipv6-addr 2001:db8:0:1:1:1:1:1"],
    ["::", "ipv6-addr ::"],
    ["::FFFF:C633:6407", "ipv6-addr ::ffff:198.51.100.7"],
    ["0:0:0:0:0:ffff:198.51.100.7", "ipv6-addr ::ffff:198.51.100.7"],
    ["64:ff9b::198.51.100.7", "ipv6-addr 64:ff9b::c633:6407"],
    ["[2001:db8::1]:443", "ipv6-addr 2001:db8::1"],
    ["[2001:db8::1]", "ipv6-addr 2001:db8::1"],
    ["fe80::1%eth0", "ipv6-addr fe80::1"],
    ["2001:db8:1:2:3::/48", "ipv6-addr 2001:db8:1::/48"],
    ["2001:db8::1/128", "ipv6-addr 2001:db8::1"],
    // URLs.
    ["HTTP://Evil.Example:80", "url http://evil.example/"],
    ["https://evil.example:443/a/../b/./c", "url https://evil.example/b/c"],
    ["https://evil.example:8443/%7euser/%2e%2e/%c3%a9", "url https://evil.example:8443/%C3%A9"],
    ["http://evil.example/100%", "url http://evil.example/100%25"],
    ["http://evil.example/?b=2&a=1#", "url http://evil.example/?b=2&a=1"],
    ["https://files.example/#!abc!KEY", "url https://files.example/#!abc!KEY"],
    ["http://user:pw@evil.example/", "url http://user:pw@evil.example/"],
    ["http://[2001:DB8::0001]:8080/x", "url http://[2001:db8::1]:8080/x"],
    ["tcp://198.51.100.7:4444", "url tcp://198.51.100.7:4444/"],
    ["198.51.100.7/gate", "url http://198.51.100.7/gate"],
    ["evil.example/2024", "url http://evil.example/2024"],
    // Hashes and the rest.
    ["D41D8CD98F00B204E9800998ECF8427E", "md5 d41d8cd98f00b204e9800998ecf8427e"],
    ["944B69B5E225C7712604EFC289E153210124505C", "sha1 944b69b5e225c7712604efc289e153210124505c"],
    ["e".repeat(64), `sha256 ${"e".repeat(64)}`],
    ["F".repeat(128), `sha512 ${"f".repeat(128)}`],
    ["3:AXGBicFlgVNhBGcL6wCrFQEv:AXGHsNhxLsr2C", "ssdeep 3:AXGBicFlgVNhBGcL6wCrFQEv:AXGHsNhxLsr2C"],
    ["mailto:John.Doe@EVIL.example", "email-addr John.Doe@evil.example"],
    ["D2-FB-49-24-37-18", "mac-addr d2:fb:49:24:37:18"],
    ["d2fb.4924.3718", "mac-addr d2:fb:49:24:37:18"],
    ["HKLM\\SOFTWARE\\Bad\\", "windows-registry-key HKEY_LOCAL_MACHINE\\software\\bad"],
    ["AS015139", "autonomous-system AS15139"],
    ["Final Report.exe", "file-name Final Report.exe"],
    ["invoice[.]pdf", "file-name invoice.pdf"],
    ["Mozilla/5.0 (Windows NT 10.0; Win64)", "user-agent Mozilla/5.0 (Windows NT 10.0; Win64)"],
  ])("%s is %s", (raw, canonical) => expect(read(raw)).toBe(canonical));

  test.each([
    [""],
    ["   "],
    ["hello"],
    ["two words"],
    ["localhost"],
    ["198.51.100"],
    ["256.1.1.1"],
    ["010.0.0.1"],
    ["198.51.100.07"],
    ["198.51.100.7/33"],
    ["198.51.100.7/024"],
    ["198.51.100.7:99999"],
    ["2001:db8:::1"],
    ["1:2:3:4:5:6:7:8:9"],
    ["2001:db8::/129"],
    ["0x7f.1"],
    ["http://0x7f000001/"],
    ["http://010.0.0.1/"],
    ["http://"],
    ["http:///x"],
    ["http://evil.example:99999/"],
    ["*.evil.example"],
    [".evil.example"],
    ["evil..example"],
    [`${"a".repeat(64)}.example`],
    [`${"abcdefgh.".repeat(40)}example`],
    ["d41d8cd98f00b204e9800998ecf8427"],
    ["a@b@"],
    ["@evil.example"],
    ["a@localhost"],
    ["001122334455"],
    ["12:30:45"],
    ["AS4294967296"],
    ["\u0000"],
    [`http://evil.example/${"a".repeat(4096)}`],
  ])("%j is no observable", (raw) => expect(normalizeObservable(raw)).toBeNull());
});

describe("A value of a known type", () => {
  test.each([
    ["ipv4-addr", "203.0.113.33/32", "203.0.113.33"],
    ["domain-name", "evil[.]example", "evil.example"],
    ["domain-name", "localhost", "localhost"],
    ["url", "hxxp://evil.example", "http://evil.example/"],
    ["sha256", "A".repeat(64), "a".repeat(64)],
    ["autonomous-system", "15139", "AS15139"],
    ["mutex", "__CLEANSWEEP__[.]", "__CLEANSWEEP__[.]"],
    ["file-name", "a[.]exe", "a[.]exe"],
    ["windows-registry-key", "hkey_current_user\\Software\\X", "HKEY_CURRENT_USER\\software\\x"],
  ])("%s %s is %s", (type, value, canonical) =>
    expect(normalizeTyped(type, value)).toEqual({ type, value: canonical }),
  );

  test.each([
    ["ipv4-addr", "2001:db8::1"],
    ["ipv6-addr", "198.51.100.7"],
    ["md5", "f00"],
    ["url", "evil.example"],
    ["email-addr", "evil.example"],
    ["x-unknown", "a"],
    ["constructor", "a"],
    ["mutex", "a".repeat(4097)],
    ["mutex", " "],
  ])("%s %s is refused", (type, value) => expect(normalizeTyped(type, value)).toBeNull());
});

const label = fc.stringMatching(/^[a-z]{3,12}$/);
const name = fc.tuple(label, label).map(([a, b]) => `${a}.${b}x`);
const value = fc.oneof(
  name,
  fc.ipV4(),
  fc.ipV6(),
  fc.webUrl({ withFragments: true, withQueryParameters: true }),
  fc.tuple(label, name).map(([local, domain]) => `${local}@${domain}`),
  fc.stringMatching(/^[0-9A-F]{64}$/),
);
const broken = fc.oneof(
  fc.string({ unit: "binary", maxLength: 60 }),
  fc
    .array(
      fc.constantFrom(
        "[",
        "]",
        ".",
        "(",
        "dot",
        ")",
        "{",
        "}",
        "%",
        "2",
        "e",
        "5",
        "hxxp://",
        "a",
        "x.com",
        "/",
        "#",
        "?",
        ":",
        "@",
        ",",
        ";",
        "\\",
        "-",
        " ",
        "。",
        "é",
        "HKLM\\",
        ".exe",
        "|",
        "'",
      ),
      { maxLength: 25 },
    )
    .map((parts) => parts.join("")),
);

describe("Normalising", () => {
  test("changes nothing the second time", () => {
    fc.assert(
      fc.property(fc.oneof(value, broken), (raw) => {
        const once = normalizeObservable(raw);
        if (once === null) return;
        expect(normalizeObservable(once.value)).toEqual(once);
        expect(normalizeTyped(once.type, once.value)).toEqual(once);
      }),
      { numRuns: 3000, seed: 7 },
    );
  });

  test("says of what is canonical at one look what the long way says: a space before it needs the long way", () => {
    const path = fc
      .array(
        fc.constantFrom("/", "a", "Z", "0", ".", "~", "-", "_", "?", "=", "&", "#", "%41", "//"),
      )
      .map((parts) => `/${parts.join("")}`);
    const host = fc.oneof(
      name,
      fc.constantFrom("dead.beef.cafe", "a.exe", "a.xn--a", "a.1", "-.a"),
    );
    const machine = fc.oneof(
      value,
      host,
      fc
        .tuple(fc.constantFrom("http", "https", "ftp", "HTTP"), host, path)
        .map(([s, h, p]) => `${s}://${h}${p}`),
      fc
        .array(fc.nat({ max: 300 }), { minLength: 3, maxLength: 5 })
        .map((octets) => octets.join(".")),
      fc.stringMatching(/^[0-9a-f]{32,64}$/),
    );
    fc.assert(
      fc.property(machine, (raw) => {
        expect(normalizeObservable(raw)).toEqual(normalizeObservable(` ${raw}`));
      }),
      { numRuns: 5000, seed: 7 },
    );
  });

  test("gives the same for a value and its defanged form", () => {
    fc.assert(
      fc.property(
        value,
        fc.constantFrom("[.]", "(.)", "{.}", "[dot]", "(dot)"),
        fc.boolean(),
        (raw, dot, quoted) => {
          const [host = "", ...rest] = raw.split(/(?<=[^/:]\/)/);
          const defanged = [host.replaceAll(".", dot), ...rest]
            .join("")
            .replace(/^http/, "hxxp")
            .replace("@", "[@]");
          expect(normalizeObservable(quoted ? `"${defanged}"` : defanged)).toEqual(
            normalizeObservable(raw),
          );
        },
      ),
      { numRuns: 1000, seed: 7 },
    );
  });

  test("takes its time from the length alone, whatever the value", () => {
    const units = [
      "[",
      ".",
      " ",
      "a.",
      "0.",
      "\\",
      "http://",
      "%",
      "%25",
      "[.]",
      "((",
      "a@",
      ":",
      "1:",
      "/..",
      "'",
      "xn--",
      "é",
      "\u200b",
      "- ",
    ];
    const hostile = units.flatMap((unit) => [
      unit.repeat(4096 / unit.length),
      `http://a.example/${unit.repeat(4000 / unit.length)}`,
    ]);
    const start = performance.now();
    for (const raw of hostile) normalizeObservable(raw);
    expect((performance.now() - start) / hostile.length).toBeLessThan(50);
  });
});
