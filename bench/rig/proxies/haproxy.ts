import { readFileSync } from "node:fs";
import { guardAudience, guardIssuer, guardRate } from "../guard.ts";
import { requireTool } from "../tools.ts";
import { isH2Downstream, isH2Upstream, routePrefix, type Plan, type Proxy, type Setup } from "./proxy.ts";

/**
 * HAProxy with one thread, upstream keep-alive and X-Forwarded-For. It writes its log to a socket, never to a file,
 * and there is no log daemon here to pay for: its row carries no log, which favours it.
 */
export const haproxy: Proxy = { name: "haproxy", needs: ["haproxy"], plan: (setup) => plan(setup, false) };

/** The same for TCP with splicing: bytes go from socket to socket within the kernel. */
export const haproxySplicing: Proxy = {
  name: "haproxy, splicing",
  needs: ["haproxy"],
  plan: (setup) => plan(setup, true),
};

function plan(setup: Setup, splices: boolean): Plan {
  const { folder, tls } = setup;
  const files: Record<string, string> = {
    "haproxy.cfg": setup.carries === "tcp" ? tcpConfig(setup, splices) : haproxyConfig(setup),
  };
  if (setup.guard?.name === "jwt") files["jwt.pem"] = setup.guard.publicKeyPem;
  if (setup.routes > 1) files["routes.map"] = routesMap(setup.routes);
  // HAProxy wants certificate and key in one file
  if (tls) files["site.pem"] = readFileSync(tls.certificateFile, "utf8") + readFileSync(tls.keyFile, "utf8");
  return {
    command: { argv: [requireTool("haproxy"), "-db", "-f", `${folder}/haproxy.cfg`] },
    files,
    startTimeoutMs: 20_000,
  };
}

function haproxyConfig({ folder, port, upstreamPort, carries, tls, routes, guard }: Setup): string {
  const isH2 = isH2Downstream(carries);
  const bindTls = tls
    ? ` ssl crt ${folder}/site.pem ssl-min-ver TLSv1.2 alpn ${isH2 ? "h2" : "http/1.1"}`
    : "";
  const bindH2 = isH2 && !tls ? " proto h2" : "";
  const choose =
    routes === 1 ? "default_backend service" : `use_backend %[path,map_beg(${folder}/routes.map)]`;
  return `global
  nbthread 1
  maxconn 8000
defaults
  mode http
  option forwardfor
  option http-keep-alive
  http-reuse always
  timeout connect 5s
  timeout client 1h
  timeout server 1h
  timeout http-keep-alive 1h
frontend in
  bind 127.0.0.1:${port} backlog 4096${bindTls}${bindH2}
${guard?.name === "jwt" ? jwtRules(folder) : ""}  ${choose}
backend service
  server one 127.0.0.1:${upstreamPort}${isH2Upstream(carries) ? " proto h2" : ""}
`;
}

/**
 * What Heddle's policies do, by `jwt_verify` and a stick table: algorithm, signature, issuer, audience and expiry, the
 * rate of the subject, and the subject as a header. It verifies each token each time; it has no cache.
 */
function jwtRules(folder: string): string {
  const claim = (name: string, type = ""): string => `http_auth_bearer,jwt_payload_query('$.${name}'${type})`;
  return [
    "stick-table type string len 64 size 100k expire 60s store http_req_rate(1s)",
    "http-request set-var(txn.alg) http_auth_bearer,jwt_header_query('$.alg')",
    "http-request deny deny_status 401 unless { var(txn.alg) -m str RS256 }",
    `http-request deny deny_status 401 unless { ${claim("iss")} -m str ${guardIssuer} }`,
    `http-request deny deny_status 401 unless { ${claim("aud")} -m str ${guardAudience} }`,
    `http-request set-var(txn.exp) ${claim("exp", ",'int'")}`,
    "http-request set-var(txn.now) date()",
    "http-request deny deny_status 401 if { var(txn.exp),sub(txn.now) -m int lt 0 }",
    `http-request deny deny_status 401 unless { http_auth_bearer,jwt_verify(txn.alg,"${folder}/jwt.pem") 1 }`,
    `http-request set-var(txn.user) ${claim("sub")}`,
    "http-request track-sc0 var(txn.user)",
    `http-request deny deny_status 429 if { sc_http_req_rate(0) gt ${guardRate} }`,
    "http-request set-header X-User %[var(txn.user)]",
  ]
    .map((line) => `  ${line}\n`)
    .join("");
}

/** `map_beg` finds the longest matching prefix in a tree: HAProxy's own answer to 10,000 routes. */
function routesMap(routes: number): string {
  return Array.from({ length: routes }, (_, i) => `${routePrefix(i)}/ service\n`).join("");
}

function tcpConfig({ port, upstreamPort }: Setup, splices: boolean): string {
  return `global
  nbthread 1
  maxconn 4000
defaults
  mode tcp
  timeout connect 5s
  timeout client 1h
  timeout server 1h
${splices ? "  option splice-auto\n" : ""}listen in
  bind 127.0.0.1:${port} backlog 4096
  server one 127.0.0.1:${upstreamPort}
`;
}
