import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { test } from "node:test";
import { smallJson } from "../rig/index.ts";
import { NewRoute } from "./new-route.ts";

const missing = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";
const found = `HTTP/1.1 200 OK\r\nContent-Length: ${smallJson.length}\r\n\r\n${smallJson}`;

async function listen(answers: (string | null)[]) {
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.on("data", () => {
      const answer = answers.shift();
      if (answer === null || answer === undefined) socket.destroy();
      else socket.write(answer);
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return { port: (server.address() as AddressInfo).port, [Symbol.dispose]: () => void server.close() };
}

test("waits until the route answers", async () => {
  using server = await listen([missing, missing, missing, found]);
  using route = await NewRoute.open(server.port, "/new/");
  await route.untilAnswers();
});

test("a route that is there already, a port where nobody listens and a connection that is lost are told", async () => {
  using server = await listen([found]);
  await assert.rejects(NewRoute.open(server.port, "/new/"), /answers before it is written/);
  using gone = await listen([]);
  gone[Symbol.dispose]();
  await assert.rejects(NewRoute.open(gone.port, "/new/"), /was lost/);
  using closing = await listen([missing, null]);
  using route = await NewRoute.open(closing.port, "/new/");
  await assert.rejects(route.untilAnswers(), /was lost/);
  await assert.rejects(route.untilAnswers(), /was lost/);
});
