import fc from "fast-check";
import { normalized } from "../../src/observable/normalized";

const MARKS = fc.constantFrom("\u0301", "\u0316", "\u3099", "\uff9e", "\u0344");

test("a text is as Unicode normalizes it, unless more marks stand together than any language writes", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: "grapheme" }),
      fc.array(MARKS, { maxLength: 29 }),
      (text, marks) => {
        const written = `a${marks.join("")}\n${text}`;
        for (const form of ["NFC", "NFKC"] as const)
          expect(normalized(written, form)).toBe(written.normalize(form));
      },
    ),
  );
});

test("what was normalized once stays as it is", () => {
  fc.assert(
    fc.property(fc.array(MARKS, { maxLength: 200 }), (marks) => {
      const once = normalized(`ｶ${marks.join("")}`, "NFKC");
      expect(normalized(once, "NFKC")).toBe(once);
    }),
  );
});

test.each(["\u0301\u0316", "\u0301\uff9e", "\u0316\u0344"])(
  "100,000 marks in the worst order (%j) take no longer than others",
  (marks) => {
    const start = performance.now();
    normalized(`a${marks.repeat(50_000)}`, "NFKC");
    expect(performance.now() - start).toBeLessThan(1_000);
  },
);
