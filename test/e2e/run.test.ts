import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer as createHttpServer, request } from "node:http";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, test } from "node:test";
import {
  becomesTrue,
  connectRaw,
  findFreePorts,
  openEchoServer,
  startHeddle,
  type Echo,
} from "@heddle/testkit";

const gateway = (port: number, name = "edge") => `apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: ${name} }
spec:
  gatewayClassName: heddle
  listeners: [{ name: http, protocol: HTTP, port: ${port} }]
`;

const backend = (name: string, port: number) => `---
apiVersion: heddle.dev/v1alpha1
kind: Backend
metadata: { name: ${name} }
spec: { url: "http://127.0.0.1:${port}" }
`;

const route = (name: string, to: string) => `---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: ${name} }
spec:
  parentRefs: [{ name: edge }]
  rules:
    - matches: [{ path: { type: PathPrefix, value: /${name} } }]
      backendRefs: [{ group: heddle.dev, kind: Backend, name: ${to} }]
`;

const routes = "apis/gateway.networking.k8s.io/v1/namespaces/default/httproutes";

async function ask(url: string): Promise<{ status: number; servedBy: string }> {
  const answer = await fetch(url, { signal: AbortSignal.timeout(20_000) });
  const text = await answer.text();
  return { status: answer.status, servedBy: answer.ok ? (JSON.parse(text) as Echo).servedBy : "" };
}

interface Condition {
  type: string;
  status: string;
  reason: string;
  message: string;
}

async function json<T>(url: string): Promise<T> {
  const answer = await fetch(url, { signal: AbortSignal.timeout(20_000) });
  return (await answer.json()) as T;
}

describe("heddle run", () => {
  test("with nothing configured serves its API and prints three next steps", async () => {
    await using heddle = await startHeddle();
    // It is ready a moment before it says so.
    await becomesTrue(() => heddle.stdout().includes("\n  3. "), 20_000);
    assert.equal(
      heddle.stdout(),
      `heddle 0.1.0: API and status page at ${heddle.api}

Next, as there are no routes yet:
  1. put a service that runs here behind a name
    heddle run --route shop.localhost/api=http://127.0.0.1:3000
  2. or run a configuration, and edit it while it runs
    heddle check gateway.yaml && heddle run -f gateway.yaml
  3. look at what is configured, with its status
    curl ${heddle.api}/apis/gateway.networking.k8s.io/v1/httproutes
`,
    );
    assert.equal(heddle.stderr(), "");
    const list = await json<{ kind: string; items: unknown[] }>(`${heddle.api}/${routes}`);
    assert.deepEqual([list.kind, list.items], ["HTTPRouteList", []]);
    const page = await fetch(heddle.api);
    assert.match(await page.text(), /<h2>Listeners<\/h2>\n<p>none<\/p>/);
    assert.equal(statSync(path.join(heddle.stateFolder, "token")).mode & 0o777, 0o600);
    assert.deepEqual(await heddle.stop(), { code: 0, signal: null });
  });

  test("with --route prints the URL and a curl line, and serves it", async () => {
    await using echo = await openEchoServer({ name: "echo" });
    const [port] = await findFreePorts(1);
    await using heddle = await startHeddle({
      args: ["--port", String(port), "--route", `shop.localhost/api=http://127.0.0.1:${echo.port}`],
    });
    const line = `\n  curl http://shop.localhost:${port}/api\n`;
    assert.ok(await becomesTrue(() => heddle.stdout().includes(line), 20_000), heddle.stdout());
    const url = `http://127.0.0.1:${port}`;
    assert.equal((await ask(`${url}/api/x`)).status, 404, "another host");
    const answer = await fetch(`http://shop.localhost:${port}/api/x`).catch(() => undefined);
    // Not every resolver knows names below localhost.
    if (answer !== undefined) assert.equal(answer.status, 200);
    const found = await json<{ metadata: { name: string } }>(`${heddle.api}/${routes}/shop.localhost-api`);
    assert.equal(found.metadata.name, "shop.localhost-api");
  });

  test("-o json prints the start as data", async () => {
    await using heddle = await startHeddle({
      files: ({ http }) => ({ "a.yaml": gateway(http) + backend("a", 1) + route("a", "a") }),
      args: ["-o", "json"],
    });
    assert.ok(await becomesTrue(() => heddle.stdout().endsWith("}\n"), 5_000), heddle.stdout());
    const report = JSON.parse(heddle.stdout()) as Record<string, unknown>;
    assert.equal(report["api"], heddle.api);
    const url = `http://localhost:${heddle.ports.http}/a`;
    assert.deepEqual(report["routes"], [{ route: "default/a", url, curl: `curl ${url}` }]);
  });
});

describe("changes while it runs", () => {
  test("a change of a file changes the answer, a removed file takes its routes away", async () => {
    await using one = await openEchoServer({ name: "one" });
    await using two = await openEchoServer({ name: "two" });
    await using heddle = await startHeddle({
      files: ({ http }) => ({
        "gateway.yaml": gateway(http),
        "backends.yaml": backend("one", one.port) + backend("two", two.port),
        "routes/a.yaml": route("a", "one"),
      }),
    });
    const url = `${heddle.urls.http}/a`;
    const file = path.join(heddle.configFolder, "routes/a.yaml");
    assert.deepEqual(await ask(url), { status: 200, servedBy: "one" });
    writeFileSync(file, route("a", "two"));
    assert.ok(await becomesTrue(async () => (await ask(url)).servedBy === "two", 20_000), heddle.stderr());
    const next = path.join(heddle.configFolder, ".next");
    writeFileSync(next, route("a", "one"));
    renameSync(next, file);
    assert.ok(await becomesTrue(async () => (await ask(url)).servedBy === "one", 20_000), heddle.stderr());
    rmSync(file);
    assert.ok(await becomesTrue(async () => (await ask(url)).status === 404, 20_000), heddle.stderr());
  });

  test("a file that cannot be parsed keeps its last good state, and says so once", async () => {
    await using one = await openEchoServer({ name: "one" });
    await using heddle = await startHeddle({
      files: ({ http }) => ({
        "gateway.yaml": gateway(http) + backend("one", one.port),
        "a.yaml": route("a", "one"),
      }),
    });
    const file = path.join(heddle.configFolder, "a.yaml");
    const saysSo = () => heddle.stderr().split(`${file}:3:1:`).length - 1;
    writeFileSync(file, "a: 1\nb: [\n");
    assert.ok(await becomesTrue(() => saysSo() > 0, 20_000), heddle.stderr());
    // Another change, which is in force although that file is broken still.
    writeFileSync(path.join(heddle.configFolder, "b.yaml"), route("b", "one"));
    assert.ok(await becomesTrue(async () => (await ask(`${heddle.urls.http}/b`)).status === 200, 20_000));
    assert.equal((await ask(`${heddle.urls.http}/a`)).status, 200);
    assert.equal(saysSo(), 1, heddle.stderr());
    writeFileSync(file, route("a", "one"));
    assert.ok(
      await becomesTrue(() => heddle.stderr().includes("no problems any more"), 20_000),
      heddle.stderr(),
    );
  });

  test("a resource that turns invalid has no effect, says why in its status, and harms no other", async () => {
    await using one = await openEchoServer({ name: "one" });
    await using heddle = await startHeddle({
      files: ({ http }) => ({
        "gateway.yaml": gateway(http) + backend("one", one.port) + route("b", "one"),
        "a.yaml": route("a", "one"),
      }),
    });
    writeFileSync(
      path.join(heddle.configFolder, "a.yaml"),
      route("a", "one").replace("PathPrefix", "Prefix"),
    );
    assert.ok(await becomesTrue(async () => (await ask(`${heddle.urls.http}/a`)).status === 404, 20_000));
    assert.equal((await ask(`${heddle.urls.http}/b`)).status, 200);
    const accepted = async () => {
      const found = await json<{ status: { parents: { conditions: Condition[] }[] } }>(
        `${heddle.api}/${routes}/a`,
      );
      return found.status.parents[0]?.conditions.find(({ type }) => type === "Accepted");
    };
    assert.ok(await becomesTrue(async () => (await accepted())?.status === "False", 20_000));
    assert.match((await accepted())!.message, /spec\.rules\[0\]\.matches\[0\]\.path\.type/);
    assert.match(
      heddle.stderr(),
      /a\.yaml:\d+:\d+: error: HTTPRoute default\/a spec\.rules\[0\]\.matches\[0\]\.path\.type: /,
    );
  });

  test("the same resource in two files is an error that names both, and the first counts", async () => {
    await using one = await openEchoServer({ name: "one" });
    await using two = await openEchoServer({ name: "two" });
    await using heddle = await startHeddle({
      files: ({ http }) => ({
        "gateway.yaml": gateway(http) + backend("one", one.port) + backend("two", two.port),
        "a.yaml": route("x", "one"),
        "b.yaml": route("x", "two"),
      }),
    });
    assert.equal((await ask(`${heddle.urls.http}/x`)).servedBy, "one");
    const [a, b] = [path.join(heddle.configFolder, "a.yaml"), path.join(heddle.configFolder, "b.yaml")];
    assert.ok(
      heddle
        .stderr()
        .includes(`${b}:2:1: error: HTTPRoute default/x: is given twice, first at ${a}:2:1; remove one`),
      heddle.stderr(),
    );
  });

  test("a port in use makes the Gateway not programmed with the reason, and is taken when it comes free", async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen({ port: 0, host: "::" }, resolve));
    const { port } = taken.address() as { port: number };
    const heddle = await startHeddle({ files: ({ http }) => ({ "a.yaml": gateway(http) }) });
    try {
      writeFileSync(path.join(heddle.configFolder, "b.yaml"), gateway(port, "other"));
      const programmed = async () => {
        const gateways = "apis/gateway.networking.k8s.io/v1/namespaces/default/gateways";
        const answer = await fetch(`${heddle.api}/${gateways}/other`);
        const found = (await answer.json()) as { status?: { conditions?: Condition[] } };
        return found.status?.conditions?.find(({ type }) => type === "Programmed");
      };
      assert.ok(await becomesTrue(async () => (await programmed())?.reason === "AddressNotUsable", 20_000));
      assert.match(
        (await programmed())!.message,
        /the port is in use \(EADDRINUSE\); stop what listens on it/,
      );
      const ready = await fetch(`${heddle.api}/readyz`);
      assert.deepEqual([ready.status, await ready.text()], [503, `listener [::]/${port}: EADDRINUSE\n`]);
      await new Promise((resolve) => taken.close(resolve));
      assert.ok(
        await becomesTrue(async () => (await programmed())?.status === "True", 20_000),
        heddle.stderr(),
      );
    } finally {
      taken.close();
      await heddle.stop();
    }
  });
});

describe("the surroundings", () => {
  test("other hosts and origins get nothing of the API (threats 32, 34)", async () => {
    await using heddle = await startHeddle();
    const status = async (headers: Record<string, string>) => {
      const { promise, resolve, reject } = Promise.withResolvers<number>();
      request(`${heddle.api}/api/v1/namespaces`, { headers }, (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      })
        .on("error", reject)
        .end();
      return promise;
    };
    assert.equal(await status({}), 200);
    assert.equal(await status({ host: "rebound.example" }), 421);
    assert.equal(await status({ origin: "http://rebound.example" }), 403);
  });

  test("an API address beyond loopback is refused before anything starts (threats 32)", async () => {
    await assert.rejects(
      startHeddle({ args: ["--api", "0.0.0.0:0"] }),
      /exit code 2 .*\n.*--api 0\.0\.0\.0:0: beyond loopback the API would need TLS/,
    );
  });

  test("no secret and no token reaches a log, a page or an answer without the token (threats 39)", async () => {
    const canary = "canary-4f2a9c";
    const encoded = Buffer.from(canary).toString("base64");
    const secret = (name: string, data: string, type = "Opaque") =>
      `---\napiVersion: v1\nkind: Secret\nmetadata: { name: ${name} }\ntype: ${type}\n${data}\n`;
    await using heddle = await startHeddle({
      files: ({ http }) => ({
        "a.yaml": [
          gateway(http),
          secret("good", `data: { key: ${encoded} }`),
          secret("plain", `stringData: { key: ${canary} }`),
          secret("broken", `data: { "bad key": ${encoded}, other: "${canary}!" }`),
          secret("nested", `data: { key: [${canary}] }`),
          secret("certificate", `data: { tls.crt: ${encoded}, tls.key: ${encoded} }`, "kubernetes.io/tls"),
        ].join(""),
        "b.yaml": `apiVersion: v1\nkind: Secret\nmetadata: { name: cut }\nstringData: { key: "${canary}\n`,
      }),
    });
    const token = readFileSync(path.join(heddle.stateFolder, "token"), "utf8").trim();
    const texts = [heddle.stdout(), heddle.stderr()];
    for (const target of ["", "metrics", "readyz", "api/v1/secrets", "api/v1/configmaps", routes, "apis"]) {
      texts.push(await (await fetch(`${heddle.api}/${target}`)).text());
    }
    for (const word of [canary, encoded, token]) assert.equal(texts.join("\n").includes(word), false, word);
    const headers = { authorization: `Bearer ${token}` };
    const own = await (await fetch(`${heddle.api}/api/v1/secrets`, { headers })).text();
    assert.ok(own.includes(encoded), "with the token it is there");
  });
});

describe("signals", () => {
  test("SIGTERM: not ready any more, what is in flight finishes, exit code 0", async () => {
    const release = Promise.withResolvers<void>();
    const seen = Promise.withResolvers<void>();
    const slow = createHttpServer((request, response) => {
      // what comes between "not ready" and the end of accepting is served too, and must not wait for the release
      if (request.url !== "/a/late") return void response.end();
      seen.resolve();
      void release.promise.then(() => response.end("late"));
    });
    await new Promise<void>((resolve) => slow.listen(0, "127.0.0.1", resolve));
    const { port } = slow.address() as { port: number };
    const heddle = await startHeddle({
      files: ({ http }) => ({ "a.yaml": gateway(http) + backend("a", port) + route("a", "a") }),
    });
    try {
      const inFlight = fetch(`${heddle.urls.http}/a/late`);
      await seen.promise;
      heddle.kill("SIGTERM");
      const isLame = async () => (await fetch(`${heddle.api}/readyz`)).status === 503;
      assert.ok(await becomesTrue(isLame, 20_000), heddle.stderr());
      const refused = async () =>
        fetch(`${heddle.urls.http}/a`, { headers: { connection: "close" } }).then(
          () => false,
          () => true,
        );
      assert.ok(await becomesTrue(refused, 20_000), "no new connections");
      release.resolve();
      const answer = await inFlight;
      assert.deepEqual([answer.status, await answer.text()], [200, "late"]);
      assert.deepEqual(await heddle.ended, { code: 0, signal: null });
    } finally {
      release.resolve();
      heddle.kill("SIGKILL");
      slow.closeAllConnections();
      slow.close();
    }
  });

  for (const [signal, code] of [
    ["SIGTERM", 143],
    ["SIGINT", 130],
  ] as const) {
    test(`a second ${signal} ends at once with ${code}`, async () => {
      const seen = Promise.withResolvers<void>();
      const stuck = createServer((socket) => {
        seen.resolve();
        socket.on("error", () => {});
      });
      await new Promise<void>((resolve) => stuck.listen(0, "127.0.0.1", resolve));
      const { port } = stuck.address() as { port: number };
      const heddle = await startHeddle({
        files: ({ http }) => ({ "a.yaml": gateway(http) + backend("a", port) + route("a", "a") }),
      });
      try {
        const inFlight = fetch(`${heddle.urls.http}/a`).catch(() => undefined);
        await seen.promise;
        heddle.kill(signal);
        assert.ok(await becomesTrue(() => heddle.stderr().includes("again to end at once"), 20_000));
        heddle.kill(signal);
        assert.deepEqual(await heddle.ended, { code, signal: null });
        await inFlight;
      } finally {
        heddle.kill("SIGKILL");
        stuck.close();
      }
    });
  }

  test("SIGHUP reopens the access log", async () => {
    await using echo = await openEchoServer({ name: "echo" });
    const [api] = await findFreePorts(1);
    const log = path.join(tmpdir(), `heddle-access-${process.pid}-${api}.log`);
    await using heddle = await startHeddle({
      files: ({ http }) => ({ "a.yaml": gateway(http) + backend("a", echo.port) + route("a", "a") }),
      args: ["--access-log", log, "--access-log-format", "common"],
    });
    try {
      await ask(`${heddle.urls.http}/a/first`);
      const has = (file: string, text: string) => becomesTrue(() => readText(file).includes(text), 20_000);
      assert.ok(await has(log, "/a/first"));
      renameSync(log, `${log}.1`);
      heddle.kill("SIGHUP");
      assert.ok(await becomesTrue(() => heddle.stderr().includes("logs reopened"), 20_000));
      const isBack = async () => {
        await ask(`${heddle.urls.http}/a/second`);
        return readText(log).includes("/a/second");
      };
      assert.ok(await becomesTrue(isBack, 20_000), heddle.stderr());
      assert.match(readText(`${log}.1`), /"GET \/a\/first HTTP\/1\.1" 200/);
    } finally {
      for (const file of [log, `${log}.1`]) rmSync(file, { force: true });
    }
  });

  test("a log whose folder is gone at SIGHUP goes on in the old file, and no connection is lost by it", async () => {
    await using echo = await openEchoServer({ name: "echo" });
    const folder = mkdtempSync(path.join(tmpdir(), "heddle-log-"));
    await using heddle = await startHeddle({
      files: ({ http }) => ({ "a.yaml": gateway(http) + backend("a", echo.port) + route("a", "a") }),
      args: ["--workers", "1", "--access-log", path.join(folder, "access.log")],
    });
    await using client = await connectRaw(heddle.ports.http);
    const askAgain = async () => {
      client.send("GET /a HTTP/1.1\r\nHost: a\r\n\r\n");
      const head = await client.receiveUntil("\r\n\r\n");
      await client.receiveBytes(Number(/content-length: (\d+)/i.exec(head)![1]));
      return head;
    };
    assert.match(await askAgain(), /^HTTP\/1\.1 200 /);
    rmSync(folder, { recursive: true });
    heddle.kill("SIGHUP");
    const isSaid = () => heddle.stderr().includes("the access log could not be reopened");
    assert.ok(await becomesTrue(isSaid, 20_000), heddle.stderr());
    assert.match(await askAgain(), /^HTTP\/1\.1 200 /);
  });

  test("an access log that cannot be opened is named at the start", async () => {
    await assert.rejects(
      startHeddle({ files: () => ({}), args: ["--access-log", "/nowhere/access.log"] }),
      /the access log \/nowhere\/access\.log cannot be opened: ENOENT/,
    );
  });

  test("a gateway goes on when nobody reads its output any more", async () => {
    await using echo = await openEchoServer({ name: "echo" });
    const files = (http: number, name: string) => gateway(http) + backend("a", echo.port) + route(name, "a");
    await using heddle = await startHeddle({
      files: ({ http }) => ({ "a.yaml": files(http, "a") }),
      args: ["--access-log", "-"],
    });
    heddle.closeOutput();
    // Each change is a line of the log.
    for (const name of ["b", "c"]) {
      writeFileSync(path.join(heddle.configFolder, "a.yaml"), files(heddle.ports.http, name));
      const isServed = async () => (await fetch(`${heddle.urls.http}/${name}`)).status === 200;
      assert.ok(await becomesTrue(isServed, 30_000), name);
    }
    heddle.kill("SIGTERM");
    assert.deepEqual(await heddle.ended, { code: 0, signal: null });
  });
});

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
