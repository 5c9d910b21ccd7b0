import { Field, ID, InterfaceType } from "type-graphql";

@InterfaceType({
  description: "Anything with a global id.",
  resolveType: (value: object) =>
    "shownSource" in value ? itemType(value as never) : value.constructor.name,
})
export abstract class Node {
  @Field(() => ID, { description: "Opaque, globally unique, and in no order." })
  abstract readonly id: string;
}

/** The GraphQL type of a disclosed item, by its kind. */
export const itemType = ({ kind }: { kind: string }): string =>
  `${kind.charAt(0)}${kind.slice(1).toLowerCase()}`;
