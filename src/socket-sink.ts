import type { Socket } from "node:net";
import type { WebSocket } from "ws";
import type { Sink } from "./alert/audience-class";
import { MOST_WAITING, untilFewWait } from "./back-pressure";
import { close, CLOSE_MS, CLOSED } from "./close-codes";
import type { HubError } from "./errors";

/** One subscription of a socket. What goes to many is framed, but neither executed nor serialised, for each. */
export class SocketSink implements Sink {
  private readonly head: Buffer;

  constructor(
    private readonly socket: WebSocket,
    private readonly connection: Socket,
    id: string,
    private readonly ended: (error: HubError) => void,
  ) {
    this.head = Buffer.from(`{"id":${JSON.stringify(id)},"type":"next","payload":`);
  }

  send(answer: Buffer): void {
    const { socket, connection, head } = this;
    if (socket.readyState !== socket.OPEN) return;
    // What the hub itself holds back is not what the client does not read.
    if (socket.bufferedAmount > MOST_WAITING) writeOut(this.connection);
    if (socket.bufferedAmount > MOST_WAITING) {
      close(socket, CLOSED.slow);
      // Its close frame stands behind all that it does not read.
      setTimeout(() => socket.terminate(), CLOSE_MS).unref();
      return;
    }
    holdBack(connection);
    connection.write(framed(head, answer.length + TAIL.length));
    connection.write(answer);
    connection.write(TAIL);
  }

  end(error: HubError): void {
    if (error.code === "UNAUTHENTICATED") close(this.socket, CLOSED.unauthenticated);
    else this.ended(error);
  }

  ready(): Promise<void> {
    const { socket } = this;
    return untilFewWait(() => (socket.readyState === socket.OPEN ? socket.bufferedAmount : 0));
  }
}
const TAIL = Buffer.from("}");

/**
 * The beginning of a text frame (RFC 6455, 5.2): its header and the first bytes of what it carries.
 * WHY by hand: what goes to many is then one buffer for all of them, also while it waits for those that read slowly. Nothing
 * stands between the library and the connection, as nothing is compressed.
 * @param further bytes that follow
 */
function framed(head: Buffer, further: number): Buffer {
  const length = head.length + further;
  const frame = Buffer.allocUnsafe(10 + head.length);
  frame[0] = FINAL_TEXT;
  let at = 2;
  if (length < 126) frame[1] = length;
  else if (length < 65_536) {
    frame[1] = 126;
    at = frame.writeUInt16BE(length, 2);
  } else {
    frame[1] = 127;
    at = frame.writeBigUInt64BE(BigInt(length), 2);
  }
  head.copy(frame, at);
  return frame.subarray(0, at + head.length);
}
const FINAL_TEXT = 0x81;

/**
 * Until the end of the turn what is written to a connection waits.
 * WHY: several alerts of one turn leave together, and all connections are written to without a pause: each write wakes its
 * reader up, which costs most where other work comes between.
 */
function holdBack(connection: Socket): void {
  if (heldBack.has(connection)) return;
  if (heldBack.size === MOST_HELD_BACK) letGo();
  if (!heldBack.size) setImmediate(letGo);
  heldBack.add(connection);
  connection.cork();
}
const heldBack = new Set<Socket>();
/** WHY no more: what thousands of connections hold back outlives its turn in memory, and costs more than it saves. */
const MOST_HELD_BACK = 256;
function writeOut(connection: Socket): void {
  if (heldBack.delete(connection)) connection.uncork();
}
function letGo(): void {
  for (const connection of heldBack) connection.uncork();
  heldBack.clear();
}
