import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { WebSocketServer } from "ws";

const closeGraceMs = 500;

/** Pushes JSON messages to every WebSocket that is open at `path`; other upgrades get 404. */
export function openLiveFeed(path: string): {
  upgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => void;
  send: (message: unknown) => void;
  close: () => void;
} {
  const server = new WebSocketServer({ noServer: true, maxPayload: 1_024 });
  return {
    upgrade: (request, socket, head) => {
      if (request.url?.split("?")[0] !== path) {
        socket.end("HTTP/1.1 404 Not Found\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
        return;
      }
      server.handleUpgrade(request, socket, head, (client) => {
        client.on("error", () => client.terminate());
        client.send(JSON.stringify({ type: "hello", listeners: server.clients.size }));
      });
    },
    send: (message) => {
      for (const client of server.clients) client.send(JSON.stringify({ type: "order", order: message }));
    },
    close: () => {
      server.close();
      for (const client of server.clients) {
        client.close(1001, "the service is going away");
        // A client that does not answer the close frame must not keep the process alive.
        setTimeout(() => client.terminate(), closeGraceMs).unref();
      }
    },
  };
}
