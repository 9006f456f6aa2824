// One generation of a server: listens as its parent says, answers each connection once, and closes as it is told.
import net from "node:net";
import { ListeningSockets, socketOf } from "@heddle/engine/net";
import type { ToGeneration, Way } from "./ways.ts";

const [port = "0", way = ""] = process.argv.slice(2) as [string, Way];

const answer = (socket: net.Socket): void => {
  socket.on("error", () => {});
  socket.once("data", () =>
    socket.end("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok"),
  );
};

let sockets: ListeningSockets | null = null;
let server: net.Server | null = null;

async function open(): Promise<void> {
  const place = {
    address: "127.0.0.1",
    port: Number(port),
    reusePort: true,
    backlog: 4_096,
    descriptors: [],
  };
  sockets = await ListeningSockets.open(place, (accepted) => {
    const socket = socketOf(accepted);
    answer(socket);
    socket.resume();
  });
  process.send!("listening");
}

process.on("message", (message: ToGeneration, passed: net.Server | undefined) => {
  if (message === "adopt" && passed !== undefined) {
    server = net.createServer(answer).listen(passed, () => process.send!("listening"));
  } else if (message === "give") {
    // The handle alone: a server would be listening, and accepting, wherever it is received.
    process.send!("given", (server as unknown as { _handle: net.Server })._handle);
  } else if (message === "close") {
    void close().then(() => process.disconnect!());
  }
});

async function close(): Promise<void> {
  if (way === "emptied" || way === "emptied, tcp_migrate_req") await sockets!.closeEmptied();
  else sockets?.close();
  server?.close();
}

if (way !== "passed") await open();
else if (process.argv[4] === "first") {
  server = net
    .createServer(answer)
    .listen({ host: "127.0.0.1", port: Number(port), backlog: 4_096 }, () => process.send!("listening"));
} else process.send!("up");
