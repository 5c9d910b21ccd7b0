import { type ClassType, Field, Int, ObjectType } from "type-graphql";
import type { ItemView } from "./sharing/disclosure";
import type { Page, PageOf, Reader } from "./sharing/reader";

@ObjectType()
export class PageInfo {
  @Field(() => Boolean) hasNextPage!: boolean;
  @Field(() => Boolean) hasPreviousPage!: boolean;
  @Field(() => String, { nullable: true }) startCursor!: string | null;
  @Field(() => String, { nullable: true }) endCursor!: string | null;
}

/** A page of items as a connection: the page, its cursors and the count are each read only when they are asked for. */
export class ItemConnection {
  private asked: Promise<Page> | null = null;

  /** Throws BAD_USER_INPUT for a page that cannot be. */
  constructor(
    private readonly reader: Reader,
    private readonly of: PageOf,
  ) {
    reader.check(of);
  }

  get nodes(): Promise<ItemView[]> {
    return this.page().then((page) => page.views);
  }

  get edges(): Promise<object[]> {
    return this.page().then((page) =>
      page.views.map((node) => ({ node, cursor: this.reader.cursorOf(node) })),
    );
  }

  get pageInfo(): Promise<PageInfo> {
    return this.page().then(({ views, hasNextPage, hasPreviousPage }) => {
      const [first] = views;
      const last = views.at(-1);
      return {
        hasNextPage,
        hasPreviousPage,
        startCursor: first ? this.reader.cursorOf(first) : null,
        endCursor: last ? this.reader.cursorOf(last) : null,
      };
    });
  }

  get totalCount(): Promise<number> {
    return this.reader.count(this.of.where);
  }

  private page(): Promise<Page> {
    return (this.asked ??= this.reader.page(this.of));
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
