import { createHash, randomBytes } from "node:crypto";
import type { RequestHead } from "../message/index.ts";

/**
 * The handshake of RFC 6455 section 4 where one side speaks HTTP/2: RFC 8441 section 5 has no key and no accept, so
 * Heddle makes and checks them towards HTTP/1.1.
 */
const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

export function websocketAccept(key: string): string {
  return createHash("sha1").update(`${key}${GUID}`, "latin1").digest("base64");
}

/** A copy of the head with a key of its own. */
export function withWebsocketKey(head: RequestHead): { head: RequestHead; key: string } {
  const copy = head.clone();
  const key = randomBytes(16).toString("base64");
  copy.fields.set("sec-websocket-key", key);
  return { head: copy, key };
}

/** A copy of the head without what only HTTP/1.1 has. */
export function withoutWebsocketKey(head: RequestHead): RequestHead {
  const copy = head.clone();
  copy.fields.delete("sec-websocket-key");
  return copy;
}
