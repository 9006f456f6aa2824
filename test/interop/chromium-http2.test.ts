import assert from "node:assert/strict";
import http from "node:http";
import { after, before, beforeEach, describe, test } from "node:test";
import {
  becomesTrue,
  listenOnFreePort,
  makeCertificateAuthority,
  startHeddle,
  type RunningHeddle,
} from "@heddle/testkit";
import { WebSocketServer } from "ws";
import { backend, certificate, gateway, route } from "../e2e/hostile/setup/resources.ts";
import { openPage, trusting } from "./chromium.ts";

const IMAGES = 160;
const SCRIPTS = 40;
const TALKS = 3;
const REPORT_MS = 40_000;

const numbers = (count: number) => Array.from({ length: count }, (_, n) => n);

/** A page that tells the server how each of its many images and scripts came. */
const manyResources = `<!doctype html><meta charset="utf-8"><title>many</title>
<script>globalThis.ran = 0;</script>
<h1>${IMAGES} images, ${SCRIPTS} scripts</h1>
${numbers(IMAGES)
  .map((n) => `<img src="/image/${n}.svg" width="24" height="24" alt="">`)
  .join("\n")}
${numbers(SCRIPTS)
  .map((n) => `<script src="/script/${n}.js"></script>`)
  .join("\n")}
<script>addEventListener("load", () => {
  const entries = [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")];
  const protocols = {};
  for (const { nextHopProtocol } of entries) protocols[nextHopProtocol] = (protocols[nextHopProtocol] ?? 0) + 1;
  const images = [...document.images].filter((image) => image.complete && image.naturalWidth === 24).length;
  fetch("/report", { method: "POST", body: JSON.stringify({ protocols, images, scripts: globalThis.ran }) });
});</script>`;

/**
 * A page that talks with an echo over WebSockets, one after another: a text, 100,000 bytes, and an end with a code.
 * Chromium sometimes closes its first connection right after its start, and asks for a WebSocket by HTTP/1.1 where it
 * has no connection of HTTP/2. The fetch gives it one.
 */
const webSockets = `<!doctype html><meta charset="utf-8"><title>live</title><script type="module">
const talk = () => new Promise((resolve) => {
  const out = { messages: [] };
  const socket = new WebSocket("wss://" + location.host + "/chat", ["echo.v1"]);
  socket.binaryType = "arraybuffer";
  socket.onopen = () => { out.protocol = socket.protocol; socket.send("grüße"); };
  socket.onmessage = ({ data }) => {
    out.messages.push(typeof data === "string" ? data : data.byteLength);
    if (out.messages.length === 1) socket.send(new Uint8Array(100_000));
    else socket.close(4001, "done");
  };
  socket.onclose = ({ code, reason, wasClean }) => resolve({ ...out, end: [code, reason, wasClean] });
});
const talks = [];
while (talks.length < ${TALKS}) {
  await (await fetch("/image/1.svg")).text();
  talks.push(await talk());
}
await fetch("/report", { method: "POST", body: JSON.stringify(talks) });
</script>`;

interface AccessRecord {
  protocol: string;
  method: string;
  path: string;
  status: number;
}

describe("Chromium over HTTP/2", () => {
  let heddle: RunningHeddle<"https">;
  let trust = "";
  let report: PromiseWithResolvers<unknown>;
  const site = http.createServer(answer);
  const chat = new WebSocketServer({ server: site, path: "/chat", handleProtocols: () => "echo.v1" });
  chat.on("connection", (socket) =>
    socket.on("message", (data, isBinary) => socket.send(data, { binary: isBinary })),
  );

  function answer(request: http.IncomingMessage, response: http.ServerResponse): void {
    const [, kind = "", name = ""] = (request.url ?? "").split("/");
    const end = (type: string, body: string) => response.setHeader("content-type", type).end(body);
    if (kind === "") end("text/html", manyResources);
    else if (kind === "live") end("text/html", webSockets);
    else if (kind === "image") end("image/svg+xml", imageOf(Number.parseInt(name, 10)));
    else if (kind === "script") end("text/javascript", "globalThis.ran++;");
    else if (kind === "report") void readReport(request).then(() => end("text/plain", "thanks"));
    else response.writeHead(404).end();
  }

  async function readReport(request: http.IncomingMessage): Promise<void> {
    const chunks = (await request.toArray()) as Buffer[];
    report.resolve(JSON.parse(Buffer.concat(chunks).toString()));
  }

  before(async () => {
    const port = await listenOnFreePort(site);
    const authority = await makeCertificateAuthority();
    const leaf = await authority.issue({ names: ["page.localhost"] });
    trust = trusting(leaf.cert);
    heddle = await startHeddle({
      ports: ["https"],
      files: (ports) => ({
        "site.yaml": [
          gateway({ port: ports.https, certificate: "leaf" }),
          certificate("leaf", leaf),
          backend("site", port),
          route({ name: "all", backend: "site" }),
        ].join(""),
      }),
      args: ["--workers", "2", "--access-log", "-"],
    });
  });
  beforeEach(() => (report = Promise.withResolvers()));
  after(async () => {
    await heddle?.stop();
    for (const client of chat.clients) client.terminate();
    chat.close();
    await new Promise((resolve) => site.close(resolve));
  });

  /** What the page reports, once it is open. */
  async function visit(target: string): Promise<unknown> {
    await using _ = openPage(`https://page.localhost:${heddle.ports.https}${target}`, [trust]);
    const timeout = new Promise<never>((_resolve, reject) => {
      setTimeout(() => reject(new Error(`no report in ${REPORT_MS} ms`)), REPORT_MS).unref();
    });
    return await Promise.race([report.promise, timeout]);
  }

  const records = (): AccessRecord[] =>
    heddle
      .stdout()
      .split("\n")
      .filter((line) => line.endsWith("}"))
      .map((line) => JSON.parse(line) as AccessRecord);

  test("a page with many resources: every one comes, by HTTP/2", async () => {
    assert.deepEqual(await visit("/"), {
      protocols: { h2: 1 + IMAGES + SCRIPTS },
      images: IMAGES,
      scripts: SCRIPTS,
    });
    assert.ok(await becomesTrue(() => records().length > IMAGES + SCRIPTS, 20_000));
    const versions = new Set(records().map(({ protocol }) => protocol));
    assert.deepEqual([...versions], ["HTTP/2.0"]);
  });

  test("a WebSocket of a page is a stream of HTTP/2 (RFC 8441)", async () => {
    const talk = { messages: ["grüße", 100_000], protocol: "echo.v1", end: [4_001, "done", true] };
    assert.deepEqual(
      await visit("/live"),
      numbers(TALKS).map(() => talk),
    );
    const found = () => records().filter(({ path: target }) => target === "/chat");
    assert.ok(await becomesTrue(() => found().length === TALKS, 20_000));
    const versions = found().map(({ protocol }) => protocol);
    assert.ok(versions.includes("HTTP/2.0"), `all of ${versions.join(", ")}`);
  });
});

/** A picture of its own for each number. */
function imageOf(n: number): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" width="24" height="24"><rect width="24" height="24" fill="hsl(${n * 9} 60% 50%)"/></svg>`;
}
