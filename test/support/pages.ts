import type { Arguments, Client } from "./client";

interface Page {
  nodes: { id: string }[];
  edges: { cursor: string; node: { id: string } }[];
  pageInfo: {
    hasNextPage: boolean;
    hasPreviousPage: boolean;
    startCursor: string | null;
    endCursor: string | null;
  };
  totalCount: number;
}

const PAGE = `nodes { id } edges { cursor node { id } } totalCount
  pageInfo { hasNextPage hasPreviousPage startCursor endCursor }`;

export const pageOf = (client: Client, field: string, args: Arguments = {}): Promise<Page> =>
  client.ask<Page>(field, args, PAGE);

/**
 * Walks all pages of a list and returns the ids in order. Throws where a page contradicts itself.
 * @param between called after each page but the last
 */
export async function walk(
  client: Client,
  field: string,
  args: Arguments,
  between: () => Promise<void> = async () => undefined,
): Promise<string[]> {
  const ids: string[] = [];
  for (let after: string | null = null; ;) {
    const page: Page = await pageOf(client, field, { ...args, after });
    const { edges, nodes, pageInfo } = page;
    expect(edges.map((e) => e.node.id)).toEqual(nodes.map((n) => n.id));
    expect(pageInfo.startCursor).toBe(edges[0]?.cursor ?? null);
    expect(pageInfo.endCursor).toBe(edges.at(-1)?.cursor ?? null);
    expect(pageInfo.hasPreviousPage).toBe(after !== null);
    ids.push(...nodes.map((n) => n.id));
    if (!pageInfo.hasNextPage) return ids;
    expect(nodes).toHaveLength(Number(args.first));
    after = pageInfo.endCursor;
    await between();
  }
}
