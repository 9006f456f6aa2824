import assert from "node:assert/strict";
import { once, type EventEmitter } from "node:events";
import { after, before, describe, test } from "node:test";
import { makeCertificateAuthority, startHeddle, type RunningHeddle } from "@heddle/testkit";
import { EchoClient, openGrpcEcho, status, type EchoReply, type GrpcEcho } from "../conformance/grpc-echo.ts";
import { eventually } from "../conformance/fabric.ts";
import {
  endpoint,
  gateway,
  httpListener,
  httpsListener,
  service,
  tlsSecret,
  type Manifest,
} from "../conformance/manifests.ts";

type Spec = Record<string, unknown>;

const grpcRoute = (name: string, hostname: string, parent: string, backend: string | Spec): Manifest => ({
  apiVersion: "gateway.networking.k8s.io/v1",
  kind: "GRPCRoute",
  metadata: { namespace: "infra", name },
  spec: {
    parentRefs: [{ name: "edge", sectionName: parent }],
    hostnames: [hostname],
    rules: [
      { name: "all", backendRefs: [typeof backend === "string" ? { name: backend, port: 8080 } : backend] },
    ],
  },
});

const policy = (name: string, route: string, spec: Spec): Manifest => ({
  apiVersion: "heddle.dev/v1alpha1",
  kind: "TrafficPolicy",
  metadata: { namespace: "infra", name },
  spec: { targetRefs: [{ kind: "GRPCRoute", name: route }], ...spec },
});

/** How a stream ended; an error of it says the same once more. */
function statusOf(stream: EventEmitter): Promise<{ code: number }> {
  return new Promise((resolve) => stream.on("error", () => {}).once("status", resolve));
}

describe("grpc-js through Heddle", () => {
  let heddle: RunningHeddle<"http" | "https">;
  let one: GrpcEcho;
  let two: GrpcEcho;
  let ca: string;
  const clients: EchoClient[] = [];
  const client = (authority = "echo.test", options = {}) => {
    const made = new EchoClient(heddle.ports.http, authority, options);
    clients.push(made);
    return made;
  };

  before(async () => {
    [one, two] = await Promise.all([openGrpcEcho("one"), openGrpcEcho("two")]);
    const authority = await makeCertificateAuthority();
    ca = authority.cert;
    const leaf = await authority.issue({ names: ["secure.test"] });
    heddle = await startHeddle({
      ports: ["http", "https"],
      files: (ports) => ({
        "grpc.json": JSON.stringify({
          apiVersion: "v1",
          kind: "List",
          items: [
            gateway("infra/edge", [
              httpListener("plain", ports.http),
              httpsListener("tls", ports.https, [{ name: "leaf" }]),
            ]),
            tlsSecret("infra/leaf", leaf),
            service("infra/one"),
            endpoint("infra/one", one.port),
            service("infra/both"),
            endpoint("infra/both", one.port, "a"),
            endpoint("infra/both", two.port, "b"),
            grpcRoute("echo", "echo.test", "plain", "one"),
            grpcRoute("secure", "secure.test", "tls", "one"),
            grpcRoute("timed", "timed.test", "plain", "one"),
            policy("timed", "timed", { timeouts: { request: "300ms" } }),
            {
              apiVersion: "heddle.dev/v1alpha1",
              kind: "Backend",
              metadata: { namespace: "infra", name: "checked" },
              spec: {
                endpoints: [one, two].map(({ port }) => ({ address: "127.0.0.1", port })),
                protocol: "HTTP2",
                healthCheck: {
                  grpc: {},
                  interval: "100ms",
                  timeout: "100ms",
                  unhealthyAfter: 1,
                  healthyAfter: 1,
                },
              },
            },
            grpcRoute("checked", "checked.test", "plain", {
              group: "heddle.dev",
              kind: "Backend",
              name: "checked",
            }),
            grpcRoute("retried", "retried.test", "plain", "both"),
            policy("retried", "retried", {
              retry: { attempts: 2, grpcCodes: ["UNAVAILABLE"], backoff: "1ms" },
            }),
          ],
        }),
      }),
      args: ["--workers", "2"],
    });
  });
  after(async () => {
    for (const made of clients) made.close();
    await heddle?.stop();
    one?.close();
    two?.close();
  });

  test("unary calls, with metadata both ways and trailers, text and binary", async () => {
    const { code, reply, trailers } = await client().call({ text: "hello ☺" }, { metadata: { "x-in": "7" } });
    assert.equal(code, 0);
    assert.equal(reply?.text, "hello ☺");
    assert.deepEqual(reply?.metadata["x-in"], ["7"]);
    assert.deepEqual(trailers.get("x-trailer"), ["at the end"]);
    assert.deepEqual(trailers.get("x-trailer-bin"), [Buffer.from([0, 1, 254, 255])]);
  });

  test("a status of the server reaches the client with its message and trailers", async () => {
    for (const fail of [1, 3, 5, 7, 8, 9, 13, 14, 16]) {
      const { code, details, trailers } = await client().call({ fail });
      assert.equal(code, fail);
      assert.equal(details, "fails: ünd 100%");
      assert.deepEqual(trailers.get("x-trailer"), ["at the end"]);
    }
  });

  test("streams of the client, of the server and of both", async () => {
    const collected = await client().collect(Array.from({ length: 200 }, (_, i) => ({ text: `${i},` })));
    assert.equal(collected.reply?.count, 200);
    assert.match(collected.reply!.text!, /^0,1,.*199,$/);
    const repeated: EchoReply[] = [];
    for await (const reply of client().repeat({ count: 300 })) repeated.push(reply as EchoReply);
    assert.deepEqual(
      repeated.map(({ count }) => count),
      Array.from({ length: 300 }, (_, i) => i),
    );
    const chat = client().chat();
    for (let i = 0; i < 50; i++) {
      // Each message waits for the answer to the one before: nothing of a stream is held back.
      chat.write({ text: `ping ${i}` });
      const [reply] = (await once(chat, "data")) as [EchoReply];
      assert.equal(reply.text, `ping ${i}`);
    }
    chat.end();
    const end = await statusOf(chat);
    assert.equal(end.code, 0);
  });

  test("large messages and large metadata, both ways", async () => {
    const fill = "x".repeat(6_000_000);
    const { reply } = await client().call({ fill });
    assert.equal(reply?.fill?.length, fill.length);
    const large = "m".repeat(20_000);
    const { reply: seen } = await client().call({}, { metadata: { "x-large": large } });
    assert.equal(seen?.metadata["x-large"]?.[0]?.length, large.length);
  });

  test("compressed messages pass as they are", async () => {
    const gzip = client("echo.test", { "grpc.default_compression_algorithm": 2 });
    const { reply } = await gzip.call({ fill: "y".repeat(100_000) });
    assert.equal(reply?.fill?.length, 100_000);
    assert.deepEqual(reply?.metadata["grpc-encoding"] ?? ["gzip"], ["gzip"]);
  });

  test("the server hears the client's deadline, and past it the call is cancelled there", async () => {
    const { reply } = await client().call({}, { deadlineMs: 5_000 });
    assert.ok(reply!.leftMs > 3_000 && reply!.leftMs <= 5_000, `${reply!.leftMs} ms`);
    const before = one.cancelled;
    const { code } = await client().call({ hangs: true }, { deadlineMs: 200 });
    assert.equal(code, status.DEADLINE_EXCEEDED);
    await eventually(() => assert.equal(one.cancelled, before + 1));
  });

  test("a route's timeout lowers the deadline, and ends the call as one", async () => {
    const { reply } = await client("timed.test").call({});
    assert.ok(reply!.leftMs > 0 && reply!.leftMs <= 300, `${reply!.leftMs} ms`);
    const { code } = await client("timed.test").call({ hangs: true });
    assert.equal(code, status.DEADLINE_EXCEEDED);
    const stream = client("timed.test").repeat({ count: 3, hangs: true });
    const got: unknown[] = [];
    stream.on("data", (reply) => got.push(reply));
    stream.on("error", () => {});
    const end = await statusOf(stream);
    assert.equal(end.code, status.DEADLINE_EXCEEDED, "behind messages, too");
    assert.equal(got.length, 3);
  });

  test("a call that the client takes back is taken back from the server", async () => {
    const before = one.cancelled;
    for (let i = 0; i < 5; i++) {
      const stream = client().repeat({ count: 1, hangs: true });
      stream.on("error", () => {});
      await once(stream, "data");
      stream.cancel();
    }
    await eventually(() => assert.equal(one.cancelled, before + 5));
    assert.equal((await client().call()).code, 0);
  });

  test("UNAVAILABLE is tried again where the policy names it; the server's word stands when attempts are used up", async () => {
    const before = one.calls.length + two.calls.length;
    const { code } = await client("retried.test").call({ fail: status.UNAVAILABLE });
    assert.equal(code, status.UNAVAILABLE);
    assert.equal(one.calls.length + two.calls.length, before + 3);
    const { code: other } = await client("retried.test").call({ fail: status.NOT_FOUND });
    assert.equal(other, status.NOT_FOUND);
    assert.equal(one.calls.length + two.calls.length, before + 4);
  });

  test("a server's pushback is waited for, or ends the attempts (gRFC A6)", async () => {
    const calls = () => one.calls.length + two.calls.length;
    const before = calls();
    const startMs = performance.now();
    const failing = { fail: status.UNAVAILABLE, pushback: "150" };
    const { code } = await client("retried.test").call(failing);
    assert.equal(code, status.UNAVAILABLE);
    assert.equal(calls(), before + 3);
    assert.ok(performance.now() - startMs >= 300, "two waits");
    const { trailers } = await client("retried.test").call({ ...failing, pushback: "-1" });
    assert.equal(calls(), before + 4);
    assert.deepEqual(trailers.get("grpc-retry-pushback-ms"), ["-1"]);
  });

  test("an endpoint that does not serve by the health protocol gets no calls until it does", async () => {
    const checked = client("checked.test");
    const served = async () => {
      const names = new Set<string | undefined>();
      for (let i = 0; i < 20; i++) names.add((await checked.call()).reply?.servedBy);
      return [...names].sort().join();
    };
    await eventually(async () => assert.equal(await served(), "one,two"));
    two.health = 2;
    const metrics = async () => (await fetch(`${heddle.api}/metrics`)).text();
    // The balancer may have liked one of them better meanwhile: who was asked says nothing before that.
    await eventually(async () =>
      assert.match(await metrics(), /heddle_endpoint_unhealthy\{[^}]*checked[^}]*\} [12]\n/),
    );
    await eventually(async () => assert.equal(await served(), "one"));
    assert.match(
      await metrics(),
      /heddle_grpc_requests_total\{route="grpcroute\/infra\/checked",rule="all",grpc_code="OK"\} \d+/,
    );
    two.health = 1;
    await eventually(async () => assert.equal(await served(), "one,two"));
  });

  test("a call by TLS and ALPN", async () => {
    const secure = new EchoClient(heddle.ports.https, "secure.test", { ca });
    clients.push(secure);
    assert.equal((await secure.call({ text: "sealed" })).reply?.text, "sealed");
  });

  test("keep-alive pings of an idle client are answered", async () => {
    const kept = client("echo.test", {
      "grpc.keepalive_time_ms": 20,
      "grpc.keepalive_timeout_ms": 2_000,
      "grpc.keepalive_permit_without_calls": 1,
    });
    const stream = kept.repeat({ count: 1, hangs: true }, 700);
    stream.resume();
    const end = await statusOf(stream);
    assert.equal(end.code, status.DEADLINE_EXCEEDED, "the deadline ended it, not a dead connection");
    assert.equal((await kept.call()).code, 0);
  });

  test("all kinds of calls at once, some of them taken back: none is lost or mixed up", async () => {
    const kinds = Array.from({ length: 400 }, (_, i) => i);
    const shared = [client(), client(), client("retried.test")];
    await Promise.all(
      kinds.map(async (i) => {
        const own = shared[i % shared.length]!;
        const text = `call ${i}`;
        if (i % 4 === 0) assert.equal((await own.call({ text })).reply?.text, text);
        else if (i % 4 === 1)
          assert.equal((await own.collect([{ text }, { text }])).reply?.text, text + text);
        else if (i % 4 === 2) {
          const stream = own.repeat({ text, count: 20 });
          let seen = 0;
          stream.on("error", () => {});
          stream.on("data", (reply: EchoReply) => {
            assert.equal(reply.text, text);
            if (++seen === 5 && i % 8 === 2) stream.cancel();
          });
          const { code } = await statusOf(stream);
          assert.ok(code === (i % 8 === 2 ? status.CANCELLED : 0) || (code === 0 && seen === 20));
        } else {
          const chat = own.chat();
          chat.write({ text });
          const [reply] = (await once(chat, "data")) as [EchoReply];
          assert.equal(reply.text, text);
          chat.end();
          await statusOf(chat);
        }
      }),
    );
  });
});
