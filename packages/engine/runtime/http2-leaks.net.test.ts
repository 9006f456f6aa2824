import assert from "node:assert/strict";
import { test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import {
  connectRaw,
  connectRawHttp2,
  END_HEADERS,
  END_STREAM,
  FRAME_TYPE,
  getFields,
  HTTP2_PREFACE,
  makeBlock,
  makeFrame,
  openEchoServer,
  RawHttp2,
} from "@heddle/testkit";
import { Gateway } from "./gateway.suite.ts";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

const { DATA, HEADERS, SETTINGS } = FRAME_TYPE;

/** Ways to end a session badly; the connection is reset behind each. */
const ends: ((client: RawHttp2) => Promise<unknown> | void)[] = [
  (client) => {
    client.send("not a frame at all, but long enough to be taken for one");
    return client.goAwayCode();
  },
  (client) => {
    client.send(makeFrame(SETTINGS, 0, 0, "odd"));
    return client.goAwayCode();
  },
  (client) =>
    client.send(
      makeFrame(HEADERS, END_HEADERS | END_STREAM, 1, makeBlock(getFields())),
      makeFrame(HEADERS, 0, 3),
    ),
  (client) =>
    client.send(
      makeFrame(HEADERS, END_HEADERS, 1, makeBlock([[":method", "POST"], ...getFields().slice(1)])),
      makeFrame(DATA, 0, 1, "x"),
    ),
];

test("sessions that end badly, with requests in flight, leave nothing behind (threats 6)", async () => {
  await using upstream = await openEchoServer();
  await using gateway = await Gateway.open({ endpoints: [upstream.port] });
  const port = gateway.portOf();
  const one = async (end: (typeof ends)[number], isSecond: boolean): Promise<void> => {
    const client = isSecond ? await connectRawHttp2(port) : new RawHttp2(await connectRaw(port));
    if (!isSecond) client.send(HTTP2_PREFACE);
    await end(client);
    client.connection.reset();
    await client.connection.closed;
  };
  const round = async (count: number): Promise<number> => {
    for (let n = 0; n < count; n += 40) {
      await Promise.all(Array.from({ length: 40 }, (_, at) => one(ends[at % 4]!, at % 8 < 4)));
    }
    await gateway.becomes("over", () => gateway.clients === 0 && gateway.exchanges === 0);
    await new Promise((resolve) => setImmediate(resolve));
    collect();
    return process.memoryUsage().heapUsed;
  };
  const before = await round(400);
  const grown = (await round(1_200)) - before;
  // A session that is kept by anything costs 6 kB and more.
  assert.ok(grown < 1_200 * 1_024, `${grown} bytes more`);
});
