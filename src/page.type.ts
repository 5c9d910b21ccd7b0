import { type ClassType, Field, Int, ObjectType } from "type-graphql";
import type { ItemView } from "./sharing/disclosure";
import type { Page, Reader, Where } from "./sharing/reader";

@ObjectType()
export class PageInfo {
  @Field(() => Boolean) hasNextPage!: boolean;
  @Field(() => Boolean) hasPreviousPage!: boolean;
  @Field(() => String, { nullable: true }) startCursor!: string | null;
  @Field(() => String, { nullable: true }) endCursor!: string | null;
}

/** A page of items as a connection: cursors and the count are made only when they are asked for. */
export class ItemConnection {
  constructor(
    private readonly page: Page,
    private readonly reader: Reader,
    private readonly where: Where | null,
  ) {}

  get nodes(): ItemView[] {
    return this.page.views;
  }

  get edges(): object[] {
    return this.page.views.map((node) => ({ node, cursor: this.reader.cursorOf(node) }));
  }

  get pageInfo(): PageInfo {
    const [first] = this.page.views;
    const last = this.page.views.at(-1);
    return {
      hasNextPage: this.page.hasNextPage,
      hasPreviousPage: this.page.hasPreviousPage,
      startCursor: first ? this.reader.cursorOf(first) : null,
      endCursor: last ? this.reader.cursorOf(last) : null,
    };
  }

  get totalCount(): Promise<number> {
    return this.reader.count(this.where);
  }
}

/** The connection type of an item type, with its edge type. */
export function connectionOf<T extends object>(type: ClassType<T>, name: string): ClassType {
  @ObjectType(`${name}Edge`)
  class Edge {
    @Field(() => String) cursor!: string;
    @Field(() => type) node!: T;
  }
  @ObjectType(`${name}Connection`)
  class Connection {
    @Field(() => [Edge]) edges!: Edge[];
    @Field(() => [type]) nodes!: T[];
    @Field(() => PageInfo) pageInfo!: PageInfo;
    @Field(() => Int, { description: "Of those that this viewer may see." }) totalCount!: number;
  }
  return Connection;
}
