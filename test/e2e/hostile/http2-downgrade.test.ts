import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import {
  connectRawHttp2,
  END_HEADERS,
  END_STREAM,
  FRAME_TYPE,
  getFields,
  makeBlock,
  makeFrame,
  startHeddle,
  type RawHttp2,
  type RunningHeddle,
} from "@heddle/testkit";
import { plainSite } from "./setup/resources.ts";
import { fieldOf, openUpstream, type Upstream } from "./setup/upstream.ts";

/** Threats 10: what HTTP/2 can carry in a name or value, and HTTP/1.1 would take for something else. */
let upstream: Upstream;
let heddle: RunningHeddle;

before(async () => {
  upstream = await openUpstream();
  heddle = await startHeddle({
    files: ({ http }) => ({ "site.yaml": plainSite(http, upstream.port) }),
    args: ["--workers", "1"],
  });
});

after(async () => {
  await heddle[Symbol.asyncDispose]();
  await upstream.close();
});

type Field = readonly [name: string, value: string];

/** Asks, and says how the stream ended: "answered" by the endpoint, or "refused", with an answer of Heddle's or a reset. */
async function ask(
  client: RawHttp2,
  stream: number,
  fields: readonly Field[],
  body?: string,
): Promise<string> {
  const flags = END_HEADERS | (body === undefined ? END_STREAM : 0);
  client.send(makeFrame(FRAME_TYPE.HEADERS, flags, stream, makeBlock(fields)));
  if (body !== undefined) client.send(makeFrame(FRAME_TYPE.DATA, END_STREAM, stream, body));
  for (;;) {
    const frame = await client.receive();
    if (frame.type === FRAME_TYPE.GOAWAY) return "goaway";
    if (frame.stream !== stream) continue;
    if (frame.type === FRAME_TYPE.RST_STREAM) return "refused";
    if (frame.type === FRAME_TYPE.DATA && frame.payload.includes("(HDL_REQUEST_")) return "refused";
    if ((frame.flags & END_STREAM) !== 0) return "answered";
  }
}

function replaced(name: string, value: string): Field[] {
  return getFields().map(([own, old]) => [own, own === name ? value : old]);
}

const without = (name: string): Field[] => getFields().filter(([own]) => own !== name);

const post: Field[] = replaced(":method", "POST");

const refused: [what: string, fields: readonly Field[], body?: string][] = [];
for (const separator of ["\r\n", "\n", "\r", "\0"]) {
  const shown = JSON.stringify(separator);
  refused.push(
    [`${shown} in a value`, [...getFields(), ["x-a", `b${separator}x-smuggled: 1`]]],
    [`${shown} in a name`, [...getFields(), [`x-a${separator}x-smuggled`, "1"]]],
    [`${shown} in :path`, replaced(":path", `/${separator}GET /smuggled HTTP/1.1`)],
    [`${shown} in :method`, replaced(":method", `GET${separator}`)],
    [`${shown} in :authority`, replaced(":authority", `a.example${separator}x: y`)],
    [`${shown} in :scheme`, replaced(":scheme", `http${separator}`)],
  );
}
refused.push(
  ["a space in :path", replaced(":path", "/ HTTP/1.1")],
  ["a space in :method", replaced(":method", "GET /smuggled HTTP/1.1")],
  ["an empty :path", replaced(":path", "")],
  [":path without a slash", replaced(":path", "smuggled")],
  ["an absolute :path", replaced(":path", "http://b.example/")],
  ["a fragment in :path", replaced(":path", "/#a")],
  ["%00 in :path", replaced(":path", "/%00")],
  ["%2F in :path", replaced(":path", "/a%2Fb")],
  ["no :method", without(":method")],
  ["no :path", without(":path")],
  ["no :scheme", without(":scheme")],
  ["no :authority and no host", without(":authority")],
  ["two :path", [...getFields(), [":path", "/other"]]],
  ["two :authority", [...getFields(), [":authority", "b.example"]]],
  ["a pseudo-header behind a field", [["x-a", "b"], ...getFields()]],
  ["a pseudo-header of responses", [...getFields(), [":status", "200"]]],
  ["an unknown pseudo-header", [...getFields(), [":smuggled", "1"]]],
  ["host beside another :authority", [...getFields(), ["host", "b.example"]]],
  ["userinfo in :authority", replaced(":authority", "user@a.example")],
  ["an upper-case name", [...getFields(), ["X-A", "b"]]],
  ["an empty name", [...getFields(), ["", "b"]]],
  ["a colon in a name", [...getFields(), ["x:a", "b"]]],
  ["a space in a name", [...getFields(), ["x a", "b"]]],
  ["a space before a value", [...getFields(), ["x-a", " b"]]],
  ["a space behind a value", [...getFields(), ["x-a", "b "]]],
  ["connection", [...getFields(), ["connection", "close"]]],
  ["keep-alive", [...getFields(), ["keep-alive", "timeout=5"]]],
  ["proxy-connection", [...getFields(), ["proxy-connection", "close"]]],
  ["upgrade", [...getFields(), ["upgrade", "websocket"]]],
  [
    "transfer-encoding: chunked",
    [...post, ["transfer-encoding", "chunked"]],
    "0\r\n\r\nGET /smuggled HTTP/1.1\r\n\r\n",
  ],
  ["te other than trailers", [...getFields(), ["te", "gzip"]]],
  ["content-length above the body", [...post, ["content-length", "10"]], "short"],
  ["content-length below the body", [...post, ["content-length", "1"]], "longer: GET /smuggled"],
  ["content-length of a request without a body", [...getFields(), ["content-length", "5"]]],
  ["two content-lengths", [...post, ["content-length", "3"], ["content-length", "4"]], "abc"],
  ["a list of content-lengths", [...post, ["content-length", "3, 3"]], "abc"],
  ["a sign in content-length", [...post, ["content-length", "+3"]], "abc"],
);

test(`${refused.length} malformed heads of HTTP/2 are refused, and no octet of them reaches the endpoint`, async () => {
  for (const [what, fields, body] of refused) {
    await using client = await connectRawHttp2(heddle.ports.http);
    const outcome = await ask(client, 1, fields, body);
    assert.equal(outcome, "refused", what);
    // The connection is as good as before.
    assert.equal(await ask(client, 3, getFields("/after")), "answered", what);
  }
  assert.doesNotMatch(upstream.receivedText(), /smuggled/i);
  for (const { target, fields } of upstream.requests) {
    // A body that turns out to be cut short or too long may have begun; nothing of it may look whole.
    if (target !== "/after") assert.equal(target, "/");
    assert.equal(
      fields.some(([name]) => name.startsWith(":") || name === ""),
      false,
    );
  }
});

test("what is well-formed is built anew: one Host, one framing, cookies joined", async () => {
  await using client = await connectRawHttp2(heddle.ports.http);
  const from = upstream.requests.length;
  assert.equal(
    await ask(
      client,
      1,
      [
        ...post.slice(0, 3),
        [":authority", "A.example:8080"],
        ["host", "a.example:8080"],
        ["cookie", "a=1"],
        ["cookie", "b=2"],
      ],
      "GET /smuggled HTTP/1.1\r\n\r\n",
    ),
    "answered",
  );
  const [request, ...more] = upstream.requests.slice(from);
  assert.equal(more.length, 0);
  assert.equal(request!.target, "/");
  assert.equal(fieldOf(request!, "host")?.toLowerCase(), "a.example:8080");
  assert.equal(request!.fields.filter(([name]) => name.toLowerCase() === "host").length, 1);
  assert.equal(fieldOf(request!, "transfer-encoding"), "chunked");
  assert.equal(fieldOf(request!, "content-length"), undefined);
  assert.equal(fieldOf(request!, "cookie"), "a=1; b=2");
});
