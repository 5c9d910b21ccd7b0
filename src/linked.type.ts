import { badInput } from "./errors";
import { PageInfo } from "./page.type";
import type { ItemView } from "./sharing/disclosure";
import type { Reader } from "./sharing/reader";

/** A page of the visible items that another one links to; there are at most 1,000 of them. */
export class LinkedConnection {
  readonly nodes: ItemView[];
  private readonly start: number;

  constructor(
    private readonly all: readonly ItemView[],
    private readonly reader: Reader,
    first: number,
    private readonly after: string | null,
  ) {
    if (first < 1 || first > 100) throw badInput("first", "must be from 1 to 100");
    this.start = after === null ? 0 : this.positionAfter(after);
    this.nodes = all.slice(this.start, this.start + first);
  }

  get edges(): object[] {
    return this.nodes.map((node) => ({ node, cursor: this.reader.cursorOf(node) }));
  }

  get pageInfo(): PageInfo {
    const [first] = this.nodes;
    const last = this.nodes.at(-1);
    return {
      hasNextPage: this.start + this.nodes.length < this.all.length,
      hasPreviousPage: this.after !== null,
      startCursor: first ? this.reader.cursorOf(first) : null,
      endCursor: last ? this.reader.cursorOf(last) : null,
    };
  }

  get totalCount(): number {
    return this.all.length;
  }

  private positionAfter(cursor: string): number {
    const at = this.reader.position(cursor);
    const before = (v: ItemView): boolean =>
      v.updatedAt.getTime() > at.at || (v.updatedAt.getTime() === at.at && v.uuid >= at.id);
    return this.all.filter(before).length;
  }
}
