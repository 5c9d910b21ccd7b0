import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { formatNetwork, parseNetwork } from "../../src/observable/ip-address";
import { normalizeObservable } from "../../src/observable/observable";
import { warningsFor } from "../../src/indicator/warninglist";
import { matcherOf } from "../../src/indicator/warninglist-matcher";
import { projectRoot } from "../../src/project-root";

const folder = join(projectRoot, "src/indicator/warninglists");

const on = (raw: string): string[] => {
  const observable = normalizeObservable(raw);
  return observable ? warningsFor(observable).map(({ list }) => list) : [];
};

describe("A warning is given", () => {
  // Verdicts of PyMISPWarningLists over the lists that are shipped here.
  test.each([
    ["8.8.8.8", ["public-dns-v4"]],
    ["192.168.1.5", ["rfc1918", "rfc5735"]],
    ["172.32.0.1", []],
    ["100.64.1.56", ["rfc6598"]],
    ["fe80::1", ["ipv6-linklocal"]],
    ["2001:db8::1", ["rfc3849"]],
    ["2001:4860:4860::8888", []],
    ["69.31.122.88", ["akamai"]],
    ["69.31.123.0", []],
    ["182.51.204.0", []],
    ["2a05:d073:c000::1b", ["amazon-aws"]],
    ["2a05:d073:c100::", []],
    ["d41d8cd98f00b204e9800998ecf8427e", ["common-ioc-false-positive"]],
    ["765dceb9a8c8ff4318e3ccaf7dbb9b05c0a53a819d24a50714aebe6c", ["eicar.com"]],
    ["a.b.mangadex.org", ["alexa"]],
    ["xmangadex.org", []],
    ["a.b.wtools.io", ["lots-project"]],
    ["ondigitalocean.app", ["cloudflare-top10k", "second-level-tlds"]],
    ["a.b.ondigitalocean.app", ["lots-project"]],
    ["notgoogle.com", []],
    ["google.com.evil.test", []],
    ["outlook.com", ["cisco_top1000", "cloudflare-top10k", "microsoft", "microsoft-office365"]],
  ])("as PyMISP gives it: %s", (raw, lists) => expect(on(raw)).toEqual(lists));

  // Where PyMISP is silent, by its habit of comparing the text as it stands.
  test.each([
    ["GOOGLE[.]COM", "google"],
    ["google.com.", "google"],
    ["D41D8CD98F00B204E9800998ECF8427E", "common-ioc-false-positive"],
    ["::ffff:8.8.8.8", "public-dns-v4"],
    ["8.8.8.0/24", "public-dns-v4"],
    ["www.google.ad", "google"],
    ["http://192.168.1.5:8080/x", "rfc1918"],
    ["https://www.google.com/x", "google"],
    ["abuse@example.com", "common-contact-emails"],
    ["https://portal.docdeliveryapp.com/login", "microsoft-attack-simulator"],
  ])("also for %s", (raw, list) => expect(on(raw)).toContain(list));

  test("without telling the value", () => {
    const [warning] = warningsFor({ type: "ipv4-addr", value: "8.8.8.8" });
    expect(warning).toEqual({
      list: "public-dns-v4",
      message:
        "Often an indicator by mistake: “List of known IPv4 public DNS resolvers” (MISP warninglist).",
    });
  });

  test("never for a type of which no list speaks", () => {
    expect(warningsFor({ type: "mutex", value: "google.com" })).toEqual([]);
    expect(warningsFor({ type: "file-name", value: "google.com" })).toEqual([]);
  });
});

describe("The matchers", () => {
  const network = fc
    .oneof(
      fc
        .tuple(fc.nat(255), fc.integer({ min: 20, max: 32 }))
        .map(([a, p]) => `10.0.${a}.${a}/${p}`),
      fc.nat(64).map((a) => `2001:db8::${a.toString(16)}/${100 + (a % 29)}`),
    )
    .map((text) => formatNetwork(parseNetwork(text)!));

  test("find a block exactly where one of the entries shares an address with it", () => {
    fc.assert(
      fc.property(fc.array(network, { maxLength: 20 }), network, (list, value) => {
        const asked = parseNetwork(value)!;
        const shared = list.some((entry) => {
          const block = parseNetwork(entry)!;
          return (
            block.version === asked.version &&
            block.first <= asked.last &&
            asked.first <= block.last
          );
        });
        expect(matcherOf({ name: "", type: "cidr", list })(value)).toBe(shared);
      }),
      { numRuns: 1000, seed: 7 },
    );
  });

  test.each([
    ["string", ["A.example"], "a.example", true],
    ["string", ["a.example"], "b.a.example", false],
    ["hostname", ["a.example"], "b.a.example", true],
    ["hostname", ["a.example"], "ba.example", false],
    ["hostname", [".a.example"], "a.example", false],
    ["substring", ["bad"], "not-so-BAD.example", true],
    ["regex", ["/^x\\d+$/i"], "X12", true],
    ["cidr", ["FE80::/10"], "febf::1", true],
    ["cidr", ["no network"], "198.51.100.7", false],
  ] as const)("read a list of %s %j: %s %s", (type, list, value, expected) =>
    expect(matcherOf({ name: "", type, list: [...list] })(value)).toBe(expected),
  );

  test("answer ten thousand questions in the time of a request", () => {
    on("8.8.8.8");
    const start = performance.now();
    for (let i = 0; i < 10_000; i++)
      warningsFor({ type: "domain-name", value: `a${i}.b.c.example` });
    expect(performance.now() - start).toBeLessThan(2000);
  });
});

test("The shipped lists are named in their README and stay small", () => {
  const files = readdirSync(folder).filter((file) => file.includes(".json"));
  const readme = readFileSync(join(folder, "README.md"), "utf8");
  expect(files.filter((file) => !readme.includes(`| ${file} |`))).toEqual([]);
  expect(files.reduce((bytes, file) => bytes + statSync(join(folder, file)).size, 0)).toBeLessThan(
    1_500_000,
  );
});
