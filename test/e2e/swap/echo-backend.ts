// A backend in a process of its own: echoes messages of WebSockets, answers 200 to all else, on any loopback address.
// Prints its port, and ends with its standard input.
import { createHash } from "node:crypto";
import net from "node:net";
import { readTextFrame, textFrame } from "./web-socket.ts";

/** RFC 6455 section 1.3. */
const ACCEPT_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

function answer(head: string): { octets: string; isWebSocket: boolean } {
  const key = /^sec-websocket-key: *(\S+)/im.exec(head)?.[1];
  if (key === undefined)
    return { octets: "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", isWebSocket: false };
  const accept = createHash("sha1").update(`${key}${ACCEPT_GUID}`).digest("base64");
  const octets = `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`;
  return { octets, isWebSocket: true };
}

function serve(socket: net.Socket): void {
  let unread: Buffer = Buffer.alloc(0);
  let isWebSocket = false;
  const takeHead = (): boolean => {
    const end = unread.indexOf("\r\n\r\n");
    if (end === -1) return false;
    const found = answer(unread.toString("latin1", 0, end));
    unread = unread.subarray(end + 4);
    isWebSocket = found.isWebSocket;
    socket.write(found.octets);
    return true;
  };
  const takeFrame = (): boolean => {
    const frame = readTextFrame(unread);
    if (frame === null) return false;
    unread = unread.subarray(frame.length);
    socket.write(textFrame(frame.text, false));
    return true;
  };
  socket.on("data", (octets: Buffer) => {
    unread = unread.length === 0 ? octets : Buffer.concat([unread, octets]);
    while (isWebSocket ? takeFrame() : takeHead());
  });
  socket.on("error", () => socket.destroy());
}

const server = net.createServer({ noDelay: true }, serve);
server.listen({ port: 0, host: "0.0.0.0", backlog: 4_096 }, () => {
  console.log((server.address() as net.AddressInfo).port);
});
process.stdin.on("end", () => process.exit()).resume();
