import { requireTool } from "../tools.ts";
import { isH2Downstream, routePrefix, type Carried, type Plan, type Proxy, type Setup } from "./proxy.ts";

/** nginx with one worker, upstream keep-alive, X-Forwarded-For and a buffered access log. */
export const nginx: Proxy = { name: "nginx", needs: ["nginx"], plan };

function plan(setup: Setup): Plan {
  const { folder } = setup;
  return {
    command: { argv: [requireTool("nginx"), "-e", "stderr", "-p", folder, "-c", `${folder}/nginx.conf`] },
    files: { "nginx.conf": setup.carries === "tcp" ? streamConfig(setup) : nginxConfig(setup) },
    logFile: `${folder}/access.log`,
    startTimeoutMs: 20_000,
  };
}

// proxy_buffers hold a whole 100 kB answer, so that nginx never spools to a file: that is its better setting.
function nginxConfig({ folder, port, upstreamPort, carries, tls, routes }: Setup): string {
  const http2 = isH2Downstream(carries) ? " http2" : "";
  return `daemon off;
worker_processes 1;
worker_rlimit_nofile 16384;
pid ${folder}/nginx.pid;
error_log stderr error;
events { worker_connections 8192; }
http {
  access_log ${folder}/access.log combined buffer=64k flush=1s;
  client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy; fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi; scgi_temp_path ${folder}/scgi;
  tcp_nodelay on;
  keepalive_timeout 1h;
  keepalive_requests 1000000000;
  upstream backend {
    server 127.0.0.1:${upstreamPort};
    keepalive 2048;
    keepalive_requests 1000000000;
    keepalive_time 24h;
  }
  proxy_http_version 1.1;
  proxy_set_header Connection "";
  proxy_set_header Host $http_host;
  proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
  proxy_buffers 16 16k;
  proxy_busy_buffers_size 64k;
  proxy_max_temp_file_size 0;
  grpc_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
  server {
    listen 127.0.0.1:${port}${tls ? " ssl" : ""}${http2} backlog=4096;
    server_name localhost;
${tls ? tlsLines(tls) : ""}${locations(routes, carries)}  }
}
`;
}

function tlsLines(tls: { certificateFile: string; keyFile: string }): string {
  return `    ssl_certificate ${tls.certificateFile};
    ssl_certificate_key ${tls.keyFile};
    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_session_tickets on;
    ssl_session_cache shared:tls:10m;
`;
}

/** Prefix locations live in a search tree: the cheapest way that nginx has to choose among 10,000. */
function locations(routes: number, carries: Carried): string {
  // proxy_pass speaks HTTP/1 only; grpc_pass is HTTP/2
  const pass = carries === "grpc" ? "{ grpc_pass grpc://backend; }\n" : "{ proxy_pass http://backend; }\n";
  if (routes === 1) return `    location / ${pass}`;
  return Array.from({ length: routes }, (_, i) => `    location ${routePrefix(i)}/ ${pass}`).join("");
}

/** Bytes as they come, with a log line per connection. */
function streamConfig({ folder, port, upstreamPort }: Setup): string {
  return `load_module ${requireTool("nginx-stream")};
daemon off;
worker_processes 1;
worker_rlimit_nofile 16384;
pid ${folder}/nginx.pid;
error_log stderr error;
events { worker_connections 8192; }
stream {
  log_format line '$remote_addr [$time_local] $protocol $status $bytes_sent $bytes_received $session_time "$upstream_addr"';
  access_log ${folder}/access.log line buffer=64k flush=1s;
  tcp_nodelay on;
  server {
    listen 127.0.0.1:${port} backlog=4096;
    proxy_pass 127.0.0.1:${upstreamPort};
    proxy_timeout 1h;
  }
}
`;
}
