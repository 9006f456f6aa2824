import { requireTool } from "../rig/tools.ts";
import { toYaml } from "../rig/proxies/heddle-resources.ts";
import { makeHeddle } from "../rig/proxies/heddle.ts";
import type { Plan } from "../rig/proxies/proxy.ts";
import { chaosResources, type Balancing } from "./heddle-chaos.ts";
import type { Place } from "./network.ts";
import { times } from "./times.ts";

export interface ContestSetup {
  folder: string;
  port: number;
  places: readonly Place[];
}

/** A proxy that is put through the faults. */
export interface Contestant {
  name: string;
  plan: (setup: ContestSetup) => Plan;
}

/** `policy`: with the TrafficPolicy of these times; without: its defaults alone. */
export function heddleContestant(
  name: string,
  apiPort: number,
  options: { hasPolicy: boolean; balancing?: Balancing; builtFolder?: string | undefined; workers?: number },
): Contestant {
  const { hasPolicy, balancing, builtFolder, workers = 1 } = options;
  return {
    name,
    plan: ({ folder, port, places }) => {
      const proxy = makeHeddle({
        name,
        workers,
        hasLog: false,
        builtFolder,
        apiPort,
        configFiles: [`${folder}/site.yaml`],
      });
      const setup = { folder, port, upstreamPort: 0, carries: "http1", tls: undefined, routes: 1 } as const;
      const files = { "site.yaml": toYaml(chaosResources({ port, places, hasPolicy, balancing })) };
      return { ...proxy.plan(setup), files };
    },
  };
}

/**
 * HAProxy as its manual advises for this: connections are kept, what may safely be sent again is, to another server,
 * and a server is marked down by checks as well as by its answers.
 */
export function haproxyContestant(balance: "leastconn" | "roundrobin" = "leastconn"): Contestant {
  return {
    name: balance === "leastconn" ? "haproxy" : `haproxy, ${balance}`,
    plan: ({ folder, port, places }) => ({
      command: { argv: [requireTool("haproxy"), "-db", "-f", `${folder}/haproxy.cfg`] },
      files: { "haproxy.cfg": haproxyConfig(port, places, balance) },
      startTimeoutMs: 20_000,
    }),
  };
}

function haproxyConfig(port: number, places: readonly Place[], balance: string): string {
  const { connectMs, attemptMs, checkMs, checkThreshold, faultThreshold } = times;
  const servers = places.map(({ address, port: at }, i) => `  server s${i} ${address}:${at} check\n`);
  return `global
  nbthread 1
  maxconn 8000
defaults
  mode http
  option forwardfor
  option http-keep-alive
  option redispatch 1
  http-reuse safe
  retries 3
  retry-on all-retryable-errors
  timeout connect ${connectMs}
  timeout client 1h
  timeout server ${attemptMs}
  timeout check ${checkMs}
  timeout queue 10s
  timeout http-keep-alive 1h
frontend in
  bind 127.0.0.1:${port} backlog 4096
  default_backend service
backend service
  balance ${balance}
  option httpchk GET /healthz
  # what may have had an effect is not sent twice
  http-request disable-l7-retry if METH_POST
  default-server inter ${checkMs} fastinter ${checkMs} downinter ${checkMs} fall ${checkThreshold} rise ${checkThreshold} observe layer7 error-limit ${faultThreshold} on-error mark-down
${servers.join("")}`;
}

/** nginx (it has no active health checks but in its paid edition). */
export function nginxContestant(balance: "least_conn" | "round robin" = "least_conn"): Contestant {
  return {
    name: balance === "least_conn" ? "nginx" : `nginx, ${balance}`,
    plan: ({ folder, port, places }) => ({
      command: { argv: [requireTool("nginx"), "-e", "stderr", "-p", folder, "-c", `${folder}/nginx.conf`] },
      files: { "nginx.conf": nginxConfig(folder, port, places, balance) },
      startTimeoutMs: 20_000,
    }),
  };
}

function nginxConfig(folder: string, port: number, places: readonly Place[], balance: string): string {
  const { connectMs, attemptMs, faultThreshold } = times;
  const servers = places.map(
    ({ address, port: at }) => `    server ${address}:${at} max_fails=${faultThreshold} fail_timeout=5s;\n`,
  );
  return `daemon off;
worker_processes 1;
worker_rlimit_nofile 16384;
pid ${folder}/nginx.pid;
error_log stderr crit;
events { worker_connections 8192; }
http {
  access_log off;
  client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy; fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi; scgi_temp_path ${folder}/scgi;
  tcp_nodelay on;
  keepalive_timeout 1h;
  keepalive_requests 1000000000;
  upstream backend {
    zone backend 256k;
${balance === "least_conn" ? "    least_conn;\n" : ""}${servers.join("")}    keepalive 256;
    keepalive_requests 1000000000;
    keepalive_time 24h;
    keepalive_timeout 1h;
  }
  proxy_http_version 1.1;
  proxy_set_header Connection "";
  proxy_set_header Host $http_host;
  proxy_buffers 16 16k;
  proxy_busy_buffers_size 64k;
  proxy_max_temp_file_size 0;
  proxy_connect_timeout ${connectMs}ms;
  proxy_read_timeout ${attemptMs}ms;
  proxy_send_timeout ${attemptMs}ms;
  proxy_next_upstream error timeout invalid_header http_502 http_503 http_504;
  proxy_next_upstream_tries 4;
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location / { proxy_pass http://backend; }
  }
}
`;
}
