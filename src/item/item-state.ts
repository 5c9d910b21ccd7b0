import { registerEnumType } from "type-graphql";

export enum ItemState {
  DRAFT = "DRAFT",
  SUBMITTED = "SUBMITTED",
  IN_ANALYSIS = "IN_ANALYSIS",
  RELEASED = "RELEASED",
  CLOSED = "CLOSED",
}
registerEnumType(ItemState, { name: "ItemState" });
