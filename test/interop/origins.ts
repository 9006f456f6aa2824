import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import http from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { findFreePorts, listenOnFreePort } from "@heddle/testkit";
import { requireCommand, startServer } from "./command.ts";

/** An origin that answers each request with the path as it read it, in `x-path`. */
export interface Origin extends AsyncDisposable {
  name: string;
  port: number;
}

export const openers: Record<string, () => Promise<Origin>> = {
  nginx: openNginx,
  haproxy: openHaproxy,
  node: openNode,
};

async function openNginx(): Promise<Origin> {
  requireCommand("nginx", "nginx-light");
  const [port = 0] = await findFreePorts(1);
  const folder = mkdtempSync(path.join(tmpdir(), "heddle-nginx-"));
  mkdirSync(path.join(folder, "tmp"));
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    .map((name) => `${name}_temp_path ${folder}/tmp;`)
    .join(" ");
  const file = path.join(folder, "nginx.conf");
  writeFileSync(
    file,
    `daemon off; master_process off; pid ${folder}/pid; error_log stderr error; events {}
http {
  access_log off; ${temporary} keepalive_requests 100000; underscores_in_headers on;
  server { listen 127.0.0.1:${port}; merge_slashes on;
    location / { add_header x-path $request_uri always; add_header x-read $uri always; return 200 "ok"; } }
}`,
  );
  const server = await startServer("nginx", ["-p", folder, "-c", file], port);
  return dispose("nginx", port, server, folder);
}

async function openHaproxy(): Promise<Origin> {
  requireCommand("haproxy", "haproxy");
  const [port = 0] = await findFreePorts(1);
  const folder = mkdtempSync(path.join(tmpdir(), "heddle-haproxy-"));
  const file = path.join(folder, "haproxy.cfg");
  writeFileSync(
    file,
    `defaults
  mode http
  timeout client 30s
  timeout server 30s
  timeout connect 5s
frontend origin
  bind 127.0.0.1:${port}
  http-request return status 200 content-type text/plain string ok hdr x-path %[path]
`,
  );
  const server = await startServer("haproxy", ["-db", "-f", file], port);
  return dispose("haproxy", port, server, folder);
}

async function openNode(): Promise<Origin> {
  const server = http.createServer((request, response) => {
    request.resume();
    response.setHeader("x-path", request.url ?? "");
    response.end("ok");
  });
  const port = await listenOnFreePort(server);
  return {
    name: "node",
    port,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function dispose(name: string, port: number, server: AsyncDisposable, folder: string): Origin {
  return {
    name,
    port,
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
