import assert from "node:assert/strict";
import { test } from "node:test";
import {
  connectHttp2,
  openHttp2Server,
  startHeddle,
  type Http2Client,
  type Http2Response,
} from "@heddle/testkit";

/** Marks what passes, and does what a header asks of the filter with its label. */
const filter = `
import { defineFilter, textReply } from "@heddle/filters/define";
export default defineFilter({
  name: "mark",
  schema: { type: "object", properties: { label: { type: "string" } }, required: ["label"] },
  create({ label }) {
    const asked = (exchange, name) => exchange.request.fields.get(name) === label;
    return {
      requestHead(exchange) {
        exchange.request.fields.add("x-mark", label);
        if (asked(exchange, "x-refuse")) return textReply(403, "refused by " + label, { "x-why": label });
        if (asked(exchange, "x-throw")) throw new Error("thrown by " + label);
      },
      responseHead(exchange, head) {
        if (asked(exchange, "x-refuse-answer")) return textReply(409, "taken back by " + label);
        if (asked(exchange, "x-throw-answer")) throw new Error("thrown by " + label);
        head.fields.add("x-marked", label);
      },
    };
  },
});
`;

const labels = ["gateway", "rule", "ref", "service", "backend"] as const;
type Label = (typeof labels)[number];

/** What each path, or gRPC service, meets, in the order of the request. */
const places: Readonly<Record<string, readonly Label[]>> = {
  rule: ["gateway", "rule"],
  ref: ["gateway", "ref"],
  service: ["gateway", "service"],
  backend: ["gateway", "backend"],
  all: ["gateway", "rule", "ref", "service"],
};

const extension = (label: Label) =>
  `[{ type: ExtensionRef, extensionRef: { group: heddle.dev, kind: Filter, name: ${label} } }]`;

const ruleOf = (name: string, met: readonly Label[], match: string): string => {
  const target = met.includes("service")
    ? "name: guarded, port: 80"
    : met.includes("backend")
      ? "group: heddle.dev, kind: Backend, name: guarded"
      : "name: open, port: 80";
  return `
    - name: ${name}
      matches: [${match}]
      filters: ${met.includes("rule") ? extension("rule") : "[]"}
      backendRefs: [{ ${target}, filters: ${met.includes("ref") ? extension("ref") : "[]"} }]`;
};

const rules = (match: (name: string) => string): string =>
  Object.entries(places)
    .map(([name, met]) => ruleOf(name, met, match(name)))
    .join("");

const policy = (name: Label, target: string): string => `---
apiVersion: heddle.dev/v1alpha1
kind: FilterPolicy
metadata: { name: ${name} }
spec: { targetRefs: [${target}], filters: [{ name: ${name} }] }
`;

const configuration = (port: number, backend: number): string => `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: edge }
spec: { gatewayClassName: heddle, listeners: [{ name: http, protocol: HTTP, port: ${port} }] }
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: pages }
spec:
  parentRefs: [{ name: edge }]
  hostnames: [pages.example]
  rules: ${rules((name) => `{ path: { value: /${name} } }`)}
---
apiVersion: gateway.networking.k8s.io/v1
kind: GRPCRoute
metadata: { name: calls }
spec:
  parentRefs: [{ name: edge }]
  hostnames: [calls.example]
  rules: ${rules((name) => `{ method: { service: ${name} } }`)}
${labels
  .map(
    (name) => `---
apiVersion: heddle.dev/v1alpha1
kind: Filter
metadata: { name: ${name} }
spec: { module: ./mark.js, config: { label: ${name} } }
`,
  )
  .join("")}${policy("gateway", "{ kind: Gateway, name: edge }")}${policy(
  "service",
  "{ kind: Service, name: guarded }",
)}${policy("backend", "{ kind: Backend, name: guarded }")}---
apiVersion: heddle.dev/v1alpha1
kind: Backend
metadata: { name: guarded }
spec: { url: "http://127.0.0.1:${backend}", protocol: HTTP2 }
${["open", "guarded"]
  .map(
    (name) => `---
apiVersion: v1
kind: Service
metadata: { name: ${name} }
spec: { ports: [{ name: http, port: 80, appProtocol: kubernetes.io/h2c }] }
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: ${name}, labels: { kubernetes.io/service-name: ${name} } }
addressType: IPv4
ports: [{ name: http, port: ${backend} }]
endpoints: [{ addresses: [127.0.0.1] }]
`,
  )
  .join("")}`;

/** Answers requests and calls alike, and says which marks it saw. */
const openBackend = () =>
  openHttp2Server((stream, headers) => {
    const isCall = headers["content-type"] === "application/grpc";
    stream.respond(
      {
        ":status": 200,
        "content-type": isCall ? "application/grpc" : "text/plain",
        "x-saw": String(headers["x-mark"]),
      },
      { waitForTrailers: isCall },
    );
    stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
    stream.resume();
    stream.end(Buffer.from([0, 0, 0, 0, 0]));
  });

const ask = (client: Http2Client, place: string, headers: Record<string, string>): Promise<Http2Response> =>
  client.request({ ":path": `/${place}/x`, ":authority": "pages.example", ...headers });

const call = (client: Http2Client, place: string, headers: Record<string, string>): Promise<Http2Response> =>
  client.request(
    {
      ":method": "POST",
      ":path": `/${place}/Do`,
      ":authority": "calls.example",
      "content-type": "application/grpc",
      te: "trailers",
      ...headers,
    },
    { body: Buffer.from([0, 0, 0, 0, 0]) },
  );

/** Trailers-Only: the status is in the head, and nothing follows. */
function assertRefusedCall(answer: Http2Response, status: number, message: RegExp): void {
  assert.equal(answer.status, 200);
  assert.equal(answer.headers["content-type"], "application/grpc");
  assert.equal(answer.headers["grpc-status"], String(status));
  assert.match(decodeURIComponent(String(answer.headers["grpc-message"] ?? "")), message);
  assert.deepEqual(
    [answer.body.length, answer.headers["content-length"], answer.trailers],
    [0, undefined, {}],
  );
}

test("filters of the user's on rules, backendRefs, Gateways, Services and Backends, of requests and of calls", async (t) => {
  await using backend = await openBackend();
  await using heddle = await startHeddle({
    files: ({ http }) => ({
      "site.yaml": configuration(http, backend.port),
      "mark.js": filter,
      "package.json": '{ "type": "module" }',
    }),
  });
  await using client = await connectHttp2(heddle.ports.http);
  for (const [place, met] of Object.entries(places)) {
    const saw = met.join(",").replaceAll(",", ", ");
    const marked = met.toReversed().join(", ");
    await t.test(`${place}: a request`, async () => {
      const passed = await ask(client, place, {});
      assert.deepEqual([passed.status, passed.headers["x-saw"]], [200, saw]);
      assert.equal(passed.headers["x-marked"], marked);
      for (const label of met) {
        const before = backend.streamCount;
        const refused = await ask(client, place, { "x-refuse": label });
        assert.deepEqual([refused.status, refused.body.toString()], [403, `refused by ${label}`]);
        assert.equal((await ask(client, place, { "x-throw": label })).status, 500);
        assert.equal(backend.streamCount, before, "the backend is not asked");
        const back = await ask(client, place, { "x-refuse-answer": label });
        assert.deepEqual([back.status, back.body.toString()], [409, `taken back by ${label}`]);
        assert.equal((await ask(client, place, { "x-throw-answer": label })).status, 500);
      }
    });
    await t.test(`${place}: a call`, async () => {
      const passed = await call(client, place, {});
      assert.deepEqual([passed.status, passed.headers["x-saw"]], [200, saw]);
      assert.deepEqual([passed.headers["x-marked"], passed.trailers["grpc-status"]], [marked, "0"]);
      for (const label of met) {
        const before = backend.streamCount;
        const refused = await call(client, place, { "x-refuse": label });
        assertRefusedCall(refused, 7, new RegExp(`^refused by ${label}$`));
        assert.equal(refused.headers["x-why"], label);
        assertRefusedCall(await call(client, place, { "x-throw": label }), 13, /HDL_FILTER_FAILED/);
        assert.equal(backend.streamCount, before, "the backend is not asked");
        const back = await call(client, place, { "x-refuse-answer": label });
        assertRefusedCall(back, 2, new RegExp(`^taken back by ${label}$`));
        assertRefusedCall(await call(client, place, { "x-throw-answer": label }), 13, /HDL_FILTER_FAILED/);
        const web = { "content-type": "application/grpc-web", "x-refuse": label };
        const byBrowser = await call(client, place, web);
        assert.deepEqual([byBrowser.status, byBrowser.body[0]], [200, 0x80]);
        assert.match(byBrowser.body.toString(), /grpc-status: ?7\r\n/);
      }
    });
  }
});
