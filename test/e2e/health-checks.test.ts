import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { becomesTrue, findFreePorts, startHeddle } from "@heddle/testkit";
import { siteOfService } from "./site.ts";

const program = `require("node:http").createServer((request, response) =>
  response.end(request.url === "/healthz" ? "fine" : process.argv[1])).listen(+process.argv[2], "127.0.0.1", () =>
  console.log("ready"))`;

/** An instance of the service, in a process of its own. */
async function startInstance(name: string, port: number): Promise<ChildProcess> {
  const child = spawn(process.execPath, ["-e", program, name, String(port)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(child.stdout!, "data");
  return child;
}

const configuration = (port: number, instances: readonly number[]) => `
${siteOfService(port, ...instances)}---
apiVersion: heddle.dev/v1alpha1
kind: TrafficPolicy
metadata: { name: web }
spec:
  targetRefs: [{ kind: Service, name: web }]
  healthCheck:
    http: { path: /healthz, expectedBody: fine }
    # A busy machine answers slowly: only what hangs is to fail.
    interval: 500ms
    timeout: 500ms
    unhealthyThreshold: 2
    healthyThreshold: 1
`;

test("a Service's instance that hangs is left out by all workers, shown so, and comes back", async (t) => {
  const instancePorts = await findFreePorts(2);
  const instances = await Promise.all(instancePorts.map((port, at) => startInstance(`i${at}`, port)));
  t.after(() => instances.forEach((one) => one.kill("SIGKILL")));
  await using heddle = await startHeddle({
    files: ({ http }) => ({ "web.yaml": configuration(http, instancePorts) }),
    args: ["--workers", "2"],
  });
  const page = async () => (await fetch(heddle.api)).text();
  const unhealthy = async (): Promise<number> => {
    const metrics = await (await fetch(`${heddle.api}/metrics`)).text();
    const found = metrics.split("\n").filter((line) => line.startsWith("heddle_endpoint_unhealthy{"));
    const own = found.find((line) => line.includes(`:${instancePorts[0]}"`));
    return Number(own?.split(" ").at(-1) ?? 0);
  };
  const served = async (): Promise<Set<string>> => {
    const names = new Set<string>();
    for (let i = 0; i < 20; i++) {
      names.add(await (await fetch(heddle.urls.http, { headers: { connection: "close" } })).text());
    }
    return names;
  };
  const becomes = async (what: string, ask: () => Promise<boolean>) =>
    assert.ok(await becomesTrue(ask, 40_000), `never: ${what}`);

  await becomes("both are healthy", async () => (await page()).split("<td>healthy</td>").length === 3);
  await becomes("both serve", async () => (await served()).size === 2);

  instances[0]!.kill("SIGSTOP");
  await becomes("both workers know", async () => (await unhealthy()) === 2);
  assert.deepEqual(await served(), new Set(["i1"]));
  assert.match(await page(), /<td>unhealthy<\/td>/);

  instances[0]!.kill("SIGCONT");
  await becomes("both workers know that it is back", async () => (await unhealthy()) === 0);
  await becomes("it is asked again", async () => (await served()).has("i0"));
});
