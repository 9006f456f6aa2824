import { connect as connectPlain, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { smallJson } from "../rig/index.ts";

/** Connections that have made one request each and then keep still. */
export interface IdleConnections {
  /** how many the proxy has closed meanwhile */
  countClosed: () => number;
  close: () => void;
}

const atOnce = 50;

/** Opens `count` keep-alive connections to 127.0.0.1, fifty at a time, each TLS handshake a full one. */
export async function openIdleConnections(
  port: number,
  isTls: boolean,
  count: number,
): Promise<IdleConnections> {
  const sockets: Socket[] = [];
  const openOne = async (): Promise<void> => {
    while (sockets.length < count) {
      const socket = dial(port, isTls);
      sockets.push(socket);
      await askOnce(socket);
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, count) }, openOne));
  return {
    countClosed: () => sockets.filter((socket) => socket.destroyed || socket.readableEnded).length,
    close: () => sockets.forEach((socket) => socket.destroy()),
  };
}

function dial(port: number, isTls: boolean): Socket {
  const address = { host: "127.0.0.1", port };
  if (!isTls) return connectPlain(address);
  return connectTls({
    ...address,
    servername: "localhost",
    rejectUnauthorized: false,
    ALPNProtocols: ["http/1.1"],
  });
}

function askOnce(socket: Socket): Promise<void> {
  return new Promise((resolve, reject) => {
    let text = "";
    const onData = (chunk: Buffer): void => {
      text += chunk.toString("latin1");
      if (!text.endsWith(smallJson)) return;
      socket.off("data", onData).resume(); // stays readable, so that a close is seen
      resolve();
    };
    socket.on("data", onData);
    socket.on("error", reject);
    socket.once("close", () => reject(new Error("closed before its answer")));
    socket.write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
  });
}
