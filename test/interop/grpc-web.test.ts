import assert from "node:assert/strict";
import http from "node:http";
import http2 from "node:http2";
import { after, before, describe, test } from "node:test";
import { listenOnFreePort, startHeddle, type RunningHeddle } from "@heddle/testkit";
import { echoService, openGrpcEcho, type GrpcEcho } from "../conformance/grpc-echo.ts";
import { endpoint, gateway, httpListener, prefix, route, rule, service } from "../conformance/manifests.ts";
import { runChromium } from "./chromium.ts";

const encode = (message: object): Buffer => {
  const text = Buffer.from(JSON.stringify(message));
  const head = Buffer.alloc(5);
  head.writeUInt32BE(text.length, 1);
  return Buffer.concat([head, text]);
};

interface WebAnswer {
  messages: Record<string, unknown>[];
  trailers: string;
}

function decode(body: Buffer): WebAnswer {
  const answer: WebAnswer = { messages: [], trailers: "" };
  for (let at = 0; at < body.length;) {
    const end = at + 5 + body.readUInt32BE(at + 1);
    const text = body.subarray(at + 5, end).toString();
    if (body[at] === 0x80) answer.trailers += text;
    else answer.messages.push(JSON.parse(text) as Record<string, unknown>);
    at = end;
  }
  return answer;
}

/** Each padded piece by itself, as a client of the text form reads them. */
const fromText = (text: string): Buffer =>
  Buffer.concat((text.match(/[^=]+=*/g) ?? []).map((piece) => Buffer.from(piece, "base64")));

/** What a page does: one call in each form, one that fails, and a stream; all to another origin. */
const page = (
  origin: string,
) => `<!doctype html><title>calls</title><pre id="out">none</pre><script type="module">
const frame = (message) => {
  const text = new TextEncoder().encode(JSON.stringify(message));
  const bytes = new Uint8Array(5 + text.length);
  new DataView(bytes.buffer).setUint32(1, text.length);
  bytes.set(text, 5);
  return bytes;
};
const parse = (bytes) => {
  const answer = { messages: [], trailers: "" };
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  for (let at = 0; at < bytes.length; ) {
    const end = at + 5 + view.getUint32(at + 1);
    const text = new TextDecoder().decode(bytes.subarray(at + 5, end));
    if (bytes[at] === 0x80) answer.trailers += text; else answer.messages.push(JSON.parse(text));
    at = end;
  }
  return answer;
};
const base64 = (bytes) => btoa(String.fromCharCode(...bytes));
const bytesOf = (text) => Uint8Array.from((text.match(/[^=]+=*/g) ?? []).map((one) => atob(one)).join(""), (c) => c.charCodeAt(0));
async function call(method, message, isText) {
  const type = "application/grpc-web" + (isText ? "-text" : "") + "+proto";
  const body = isText ? base64(frame(message)) : frame(message);
  const headers = { "content-type": type, "x-grpc-web": "1", "x-from": "page", ...(isText && { accept: type }) };
  const answer = await fetch("${origin}/${echoService}/" + method, { method: "POST", headers, body });
  const bytes = isText ? bytesOf(await answer.text()) : new Uint8Array(await answer.arrayBuffer());
  return { status: answer.status, type: answer.headers.get("content-type"), ...parse(bytes) };
}
try {
  const out = {
    binary: await call("Echo", { text: "bin ☺" }, false),
    text: await call("Echo", { text: "txt ☺" }, true),
    failed: await call("Echo", { fail: 5 }, false),
    unknown: await call("Nothing", {}, true),
    stream: await call("Repeat", { count: 20 }, true),
  };
  document.getElementById("out").textContent = JSON.stringify(out);
} catch (error) {
  document.getElementById("out").textContent = JSON.stringify({ error: String(error) });
}
</script>`;

describe("gRPC-Web through Heddle", () => {
  let heddle: RunningHeddle;
  let echo: GrpcEcho;
  let origin = "";
  const pages = http.createServer((_, response) => {
    response.setHeader("content-type", "text/html; charset=utf-8");
    response.end(page(origin));
  });

  before(async () => {
    echo = await openGrpcEcho("web");
    const pagesPort = await listenOnFreePort(pages);
    heddle = await startHeddle({
      files: (ports) => ({
        "web.json": JSON.stringify({
          apiVersion: "v1",
          kind: "List",
          items: [
            gateway("infra/edge", [httpListener("http", ports.http)]),
            service("infra/echo"),
            endpoint("infra/echo", echo.port),
            service("infra/pages"),
            endpoint("infra/pages", pagesPort),
            route("infra/pages", "edge", [rule([prefix("/")], "pages")], ["pages.localhost"]),
            {
              apiVersion: "gateway.networking.k8s.io/v1",
              kind: "GRPCRoute",
              metadata: { namespace: "infra", name: "calls" },
              spec: {
                parentRefs: [{ name: "edge" }],
                hostnames: ["calls.localhost"],
                rules: [{ backendRefs: [{ name: "echo", port: 8080 }] }],
              },
            },
            {
              apiVersion: "heddle.dev/v1alpha1",
              kind: "TrafficPolicy",
              metadata: { namespace: "infra", name: "calls" },
              spec: {
                targetRefs: [{ kind: "GRPCRoute", name: "calls" }],
                cors: {
                  allowOrigins: [`http://pages.localhost:${ports.http}`],
                  allowHeaders: ["content-type", "x-grpc-web", "x-from"],
                },
              },
            },
          ],
        }),
      }),
      args: ["--workers", "1"],
    });
    origin = `http://calls.localhost:${heddle.ports.http}`;
  });
  after(async () => {
    await heddle?.stop();
    echo?.close();
    pages.close();
  });

  /** A call by HTTP/1.1. */
  function post(
    method: string,
    contentType: string,
    body: Buffer,
  ): Promise<{ head: http.IncomingMessage; body: Buffer }> {
    return new Promise((resolve, reject) => {
      const request = http.request(
        {
          port: heddle.ports.http,
          host: "127.0.0.1",
          method: "POST",
          path: `/${echoService}/${method}`,
          headers: { host: "calls.localhost", "content-type": contentType, "content-length": body.length },
          agent: false,
        },
        (head) => {
          const chunks: Buffer[] = [];
          head.on("data", (chunk: Buffer) => chunks.push(chunk));
          head.on("end", () => resolve({ head, body: Buffer.concat(chunks) }));
        },
      );
      request.on("error", reject);
      request.end(body);
    });
  }

  test("by HTTP/1.1, binary and text", async () => {
    const binary = await post("Echo", "application/grpc-web+proto", encode({ text: "one" }));
    assert.equal(binary.head.statusCode, 200);
    assert.equal(binary.head.headers["content-type"], "application/grpc-web+proto");
    const { messages, trailers } = decode(binary.body);
    assert.equal(messages[0]?.["text"], "one");
    assert.match(trailers, /^grpc-status:0\r\n/m);
    assert.match(trailers, /^x-trailer:at the end\r\n/m);
    const text = Buffer.from(encode({ text: "two" }).toString("base64"));
    const answer = await post("Echo", "application/grpc-web-text", text);
    assert.equal(answer.head.headers["content-type"], "application/grpc-web-text+proto");
    assert.equal(decode(fromText(answer.body.toString())).messages[0]?.["text"], "two");
  });

  test("by HTTP/2", async () => {
    const session = http2.connect(`http://127.0.0.1:${heddle.ports.http}`);
    const stream = session.request({
      ":method": "POST",
      ":path": `/${echoService}/Repeat`,
      ":authority": "calls.localhost",
      "content-type": "application/grpc-web",
    });
    stream.end(encode({ count: 50 }));
    const chunks: Buffer[] = [];
    for await (const chunk of stream) chunks.push(chunk as Buffer);
    session.close();
    const { messages, trailers } = decode(Buffer.concat(chunks));
    assert.equal(messages.length, 50);
    assert.match(trailers, /grpc-status:0/);
  });

  test("a status without messages is a frame; what is no base64 has one of ours", async () => {
    const failed = await post("Echo", "application/grpc-web", encode({ fail: 7 }));
    assert.equal(failed.head.statusCode, 200);
    const { trailers } = decode(failed.body);
    assert.match(decodeURIComponent(trailers), /grpc-status:7\r\ngrpc-message:fails: ünd 100%\r\n/);
    const broken = await post("Echo", "application/grpc-web-text", Buffer.from("no base64!"));
    assert.match(decode(fromText(broken.body.toString())).trailers, /grpc-status:13\r\n/);
  });

  test("a page in Chromium calls another origin in both forms", async () => {
    const { output } = await runChromium([
      "--virtual-time-budget=20000",
      "--dump-dom",
      `http://pages.localhost:${heddle.ports.http}/`,
    ]);
    const found = /<pre id="out">([^<]*)<\/pre>/.exec(output)?.[1] ?? "";
    assert.notEqual(found, "none", output.slice(0, 2_000));
    const out = JSON.parse(Buffer.from(found, "latin1").toString("utf8")) as Record<
      string,
      WebAnswer & { status: number; type: string }
    >;
    assert.equal(out["error"], undefined, found);
    assert.equal(out["binary"]?.messages[0]?.["text"], "bin ☺");
    assert.deepEqual((out["binary"]!.messages[0]!["metadata"] as Record<string, string[]>)["x-from"], [
      "page",
    ]);
    assert.match(out["binary"]!.trailers, /grpc-status:0/);
    assert.equal(out["text"]?.messages[0]?.["text"], "txt ☺");
    assert.match(out["text"]!.type, /^application\/grpc-web-text/);
    assert.match(out["failed"]!.trailers, /grpc-status:5/);
    assert.match(out["unknown"]!.trailers, /grpc-status:12/);
    assert.equal(out["stream"]?.messages.length, 20);
    assert.match(out["stream"]!.trailers, /grpc-status:0/);
  });
});
