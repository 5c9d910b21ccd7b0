import { CloseCode } from "graphql-ws";
import type { WebSocket } from "ws";

/** Whoever has not answered a close by then is not waited for. */
export const CLOSE_MS = 2_000;

/** What a socket is closed with: the code and the reason tell its client what to do. */
export const CLOSED = {
  /** Come back, at another node or in a moment, with the last cursor. */
  resume: { code: 1001, reason: "RESUME: the hub restarts; come back with your cursor" },
  /** As `resume`; it read too slowly. */
  slow: { code: 1013, reason: "TOO_SLOW: read faster; come back with your cursor" },
  idle: { code: 4408, reason: "IDLE: no subscription" },
  unauthenticated: { code: CloseCode.Forbidden, reason: "UNAUTHENTICATED" },
  limited: { code: 4429, reason: "RATE_LIMITED: too many connections of one key; slow down" },
} as const;

export const close = (
  socket: WebSocket,
  { code, reason }: { code: number; reason: string },
): void => socket.close(code, reason);
