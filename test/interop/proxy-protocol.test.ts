import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { findFreePorts, makeCertificateAuthority } from "@heddle/testkit";
import { type Fabric, openFabric } from "../conformance/fabric.ts";
import { gateway, httpsListener, type Manifest, prefix, route, tlsSecret } from "../conformance/manifests.ts";
import { requireCommand, run, startServer } from "./command.ts";

/** Where clients come from: an address that only a header can tell those behind a proxy. */
const CLIENT = "127.0.0.5";

/** Origins that require the header, and say who the client is. */
const ORIGINS = ["haproxy-v1", "haproxy-v2", "nginx-v1", "nginx-v2"] as const;

/** client → front (HAProxy or nginx) → Heddle → origin (HAProxy or nginx), the PROXY protocol between all of them. */
describe("the PROXY protocol with HAProxy, nginx and curl", () => {
  const stack = new AsyncDisposableStack();
  let fabric: Fabric<"http" | "https">;
  let fronts: Record<"haproxy-v1" | "haproxy-v2" | "haproxy-tls" | "nginx", number>;

  before(async () => {
    requireCommand("haproxy", "haproxy");
    requireCommand("nginx", "nginx-light and libnginx-mod-stream");
    requireCommand("curl", "curl");
    const folder = mkdtempSync(path.join(tmpdir(), "heddle-proxied-"));
    stack.defer(() => rmSync(folder, { recursive: true, force: true }));
    const certificate = await (await makeCertificateAuthority()).issue({ names: ["a.example"] });
    const ports = await findFreePorts(6);
    const [haproxyOrigin = 0, nginxOrigin = 0, one = 0, two = 0, three = 0, four = 0] = ports;
    fronts = { "haproxy-v1": one, "haproxy-v2": two, "haproxy-tls": three, nginx: four };
    fabric = await openFabric({
      ports: ["http", "https"],
      resources: (own) => [
        tlsSecret("infra/own", certificate),
        {
          apiVersion: "heddle.dev/v1alpha1",
          kind: "GatewaySettings",
          metadata: { namespace: "infra", name: "behind" },
          spec: { proxyProtocol: { trustedSources: ["127.0.0.0/8"] } },
        },
        gateway(
          "infra/edge",
          [
            { name: "http", port: own.http, protocol: "HTTP" },
            httpsListener("https", own.https, [{ name: "own" }]),
          ],
          {
            infrastructure: {
              parametersRef: { group: "heddle.dev", kind: "GatewaySettings", name: "behind" },
            },
          },
        ),
        ...ORIGINS.map((name) => told(name, name.startsWith("nginx") ? nginxOrigin : haproxyOrigin)),
        route(
          "infra/origins",
          "edge",
          ORIGINS.map((name) => ({
            matches: [prefix(`/${name}`)],
            backendRefs: [{ group: "heddle.dev", kind: "Backend", name }],
          })),
        ),
      ],
    });
    stack.use(fabric);
    stack.use(await startHaproxy(folder, haproxyOrigin, fronts, fabric.ports));
    stack.use(await startNginx(folder, nginxOrigin, four, fabric.ports.http));
  });

  after(() => stack.disposeAsync());

  /** Who the client is to that origin; `url` is one of a.example. */
  async function ask(url: string, ...more: string[]): Promise<string> {
    const at = ["--resolve", `a.example:${new URL(url).port}:127.0.0.1`];
    const { status, output } = await run("curl", [
      "-sk",
      "--max-time",
      "10",
      "--interface",
      CLIENT,
      ...at,
      ...more,
      url,
    ]);
    assert.equal(status, 0, output);
    return output.trim();
  }

  for (const origin of ORIGINS) {
    test(`${origin}: the client is known behind every front, by HTTP/1.1, HTTP/2 and TLS`, async () => {
      for (const front of ["haproxy-v1", "haproxy-v2", "nginx"] as const) {
        const url = `http://a.example:${fronts[front]}/${origin}`;
        assert.equal(await ask(url), CLIENT, front);
        assert.equal(await ask(url, "--http2-prior-knowledge"), CLIENT, front);
      }
      const secure = `https://a.example:${fronts["haproxy-tls"]}/${origin}`;
      assert.equal(await ask(secure, "--http1.1"), CLIENT);
      assert.equal(await ask(secure, "--http2"), CLIENT);
    });
  }

  test("curl --haproxy-protocol, in clear text and before TLS", async () => {
    for (const [scheme, port] of Object.entries(fabric.ports)) {
      assert.equal(await ask(`${scheme}://a.example:${port}/haproxy-v2`, "--haproxy-protocol"), CLIENT);
    }
  });
});

const told = (name: (typeof ORIGINS)[number], port: number): Manifest => ({
  apiVersion: "heddle.dev/v1alpha1",
  kind: "Backend",
  metadata: { namespace: "infra", name },
  spec: { url: `http://127.0.0.1:${port}`, proxyProtocol: name.slice(-2) },
});

/** Fronts that pass TCP on, with health checks of their own; and an origin. */
function startHaproxy(
  folder: string,
  origin: number,
  fronts: Record<string, number>,
  heddle: Record<"http" | "https", number>,
): Promise<AsyncDisposable> {
  const file = path.join(folder, "haproxy.cfg");
  const front = (name: string, to: number, options: string) => `
listen ${name}
  mode tcp
  bind 127.0.0.1:${fronts[name]}
  server heddle 127.0.0.1:${to} ${options}
`;
  writeFileSync(
    file,
    `defaults
  timeout client 30s
  timeout server 30s
  timeout connect 5s
${front("haproxy-v1", heddle.http, "send-proxy check check-send-proxy inter 100ms")}
${front("haproxy-v2", heddle.http, "send-proxy-v2 proxy-v2-options crc32c check check-send-proxy inter 100ms")}
${front("haproxy-tls", heddle.https, "send-proxy-v2")}
frontend origin
  mode http
  bind 127.0.0.1:${origin} accept-proxy
  http-request return status 200 content-type text/plain lf-string "%[src]"
`,
  );
  return startServer("haproxy", ["-db", "-f", file], origin);
}

/** A front that passes TCP on, and an origin. */
function startNginx(folder: string, origin: number, front: number, heddle: number): Promise<AsyncDisposable> {
  mkdirSync(path.join(folder, "tmp"));
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    .map((name) => `${name}_temp_path ${folder}/tmp;`)
    .join(" ");
  const file = path.join(folder, "nginx.conf");
  writeFileSync(
    file,
    `load_module /usr/lib/nginx/modules/ngx_stream_module.so;
daemon off; master_process off; pid ${folder}/pid; error_log stderr error; events {}
stream { server { listen 127.0.0.1:${front}; proxy_pass 127.0.0.1:${heddle}; proxy_protocol on; } }
http {
  access_log off; ${temporary}
  server { listen 127.0.0.1:${origin} proxy_protocol; location / { return 200 $proxy_protocol_addr; } }
}`,
  );
  return startServer("nginx", ["-p", folder, "-c", file], origin);
}
