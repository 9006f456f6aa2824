import assert from "node:assert";
import type { TryRequest } from "./curl.ts";
import type { Answer } from "./send.ts";

/** A feature, the request that shows it, and what must come back. */
export type Try = {
  shows: string;
  request: TryRequest;
  flags?: string[];
  pipe?: string;
  /** Throws when the answers (one for each request of a range) are not as they should be. */
  expect: (answers: Answer[]) => void;
  /** What is looked for arrives a little later: ask again until it is there. */
  isEventual?: boolean;
};

export type Origins = {
  shop: string;
  shopTls: string;
  api: string;
  apiTls: string;
  stock: string;
  prices: string;
  admin: string;
};

/** Everything that the demo prints to try, in order; `--check` sends the same requests. */
export function listTries(at: Origins): Try[] {
  return [
    ...hostsAndPaths(at),
    ...canary(at),
    ...redirects(at),
    ...headersAndCors(at),
    ...orders(at),
    ...streams(at),
    ...payments(at),
    ...stock(at),
    ...prices(at),
    ...heddle(at),
  ];
}

function hostsAndPaths({ shop, shopTls, api, apiTls }: Origins): Try[] {
  return [
    {
      shows: "host: the page, from the storefront",
      request: { url: `${shop}/` },
      expect: only((answer) => assert.match(hasStatus(answer, 200).body, /Warp &amp; Weft/)),
    },
    {
      shows: "https, with the certificate that the demo made",
      request: { url: `${shopTls}/account` },
      expect: only((answer) => assert.match(hasStatus(answer, 200).body, /over <strong>https</)),
    },
    {
      shows: "https on the other host",
      request: { url: `${apiTls}/products?kind=tool` },
      expect: only((answer) => assert.strictEqual(json<{ count: number }>(answer).count, 4)),
    },
    {
      shows: "rewrite: /api/catalog/products reaches the catalog as /products",
      request: { url: `${shop}/api/catalog/products?q=linen` },
      expect: only((answer) => assert.strictEqual(json<{ count: number }>(answer).count, 2)),
    },
    {
      shows: "exact path on the api host",
      request: { url: `${api}/products?q=loom` },
      expect: only((answer) => assert.strictEqual(json<{ count: number }>(answer).count, 1)),
    },
    {
      shows: "regular expression: numbers pass",
      request: { url: `${api}/products/8` },
      expect: only((answer) => assert.strictEqual(json<{ id: number }>(answer).id, 8)),
    },
    {
      shows: "regular expression: words are 404 at the gateway",
      request: { url: `${api}/products/loom` },
      flags: ["-i"],
      expect: only((answer) =>
        assert.strictEqual(hasStatus(answer, 404).headers["catalog-version"], undefined),
      ),
    },
  ];
}

function canary({ shop, api }: Origins): Try[] {
  return [
    {
      shows: "canary by weight: about one in ten is v2",
      request: { url: `${shop}/api/catalog/products?n=[1-200]` },
      flags: ["-s", "-o", "/dev/null", "-w", "%header{catalog-version}\\n"],
      pipe: "sort | uniq -c",
      expect: (answers) => {
        const isV2 = (answer: Answer): boolean => hasStatus(answer, 200).headers["catalog-version"] === "v2";
        const share = answers.filter(isV2).length / answers.length;
        assert.ok(share > 0 && share < 0.3, `${share * 100} % of ${answers.length} answers came from v2`);
      },
    },
    {
      shows: "canary by header: always v2, with reviews",
      request: { url: `${shop}/api/catalog/products/1`, headers: { "x-canary": "always" } },
      flags: ["-i"],
      expect: only((answer) => {
        assert.strictEqual(hasStatus(answer, 200).headers["catalog-version"], "v2");
        assert.strictEqual(json<{ reviews: unknown[] }>(answer).reviews.length, 2);
      }),
    },
    {
      shows: "query parameter: ?preview=v2 is the more specific match",
      request: { url: `${api}/products?preview=v2&q=silk` },
      expect: only((answer) => assert.strictEqual(json<{ version: string }>(answer).version, "v2")),
    },
  ];
}

function redirects({ shop, shopTls }: Origins): Try[] {
  return [
    {
      shows: "redirect: this page only over https",
      request: { url: `${shop}/account` },
      flags: ["-i"],
      expect: only((answer) => redirectsTo(answer, `${shopTls}/account`)),
    },
    {
      shows: "redirect: an old path to its new place",
      request: { url: `${shop}/store/products/1` },
      flags: ["-i"],
      expect: only((answer) => redirectsTo(answer, `${shop}/api/catalog/products/1`)),
    },
  ];
}

function headersAndCors({ shop, api }: Origins): Try[] {
  const preflight = {
    "access-control-request-method": "POST",
    "access-control-request-headers": "content-type",
  };
  return [
    {
      shows: "response headers: x-frame-options set, x-powered-by removed",
      request: { url: `${shop}/`, method: "HEAD" },
      flags: ["-I"],
      expect: only((answer) => {
        assert.strictEqual(hasStatus(answer, 200).headers["x-frame-options"], "DENY");
        assert.strictEqual(answer.headers["x-powered-by"], undefined);
      }),
    },
    {
      shows: "CORS: the page may post to the api host",
      request: { url: `${api}/orders`, method: "OPTIONS", headers: { origin: shop, ...preflight } },
      flags: ["-i"],
      expect: only((answer) => {
        assert.strictEqual(answer.headers["access-control-allow-origin"], shop);
        assert.match(answer.headers["access-control-allow-methods"] ?? "", /POST/);
      }),
    },
    {
      shows: "CORS: another page may not",
      request: {
        url: `${api}/orders`,
        method: "OPTIONS",
        headers: { origin: "https://evil.example", ...preflight },
      },
      flags: ["-i"],
      expect: only((answer) => assert.strictEqual(answer.headers["access-control-allow-origin"], undefined)),
    },
  ];
}

function orders({ shop, api }: Origins): Try[] {
  return [
    {
      shows: "request header: the gateway says `channel: web`, whatever the client claims",
      request: {
        url: `${shop}/api/orders`,
        headers: { "x-shop-channel": "forged" },
        json: { items: [{ productId: 5, quantity: 2 }], note: "mirror me" },
      },
      expect: only((answer) => assert.strictEqual(json<{ channel: string }>(answer, 201).channel, "web")),
    },
    {
      shows: "mirror: the audit service has got a copy of it",
      request: { url: `${api}/audit` },
      isEventual: true,
      expect: only((answer) => {
        const { entries } = json<{ entries: { channel: string; body: string }[] }>(answer);
        assert.ok(entries.some((entry) => entry.channel === "web" && entry.body.includes("mirror me")));
      }),
    },
    {
      shows: "the same service on the api host (half of these are mirrored)",
      request: { url: `${api}/orders`, json: { items: [{ productId: 10 }] } },
      expect: only((answer) => assert.strictEqual(json<{ channel: string }>(answer, 201).channel, "api")),
    },
  ];
}

function streams({ shop, shopTls, api }: Origins): Try[] {
  const upgrade = {
    connection: "upgrade",
    upgrade: "websocket",
    "sec-websocket-version": "13",
    "sec-websocket-key": "aGVkZGxlIHNob3AgZGVtbw==",
  };
  const order = (note: string): TryRequest => ({
    url: `${api}/orders`,
    json: { items: [{ productId: 2 }], note },
  });
  return [
    {
      shows: "streaming: orders as server-sent events (place one on the page meanwhile)",
      request: {
        url: `${api}/orders/stream`,
        endless: { until: "seen on the stream", meanwhile: order("seen on the stream") },
      },
      expect: only((answer) => {
        assert.match(hasStatus(answer, 200).body, /^event: order\ndata: \{"id":/);
        assert.match(answer.body, /seen on the stream/);
      }),
    },
    {
      shows: "streaming: the price ticker",
      request: { url: `${api}/prices`, endless: { until: "\n\n" } },
      expect: only((answer) =>
        assert.match(hasStatus(answer, 200).body, /^event: price\ndata: \{"productId":/),
      ),
    },
    {
      shows: "WebSocket: greets, then pushes each new order",
      request: {
        url: `${shop}/api/orders/live`,
        headers: upgrade,
        endless: { until: "seen live", meanwhile: order("seen live") },
      },
      flags: ["-i", "--http1.1"],
      expect: only((answer) => {
        assert.match(hasStatus(answer, 101).body, /"type":"hello"/);
        assert.match(answer.body, /seen live/);
      }),
    },
    {
      shows: "WebSocket over HTTP/2 (RFC 8441), as the page opens it at the https address",
      request: {
        url: `${shopTls.replace("https:", "wss:")}/api/orders/live`,
        endless: { until: "seen over h2", meanwhile: order("seen over h2") },
      },
      expect: only((answer) => {
        assert.match(hasStatus(answer, 200).body, /"type":"hello"/);
        assert.match(answer.body, /seen over h2/);
      }),
    },
  ];
}

function payments({ api }: Origins): Try[] {
  const chargeRequest = {
    url: `${api}/payments/charge`,
    headers: { "idempotency-key": "demo-1" },
    json: { amountCents: 2900 },
  };
  return [
    {
      shows: "timeout: a second is enough for this one",
      request: { url: `${api}/payments/slow?ms=100` },
      expect: only((answer) => assert.strictEqual(json<{ waitedMs: number }>(answer).waitedMs, 100)),
    },
    {
      shows: "timeout: 504 after a second, not after five",
      request: { url: `${api}/payments/slow?ms=5000` },
      flags: ["-i"],
      expect: only((answer) => hasStatus(answer, 504)),
    },
    {
      shows: "retries: every third call fails upstream, none of these does",
      request: { url: `${api}/payments/flaky?n=[1-9]` },
      flags: ["-s", "-o", "/dev/null", "-w", "%{http_code}\\n"],
      pipe: "sort | uniq -c",
      expect: (answers) => {
        const statuses = answers.map((answer) => answer.status);
        assert.ok(
          statuses.every((status) => status === 200),
          `statuses ${statuses.join(" ")}`,
        );
      },
    },
    {
      shows: "method: charges are there to POST only, GET is 404 at the gateway",
      request: { url: `${api}/payments/charge` },
      flags: ["-i"],
      expect: only((answer) => hasStatus(answer, 404)),
    },
    {
      shows: "a charge",
      request: chargeRequest,
      expect: only((answer) => assert.ok(json<{ id: number }>(answer, 201).id > 1000)),
    },
    {
      shows: "the same charge again: replayed, not repeated",
      request: chargeRequest,
      flags: ["-i"],
      expect: only((answer) =>
        assert.strictEqual(hasStatus(answer, 200).headers["idempotent-replay"], "true"),
      ),
    },
  ];
}

/** The calls are in gRPC-Web's text form, which a shell can show; the body is StockRequest { product: 3 }. */
function stock({ stock: at }: Origins): Try[] {
  const call = (url: string) => ({
    url,
    headers: { "content-type": "application/grpc-web-text" },
    text: "AAAAAAIIAw==",
  });
  return [
    {
      shows: "gRPC: what is left of product 3, by gRPC-Web over HTTP/2",
      request: call(`${at}/shop.Stock/Get`),
      flags: ["-s", "--http2-prior-knowledge"],
      pipe: "base64 -d -i | strings",
      expect: only((answer) => {
        assert.match(fromBase64(hasStatus(answer, 200).body), /south[^]*grpc-status:0/);
      }),
    },
    {
      shows: "gRPC: a method that no route takes is UNIMPLEMENTED (12)",
      request: call(`${at}/shop.Nothing/Get`),
      flags: ["-s"],
      pipe: "base64 -d -i",
      expect: only((answer) => {
        assert.match(fromBase64(hasStatus(answer, 200).body), /grpc-status:12/);
      }),
    },
  ];
}

function prices({ prices: at }: Origins): Try[] {
  return [
    {
      shows: "TCP: a price by a protocol of lines, through a TCPRoute",
      request: { url: at, text: "PRICE 5\nQUIT\n" },
      expect: only((answer) => assert.strictEqual(answer.body, "OK 1450 Texsolv heddles, 100\n")),
    },
  ];
}

/** Pieces that are each padded by themselves. */
function fromBase64(text: string): string {
  const pieces = text.match(/[^=]+=*/g) ?? [];
  return pieces.map((piece) => Buffer.from(piece, "base64").toString("latin1")).join("");
}

function heddle({ admin }: Origins): Try[] {
  return [
    {
      shows: "Heddle: the status of a route",
      request: { url: `${admin}/apis/gateway.networking.k8s.io/v1/namespaces/shop/httproutes/catalog` },
      expect: only((answer) => {
        const { status } = json<{
          status?: { parents?: { conditions: { type: string; status: string }[] }[] };
        }>(answer);
        const accepted = status?.parents?.[0]?.conditions.find((condition) => condition.type === "Accepted");
        assert.strictEqual(accepted?.status, "True");
      }),
    },
    {
      shows: "Heddle: metrics",
      request: { url: `${admin}/metrics` },
      expect: only((answer) => assert.match(hasStatus(answer, 200).body, /^# TYPE /m)),
    },
  ];
}

function only(expect: (answer: Answer) => void): (answers: Answer[]) => void {
  return (answers) => expect(answers[0]!);
}

function hasStatus(answer: Answer, status: number): Answer {
  assert.strictEqual(
    answer.status,
    status,
    `status ${answer.status}, not ${status}: ${answer.body.slice(0, 200)}`,
  );
  return answer;
}

function redirectsTo(answer: Answer, location: string): void {
  assert.strictEqual(hasStatus(answer, 301).headers.location, location);
}

function json<T>(answer: Answer, status = 200): T {
  return JSON.parse(hasStatus(answer, status).body) as T;
}
