import assert from "node:assert/strict";
import { request } from "node:http";
import { after, before, test } from "node:test";
import { validateResource, type Resource } from "../resources/index.ts";
import { openMemoryStore, type Store } from "../store/index.ts";
import { openApi, type Api } from "./open-api.ts";

const token = "t".repeat(43);
const canary = Buffer.from("canary-of-a-secret").toString("base64");
const errors: string[] = [];
let store: Store;
let api: Api;
let unready: string[] = [];

const resource = (document: unknown): Resource => validateResource(document).resource!;
const backend = (name: string, namespace: string, labels: Record<string, string> = {}) =>
  resource({
    apiVersion: "heddle.dev/v1alpha1",
    kind: "Backend",
    metadata: { name, namespace, labels },
    spec: { url: "http://127.0.0.1:1" },
  });

before(async () => {
  store = openMemoryStore();
  await store.put(backend("a", "default", { app: "web" }));
  await store.put(backend("b", "shop"));
  await store.put(
    resource({
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "s", namespace: "shop" },
      data: { key: canary },
    }),
  );
  api = await openApi({
    descriptor: null,
    address: { host: "127.0.0.1", port: 0 },
    store,
    token,
    facts: {
      version: "1.2.3",
      metrics: () => ({ text: "up 1\n", contentType: "text/plain; version=0.0.4" }),
      unready: () => unready,
      page: () => {
        throw new Error("page is broken");
      },
      createdAt: (key) => (key.endsWith("/shop/b") ? "2026-01-31T12:00:00Z" : undefined),
      explain: (params) => Promise.reject(new Error(`no ${params.get("url")}`)),
    },
    onError: (error) => errors.push(error.message),
  });
});

after(async () => {
  await api.close();
  await store.close();
});

interface Got {
  readonly status: number;
  readonly body: string;
  readonly json: Record<string, unknown>;
  readonly headers: Record<string, string | string[] | undefined>;
}

/** `fetch` sets Host by itself: this one lets it be anything. */
function get(path: string, headers: Record<string, string> = {}, method = "GET"): Promise<Got> {
  const { promise, resolve, reject } = Promise.withResolvers<Got>();
  const { host, port } = api.address;
  request({ host, port, path, headers, method }, (response) => {
    let body = "";
    response.setEncoding("utf8").on("data", (text: string) => (body += text));
    response.on("end", () => {
      const isJson = response.headers["content-type"] === "application/json" && body !== "";
      const json = isJson ? (JSON.parse(body) as Got["json"]) : {};
      resolve({ status: response.statusCode ?? 0, body, json, headers: response.headers });
    });
  })
    .on("error", reject)
    .end();
  return promise;
}

const names = ({ json }: Got) =>
  (json["items"] as Resource[]).map(({ metadata }) => `${metadata.namespace}/${metadata.name}`);
const metadataOf = ({ json }: Got) => json["metadata"] as Resource["metadata"];
const backends = "/apis/heddle.dev/v1alpha1";

test("a resource says since when it is there, where its document does not", async () => {
  const one = await get(`${backends}/namespaces/shop/backends/b`);
  assert.equal(metadataOf(one).creationTimestamp, "2026-01-31T12:00:00Z");
  const items = (await get(`${backends}/backends`)).json["items"] as Resource[];
  assert.deepEqual(
    items.map(({ metadata }) => metadata.creationTimestamp),
    [undefined, "2026-01-31T12:00:00Z"],
  );
});

test("discovery names groups, versions and resources", async () => {
  assert.deepEqual((await get("/api")).json["versions"], ["v1"]);
  const groups = (await get("/apis")).json["groups"] as {
    name: string;
    preferredVersion: { version: string };
  }[];
  assert.equal(
    groups.find(({ name }) => name === "gateway.networking.k8s.io")!.preferredVersion.version,
    "v1",
  );
  assert.equal((await get("/apis/heddle.dev")).json["kind"], "APIGroup");
  const { json } = await get("/apis/gateway.networking.k8s.io/v1");
  const routes = (json["resources"] as { name: string; verbs: string[] }[]).find(
    ({ name }) => name === "httproutes",
  );
  assert.deepEqual(routes!.verbs, ["get", "list", "watch"]);
  assert.equal((await get("/api/v1")).json["kind"], "APIResourceList");
  assert.equal((await get("/version")).json["gitVersion"], "v1.2.3");
});

test("kubectl does not warn that a short name is ambiguous: a subresource has none", async () => {
  for (const path of ["/api/v1", "/apis/gateway.networking.k8s.io/v1"]) {
    const resources = (await get(path)).json["resources"] as { name: string; shortNames?: string[] }[];
    const subresources = resources.filter(({ name }) => name.includes("/"));
    assert.ok(subresources.length > 0);
    assert.deepEqual(
      subresources.filter(({ shortNames }) => shortNames !== undefined),
      [],
    );
  }
});

test("lists of a namespace, of all, by labels and by name; one by name", async () => {
  assert.deepEqual(names(await get(`${backends}/backends`)), ["default/a", "shop/b"]);
  assert.deepEqual(names(await get(`${backends}/namespaces/shop/backends`)), ["shop/b"]);
  assert.deepEqual(names(await get(`${backends}/backends?labelSelector=app%3Dweb`)), ["default/a"]);
  assert.deepEqual(names(await get(`${backends}/backends?fieldSelector=metadata.name%3Db`)), ["shop/b"]);
  const list = await get(`${backends}/backends`);
  assert.equal(list.json["kind"], "BackendList");
  assert.equal(metadataOf(list).resourceVersion, "3");
  const one = await get(`${backends}/namespaces/default/backends/a`);
  assert.equal(metadataOf(one).generation, 1);
  assert.equal((await get(`${backends}/namespaces/default/backends/a/status`)).status, 200);
});

test("what is not there, not served, not readable or a write is a Status object", async () => {
  const reason = async (path: string, method = "GET") => {
    const { status, json } = await get(path, {}, method);
    assert.equal(json["kind"], "Status");
    return [status, json["reason"], json["message"]];
  };
  assert.deepEqual(await reason(`${backends}/namespaces/default/backends/none`), [
    404,
    "NotFound",
    'backends.heddle.dev "none" not found',
  ]);
  const unserved = [
    "/nothing",
    "/api/v2",
    "/apis/x/v1/y",
    "/apis//v1/secrets",
    `${backends}/backends/a`,
    `${backends}/namespaces/default/backends/a/scale`,
  ];
  for (const path of unserved) assert.equal((await reason(path))[0], 404, path);
  assert.equal((await reason(`${backends}/backends?labelSelector=a%20b`))[0], 400);
  assert.equal((await reason(`/api/v1/%zz`))[0], 400);
  for (const method of ["POST", "PUT", "PATCH", "DELETE"]) {
    const [status, why, message] = await reason(`${backends}/namespaces/default/backends/a`, method);
    assert.deepEqual([status, why], [405, "MethodNotAllowed"]);
    assert.match(String(message), /this version's API reads/);
  }
});

test("what is generated is shown with its address, and refuses writes by naming its owner", async () => {
  const generated = {
    apiVersion: "v1",
    kind: "Service",
    metadata: {
      name: "edge-heddle",
      namespace: "made",
      ownerReferences: [{ apiVersion: "x/v1", kind: "Gateway", name: "edge", uid: "", controller: true }],
    },
    spec: { type: "LoadBalancer", ports: [{ port: 53, protocol: "UDP" }] },
    status: { loadBalancer: { ingress: [{ ip: "127.0.0.9" }] } },
  } satisfies Resource;
  await store.put(generated);
  const path = "/api/v1/namespaces/made/services";
  const accept = "application/json;as=Table;v=v1;g=meta.k8s.io";
  const { json } = await get(path, { accept });
  const { cells } = (json["rows"] as { cells: string[] }[])[0]!;
  assert.deepEqual(cells.slice(0, 4), ["edge-heddle", "LoadBalancer", "127.0.0.9", "53/UDP"]);
  for (const method of ["PUT", "PATCH", "DELETE"]) {
    const refused = await get(`${path}/edge-heddle`, {}, method);
    assert.deepEqual([refused.status, refused.json["reason"]], [403, "Forbidden"]);
    assert.match(String(refused.json["message"]), /generated for Gateway made\/edge and follows it/);
  }
  assert.equal((await get(path, {}, "POST")).status, 405);
});

test("Secrets need the token, in every form that they could be asked for", async () => {
  const paths = [
    "/api/v1/secrets",
    "/api/v1/namespaces/shop/secrets",
    "/api/v1/namespaces/shop/secrets/s",
    "/api/v1/secrets?watch=true",
    "//api/v1/secrets",
    "/api/v1/%73ecrets",
  ];
  for (const path of paths) {
    const answer = await get(path);
    assert.equal(answer.status, 401, path);
    assert.equal(answer.body.includes(canary), false, path);
    assert.equal((await get(path, { authorization: `Bearer ${token.slice(1)}x` })).status, 401);
  }
  const authorization = `Bearer ${token}`;
  assert.equal(
    ((await get("/api/v1/namespaces/shop/secrets/s", { authorization })).json["data"] as { key: string }).key,
    canary,
  );
});

test("a request under another name or from another page gets nothing, also without data in it", async () => {
  for (const path of ["/", "/metrics", "/readyz", "/healthz", "/api", `${backends}/backends`, "/explain"]) {
    assert.equal((await get(path, { host: "evil.example" })).status, 421, path);
    assert.equal((await get(path, { origin: "http://evil.example" })).status, 403, path);
    const answer = await get(path, { "sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors" });
    assert.equal(answer.status, 403, path);
    assert.equal(answer.headers["access-control-allow-origin"], undefined);
  }
  const post = await get(`${backends}/backends`, { origin: "http://evil.example" }, "POST");
  assert.equal(post.status, 403);
});

test("answers cannot be guessed at, framed or kept", async () => {
  const { headers } = await get("/healthz");
  assert.equal(headers["x-content-type-options"], "nosniff");
  assert.equal(headers["cache-control"], "no-store");
  assert.equal(headers["cross-origin-resource-policy"], "same-origin");
  assert.match(String(headers["content-security-policy"]), /default-src 'none'/);
});

test("a Table as kubectl asks for it", async () => {
  const accept = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json";
  const { json } = await get(`${backends}/backends`, { accept });
  assert.equal(json["kind"], "Table");
  assert.deepEqual(
    (json["columnDefinitions"] as { name: string }[]).map(({ name }) => name),
    ["Name", "Accepted", "Age"],
  );
  assert.deepEqual((json["rows"] as { cells: string[] }[])[0]!.cells, ["a", "Unknown", "<unknown>"]);
});

test("a watch tells what there is, then what changes, until it is over", async () => {
  const lines: { type: string; object: Resource }[] = [];
  const watching = fetch(`${api.url}${backends}/namespaces/watched/backends?watch=true&timeoutSeconds=60`);
  await store.put(backend("one", "watched"));
  const response = await watching;
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  const next = async (count: number) => {
    while (lines.length < count) {
      const { value = "", done } = await reader.read();
      assert.equal(done, false);
      text += value;
      for (let end = text.indexOf("\n"); end !== -1; end = text.indexOf("\n")) {
        lines.push(JSON.parse(text.slice(0, end)) as (typeof lines)[number]);
        text = text.slice(end + 1);
      }
    }
  };
  await next(1);
  await store.put(backend("elsewhere", "default"));
  await store.put(backend("two", "watched"));
  await store.delete("heddle.dev/Backend/watched/one");
  await next(3);
  assert.deepEqual(
    lines.map(({ type, object }) => `${type} ${object.metadata.name}`),
    ["ADDED one", "ADDED two", "DELETED one"],
  );
  await reader.cancel();
});

test("readiness says why not; a fault inside is logged and not told", async () => {
  assert.deepEqual([(await get("/readyz")).status, (await get("/livez")).body], [200, "ok\n"]);
  unready = ["draining"];
  const answer = await get("/readyz");
  assert.deepEqual([answer.status, answer.body], [503, "draining\n"]);
  unready = [];
  const page = await get("/");
  assert.deepEqual([page.status, page.body.includes("broken"), errors], [500, false, ["page is broken"]]);
  assert.equal((await get("/metrics")).body, "up 1\n");
  assert.equal((await get("/explain?url=x")).json["message"], "no x");
});

test("HEAD has the head of GET and no body", async () => {
  const { status, body, headers } = await get("/healthz", {}, "HEAD");
  assert.deepEqual([status, body, headers["content-length"]], [200, "", "3"]);
});
