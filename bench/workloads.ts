import { type BenchViewer, indicatorUuid, isVisible, observableOf } from "./world";

/** One question, asked of both servers. */
export interface Workload {
  name: string;
  /** Throughput in relation to the floor: what must be, and what is aimed at. */
  least: number;
  goal: number;
  connections?: number;
  floorPath: string;
  /** What varies between requests, drawn from a world of this many indicators, for a member; both servers get the same. */
  draw(rows: number, viewer: BenchViewer): Ask[];
  /** The ids (or the number) in an answer's `data`, by which both are compared. */
  ids(data: never): unknown;
}

interface Ask {
  floor: object;
  hub: { query: string; variables: object };
}

interface Found {
  id: string;
}
type LookupData = { indicators: Found[] }[];

const INDICATOR = `id stixId tlp pap createdAt updatedAt name pattern validFrom validUntil confidence labels source { attribution }`;
const LIST = `query List($first: Int) { indicators(first: $first) { nodes { ${INDICATOR} } pageInfo { hasNextPage endCursor } } }`;
const NODE = `query One($id: ID!) { node(id: $id) { ... on Indicator { ${INDICATOR} } } }`;
const LOOKUP = `query Lookup($values: [String!]!) { lookup(values: $values) { value normalized type indicators {
  id stixId tlp name pattern confidence validUntil labels source { attribution organization { name } } } } }`;
const COUNT = `{ indicators(first: 1) { totalCount } }`;

const page = (first: number): Omit<Workload, "least" | "goal"> => ({
  name: `list, first ${first}`,
  floorPath: "/indicators",
  draw: () => [{ floor: { first }, hub: { query: LIST, variables: { first } } }],
  ids: (data: { indicators: { nodes: Found[] } } | { nodes: Found[] }) =>
    ("indicators" in data ? data.indicators : data).nodes.map((n) => n.id),
});

const lookup = (size: number): Omit<Workload, "least" | "goal"> => ({
  name: `lookup of ${size.toLocaleString("en")}`,
  floorPath: "/lookup",
  draw: (rows, viewer) =>
    Array.from({ length: size === 1 ? 2_000 : 20 }, () => {
      const values = Array.from(
        { length: size },
        () =>
          // One value: one that is found. Many: as they come, of which the member sees a part.
          observableOf(size === 1 ? randomVisible(rows, viewer) : randomBelow(rows)).value,
      );
      return { floor: { values }, hub: { query: LOOKUP, variables: { values } } };
    }),
  ids: (data: { lookup: LookupData } | LookupData) =>
    ("lookup" in data ? data.lookup : data).map((r) => r.indicators.map((i) => i.id).toSorted()),
});

export const WORKLOADS: readonly Workload[] = [
  { ...lookup(1), least: 0.45, goal: 0.65 },
  { ...page(100), least: 0.35, goal: 0.6 },
  { ...page(20), least: 0.35, goal: 0.6 },
  {
    name: "node",
    least: 0.45,
    goal: 0.65,
    floorPath: "/node",
    draw: (rows, viewer) =>
      Array.from({ length: 2_000 }, () => {
        const id = `indicator_${indicatorUuid(randomVisible(rows, viewer))}`;
        return { floor: { id }, hub: { query: NODE, variables: { id } } };
      }),
    ids: (data: { node: Found } | Found) => ("node" in data ? data.node : data).id,
  },
  { ...lookup(100), least: 0.5, goal: 0.8, connections: 4 },
  { ...lookup(10_000), least: 0.5, goal: 0.8, connections: 2 },
  {
    name: "totalCount",
    least: 0.8,
    goal: 0.95,
    connections: 4,
    floorPath: "/count",
    draw: () => [{ floor: {}, hub: { query: COUNT, variables: {} } }],
    ids: (data: { indicators: { totalCount: number } } | { totalCount: number }) =>
      ("indicators" in data ? data.indicators : data).totalCount,
  },
];

/** The questions whose plans are worth a look: one of each workload, and lists by filter. */
export const PLANNED = (
  rows: number,
  viewer: BenchViewer,
): { name: string; question: object }[] => [
  ...WORKLOADS.map((w) => ({ name: w.name, question: w.draw(rows, viewer)[0]?.hub ?? {} })),
  ...[
    { labels: ["campaign-3"] },
    { value: observableOf(randomVisible(rows, viewer)).value },
    { text: "payload" },
    { tlp: ["AMBER"] },
  ].map((filter) => ({
    name: `filtered list ${JSON.stringify(filter)}`,
    question: {
      query: LIST.replace("$first: Int", "$first: Int, $filter: IndicatorFilter").replace(
        "first: $first)",
        "first: $first, filter: $filter)",
      ),
      variables: { first: 20, filter },
    },
  })),
];

/** mulberry32: the same questions in every run. */
let state = 0x9e3779b9;
function random(): number {
  state = (state + 0x6d2b79f5) | 0;
  let t = Math.imul(state ^ (state >>> 15), 1 | state);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
}
const randomBelow = (n: number): number => Math.floor(random() * n);

function randomVisible(rows: number, viewer: BenchViewer): number {
  for (;;) {
    const n = randomBelow(rows);
    if (isVisible(n, viewer)) return n;
  }
}
