/** Whether a group's members learn who the other members are. */
export enum Roster {
  OPEN = "OPEN",
  HIDDEN = "HIDDEN",
}
