import assert from "node:assert/strict";
import { test } from "node:test";
import { defineFilter, jsonReply } from "../define/index.ts";
import { FilterConfigError, testFilter } from "./index.ts";

const tenant = defineFilter({
  name: "tenant",
  schema: {
    type: "object",
    properties: { header: { type: "string", minLength: 1 }, fallback: { type: "string", default: "none" } },
    required: ["header", "fallback"],
    additionalProperties: false,
  },
  create({ header, fallback }, context) {
    const started = context.slot<number>();
    return {
      requestHead(exchange) {
        started.set(exchange, context.clock.now());
        const subject = exchange.principal?.subject ?? fallback;
        if (subject === "banned") return jsonReply(403, { error: "banned" });
        exchange.request.fields.set(header, subject);
        context.count("named");
        return undefined;
      },
      responseHead(exchange, head) {
        head.fields.set("x-took", String(context.clock.now() - started.get(exchange)!));
      },
    };
  },
});

test("a filter is tested in the engine: what the upstream saw, what the client got, what was counted", async () => {
  const upstream = () => ({ status: 201, headers: { "x-from": "app" }, body: ["he", "llo"] });
  const filter = await testFilter(tenant, { header: "x-tenant" }, { upstream });
  const response = await filter.fetch("/orders?x=1", { headers: { accept: "*/*" }, body: "order" });
  assert.equal(response.status, 201);
  assert.equal(response.headers["x-from"], "app");
  assert.equal(response.headers["x-took"], "0");
  assert.equal(response.text(), "hello");
  assert.equal(response.fault, "");
  const [seen] = filter.upstream.requests;
  assert.equal(
    `${seen!.method} ${seen!.host}${seen!.path} ${seen!.body}`,
    "POST shop.example/orders?x=1 order",
  );
  assert.equal(seen!.headers["x-tenant"], "none");
  assert.deepEqual(filter.counters, { named: 1 });
});

test("a reply ends it, with whoever authenticated", async () => {
  const principal = { subject: "banned", issuer: "", method: "jwt", claims: {} };
  const filter = await testFilter(tenant, { header: "x-tenant" }, { principal });
  const response = await filter.fetch("/");
  assert.equal(response.status, 403);
  assert.deepEqual(response.json(), { error: "banned" });
  assert.equal(filter.upstream.requests.length, 0);
});

test("a configuration that does not fit is refused with its fields", async () => {
  for (const [config, message] of [
    [{}, "header: is required"],
    [{ header: 1 }, "header: must be string"],
    [{ header: "x", haeder: "y" }, "haeder: is not known to the filter; remove it"],
    [
      JSON.parse('{ "header": "x", "__proto__": {} }'),
      "__proto__: is a name that no field may have; remove it",
    ],
    [{ header: { constructor: 1 } }, "header.constructor: is a name that no field may have; remove it"],
  ] as const) {
    await assert.rejects(
      testFilter(tenant, config),
      (error) => error instanceof FilterConfigError && error.message === message,
      JSON.stringify(config),
    );
  }
});

test("backends, data and time are the test's", async () => {
  const lookUp = defineFilter({
    name: "look-up",
    schema: { type: "object" },
    create(_config, context) {
      const token = context.data("token");
      return {
        async requestHead(exchange) {
          const answer = await context.fetch("users", {
            path: "/users/1?full=yes",
            headers: { authorization: `Bearer ${String(token.value)}` },
            timeoutMs: 100,
            signal: exchange.abortSignal(),
          });
          exchange.request.fields.set("x-user", (answer.json() as { name: string }).name);
        },
      };
    },
  });
  let answers = true;
  const users = () => (answers ? { body: '{"name":"ada"}' } : new Promise<never>(() => {}));
  const filter = await testFilter(lookUp, {}, { backends: { users }, data: { token: "t1" } });
  assert.equal((await filter.fetch("/")).status, 200);
  assert.equal(filter.upstream.requests[0]!.headers["x-user"], "ada");
  const asked = filter.backends["users"]!.requests[0]!;
  assert.equal(`${asked.method} ${asked.host}${asked.path}`, "GET users/users/1?full=yes");
  assert.equal(asked.headers["authorization"], "Bearer t1");
  filter.setData("token", "t2");
  answers = false;
  const late = filter.fetch("/");
  await new Promise((resolve) => setImmediate(resolve));
  filter.clock.advance(101);
  const response = await late;
  assert.equal(response.status, 500);
  assert.equal(response.fault, "HDL_FILTER_FAILED");
  assert.equal((response.error as { code?: string }).code, "timeout");
  assert.equal(filter.backends["users"]!.requests[1]!.headers["authorization"], "Bearer t2");
});
