import type { Problems } from "./errors";

/** Bounds on what clients send; each error names the one that was passed. */
export const MAX_NAME = 200;
export const MAX_TITLE = 500;
export const MAX_TEXT = 100_000;
export const MAX_LIST = 1_000;

/** Whether a text is within 1 (or 0) to `max` characters, is Unicode, and is free of control characters that no text needs. */
export function checkText(
  problems: Problems,
  path: string,
  text: string | null | undefined,
  max: number,
  required = false,
): void {
  if (text === null || text === undefined) {
    if (required) problems.add(path, "is required");
    return;
  }
  if (required && !text.trim()) problems.add(path, "must not be empty");
  if (text.length > max) problems.add(path, `must be at most ${max} characters, is ${text.length}`);
  if (/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/.test(text))
    problems.add(path, "contains control characters");
  // The database holds no half of a surrogate pair: it would be refused there, or replaced.
  if (/[\ud800-\udfff]/u.test(text)) problems.add(path, "contains half of a character");
}

const EMAIL = /^[^\s@<>"]{1,64}@[^\s@<>"]{1,190}$/;

/** Whether a text is one e-mail address of at most 255 characters. */
export const isEmail = (text: string): boolean => EMAIL.test(text);

export function checkList(
  problems: Problems,
  path: string,
  list: readonly (string | null)[] | null | undefined,
  maxLength = MAX_LIST,
  maxText = MAX_NAME,
): void {
  if (!list) return;
  if (list.length > maxLength) {
    problems.add(path, `must have at most ${maxLength} entries, has ${list.length}`);
    return;
  }
  list.forEach((text, i) => checkText(problems, `${path}.${i}`, text, maxText, true));
}
