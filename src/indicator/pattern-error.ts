/** A pattern that is refused. The message names the place and at most one word of the pattern. */
export class PatternError extends Error {
  constructor(
    /** Without the place: "unexpected ']'". */
    readonly reason: string,
    /** 0-based offset into the pattern, in UTF-16 units. */
    readonly position: number,
  ) {
    super(`${reason} at position ${position}`);
    this.name = "PatternError";
  }
}
