import { once } from "node:events";
import { connect } from "node:http2";
import type { LookupFunction } from "node:net";
import type { Duplex } from "node:stream";
import { WebSocket } from "ws";

export type WebSocketOptions = {
  /** PEM of the root that the server's certificate goes back to. */
  ca: string;
  lookup?: LookupFunction;
  signal?: AbortSignal;
};

/** What `ws` calls at the end of its own handshake, which is that of HTTP/1.1. */
type Handover = {
  _isServer: boolean;
  setSocket: (stream: Duplex, head: Buffer, options: { maxPayload: number }) => void;
};

const maxMessageBytes = 1_048_576;
/** How long the server may take to answer a close frame. */
const closeTimeoutMs = 30_000;

/**
 * Opens a WebSocket on a stream of HTTP/2, as a browser does where the server lets it: the server's settings say so,
 * and an extended CONNECT takes the place of the upgrade (RFC 8441). `url` is wss:. The socket is paused: resume it
 * when its listeners are there. Rejects when the server does not offer it, or answers with another status than 200.
 */
export async function openHttp2WebSocket(url: string, options: WebSocketOptions): Promise<WebSocket> {
  const { protocol, host, pathname, search } = new URL(url);
  if (protocol !== "wss:") throw new Error(`a WebSocket over HTTP/2 is asked for with wss:, not with ${url}`);
  const { signal, ...tls } = options;
  const session = connect(`https://${host}`, tls);
  try {
    await once(session, "remoteSettings", { signal });
    if (!session.remoteSettings.enableConnectProtocol)
      throw new Error(`${host} does not offer WebSocket over HTTP/2`);
    const stream = session.request(
      {
        ":method": "CONNECT",
        ":protocol": "websocket",
        ":scheme": "https",
        ":authority": host,
        ":path": `${pathname}${search}`,
        "sec-websocket-version": "13",
      },
      { signal, endStream: false },
    );
    const [headers] = (await once(stream, "response")) as [{ ":status": number }];
    if (headers[":status"] !== 200) throw new Error(`${url} answered ${headers[":status"]}`);
    stream.once("close", () => session.close());
    return takeOver(stream);
  } catch (error) {
    session.destroy();
    throw error;
  }
}

function takeOver(stream: Duplex): WebSocket {
  // The types leave out that `null` is a socket without a handshake, and the newest options.
  const options: object = { autoPong: true, closeTimeout: closeTimeoutMs };
  const socket = new WebSocket(null as unknown as string, undefined, options);
  const handover = socket as unknown as Handover;
  handover._isServer = false;
  handover.setSocket(stream, Buffer.alloc(0), { maxPayload: maxMessageBytes });
  socket.pause();
  return socket;
}
