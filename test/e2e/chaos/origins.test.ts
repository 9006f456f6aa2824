import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import http from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { findFreePorts, startHeddle } from "@heddle/testkit";
import { gateway } from "../hostile/setup/resources.ts";

const DURATION_MS = 9_000;
const TICK_MS = 10;
const GETS_A_TICK = 4;
const POST_EVERY_TICKS = 3;
const DOWN_MS = 400;

/** A Service with one EndpointSlice for each origin, since each has a port of its own. */
const service = (ports: readonly number[]) => `---
apiVersion: v1
kind: Service
metadata: { name: origins }
spec: { ports: [{ name: http, port: 80 }] }
${ports
  .map(
    (port, at) => `---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: origins-${at}, labels: { kubernetes.io/service-name: origins } }
addressType: IPv4
ports: [{ name: http, port: ${port} }]
endpoints: [{ addresses: ["127.0.0.1"] }]
`,
  )
  .join("")}---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: all }
spec:
  parentRefs: [{ name: edge }]
  rules: [{ backendRefs: [{ name: origins, port: 80 }] }]
`;

async function startOrigin(port: number, file: string): Promise<ChildProcess> {
  const origin = path.join(import.meta.dirname, "origin.ts");
  const child = spawn(process.execPath, [origin, `${port}`, file], { stdio: ["ignore", "pipe", "inherit"] });
  await once(child.stdout!, "data");
  return child;
}

async function killHard(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGKILL");
  await ended;
}

test("origins that are killed, restarted, close and break off: no GET fails, no POST is delivered twice", async () => {
  const folder = mkdtempSync(path.join(tmpdir(), "heddle-chaos-"));
  const file = path.join(folder, "posts");
  writeFileSync(file, "");
  const ports = await findFreePorts(3);
  const origins = await Promise.all(ports.map((port) => startOrigin(port, file)));
  const agent = new http.Agent({ keepAlive: true, maxSockets: 24 });
  try {
    await using heddle = await startHeddle({
      files: ({ http: port }) => ({ "site.yaml": gateway({ port }) + service(ports) }),
      args: ["--workers", "2"],
    });
    const load = runLoad(heddle.urls.http, agent);
    const restarts = await restartInTurn(origins, ports, file, load.isOver);
    const { gets, failures, posts } = await load.done;
    assert.ok(restarts >= 3, `each origin was killed once: ${restarts}`);
    assert.ok(gets > 1_000, `${gets} GETs were sent`);
    assert.deepEqual(failures, [], `of ${gets} GETs; ${heddle.stderr()}`);
    const delivered = readFileSync(file, "utf8").split("\n").filter(Boolean);
    assert.equal(new Set(delivered).size, delivered.length, "a POST came twice");
    assert.ok(delivered.length > posts / 2, `${delivered.length} of ${posts} POSTs arrived`);
    const metrics = await (await fetch(`${heddle.api}/metrics`)).text();
    assert.match(metrics, /^heddle_\w*retr\w*_total.* [1-9]/m, "retries are what hid the failures");
  } finally {
    agent.destroy();
    await Promise.all(origins.map(killHard));
    rmSync(folder, { recursive: true, force: true });
  }
});

/** Kills one origin after the other with SIGKILL, and starts it again after a while. Returns how often. */
async function restartInTurn(
  origins: ChildProcess[],
  ports: readonly number[],
  file: string,
  isOver: () => boolean,
): Promise<number> {
  let restarts = 0;
  for (; !isOver(); restarts++) {
    const at = restarts % origins.length;
    await wait(DOWN_MS);
    await killHard(origins[at]!);
    await wait(DOWN_MS);
    origins[at] = await startOrigin(ports[at]!, file);
  }
  return restarts;
}

function runLoad(url: string, agent: http.Agent) {
  const failures: string[] = [];
  const running: Promise<void>[] = [];
  let gets = 0;
  let posts = 0;
  let isOver = false;
  const get = async () => {
    const outcome = await ask(url, { agent });
    if (outcome !== "200 ok") failures.push(outcome);
  };
  const run = async () => {
    for (let tick = 0; tick * TICK_MS < DURATION_MS; tick++) {
      for (let n = 0; n < GETS_A_TICK; n++) running.push(get());
      gets += GETS_A_TICK;
      if (tick % POST_EVERY_TICKS === 0) {
        const headers = { "x-id": `${posts++}`, "content-length": 0 };
        running.push(ask(url, { agent, method: "POST", headers }).then(() => undefined));
      }
      await wait(TICK_MS);
    }
    await Promise.all(running);
    isOver = true;
    return { gets, posts, failures };
  };
  return { done: run(), isOver: () => isOver };
}

/** Status and body, or what went wrong. */
function ask(url: string, options: http.RequestOptions): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const request = http.request(url, options, (response) => {
    let body = "";
    response.setEncoding("latin1");
    response.on("data", (text: string) => (body += text));
    response.on("end", () => resolve(`${response.statusCode} ${body}`));
    response.on("error", (error) => resolve(`response: ${error.message}`));
  });
  request.on("error", (error) => resolve(`request: ${error.message}`));
  request.end();
  return promise;
}
