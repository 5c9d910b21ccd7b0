import fc from "fast-check";

/** An IEP 2.0 policy as JSON. */
export type Policy = Record<string, unknown>;

export const MARK = "urn:musubi:term:";
const AMBER_STRICT = `${MARK}tlpCeiling:AMBER_STRICT`;
const NAMED = `${MARK}attribution:NAMED`;

/** FIRST's own example, with another end. */
export const POLICY: Policy = {
  id: "01bc4353-4829-4d55-8d52-0ab7e0790df9",
  name: "FIRST IEP-SIG TLP-AMBER",
  description: "This is the FIRST IEP-SIG TLP-AMBER Information Exchange Policy.",
  iep_version: 2.0,
  start_date: "2017-01-01T00:00:00Z",
  end_date: null,
  encrypt_in_transit: "may",
  permitted_actions: "externally-visible-direct-actions",
  affected_party_notifications: "may",
  tlp: "amber",
  attribution: "must-not",
  unmodified_resale: "must-not",
  external_references: ["https://www.first.org/tlp", "https://www.first.org/iep"],
};

const text = (maxLength: number) =>
  fc
    .string({ unit: "binary", maxLength, size: "max" })
    .filter((t) => t.length <= maxLength && !/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/.test(t));
const instant = (min: string, max: string) =>
  fc
    .tuple(
      fc.date({ min: new Date(min), max: new Date(max), noInvalidDate: true }),
      fc.constantFrom("Z", ".5Z", ".123456789Z", "+09:00"),
    )
    .map(([date, rest]) => date.toISOString().slice(0, 19) + rest);
const url = fc.oneof(
  fc.webUrl({ withFragments: true, withQueryParameters: true }),
  fc.constantFrom("urn:ietf:rfc:3986", "https://example.jp/%E5%8D%94%E5%AE%9A?v=1#a(b)"),
);

/** The words of an IEP 2.0 policy, all of them, and in all spellings. */
export const policies = fc
  .record(
    {
      id: fc.uuid({ version: [4, 5] }),
      name: text(500).filter((t) => t.trim() !== ""),
      description: text(2_000),
      iep_version: fc.constant(2),
      start_date: fc.option(instant("0001-01-02T00:00:00Z", "2029-12-31T00:00:00Z")),
      end_date: fc.option(instant("2031-01-01T00:00:00Z", "9998-12-31T00:00:00Z")),
      encrypt_in_transit: fc.constantFrom("must", "may"),
      permitted_actions: fc.constantFrom(
        "none",
        "contact-for-instruction",
        "internally-visible-actions",
        "externally-visible-indirect-actions",
        "externally-visible-direct-actions",
      ),
      affected_party_notifications: fc.constantFrom("may", "must-not"),
      tlp: fc.constantFrom("red", "amber", "green", "white"),
      attribution: fc.constantFrom("may", "must", "must-not"),
      unmodified_resale: fc.constantFrom("may", "must-not"),
      external_references: fc.array(url, { maxLength: 5 }),
      external_reference: url,
    },
    { requiredKeys: ["id", "name", "iep_version", "permitted_actions", "tlp", "attribution"] },
  )
  .chain((policy: Policy) => {
    const marks = [
      ...(policy.tlp === "red" ? [AMBER_STRICT] : []),
      ...(policy.attribution === "may" ? [NAMED] : []),
    ];
    return fc.subarray(marks).map((some) =>
      some.length
        ? {
            ...policy,
            external_references: [...((policy.external_references as string[]) ?? []), ...some],
          }
        : policy,
    );
  });

/** What the hub says where a policy leaves something open. */
const STRICTEST: Policy = {
  start_date: null,
  end_date: null,
  encrypt_in_transit: "must",
  affected_party_notifications: "must-not",
  unmodified_resale: "must-not",
  external_references: [],
};

/** The policy that comes out where one went in: the same, with what it left open said as strictly as can be. */
export const whole = (policy: Policy): Policy => ({
  description: expect.stringMatching(/^Version \d+ of the sharing agreement from /),
  ...STRICTEST,
  ...policy,
});

/** From the widest to the narrowest reading: by the words alone, written down a second time. */
export const READINGS = {
  tlp: {
    white: "CLEAR",
    green: "GREEN",
    amber: "AMBER",
    "amber+strict": "AMBER_STRICT",
    red: "RED",
  },
  permitted_actions: {
    "externally-visible-direct-actions": "CLEAR",
    "externally-visible-indirect-actions": "GREEN",
    "internally-visible-actions": "AMBER",
    "contact-for-instruction": "RED",
    none: "RED",
  },
  attribution: { "must-not": "ANONYMOUS", may: "SECTOR_ONLY", must: "NAMED" },
} as const;
