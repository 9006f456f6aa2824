import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { ask, waitUntilServing } from "./ask.ts";
import { grpcPath, grpcResponse } from "./grpc.ts";
import { freePort } from "./ports.ts";
import { startProcess, type Running } from "./processes.ts";
import { requireTool } from "./tools.ts";

/** The nginx behind every proxy: answers out of memory or the page cache, on the load's core. */
export interface Upstream {
  /** speaks HTTP/1.1 */
  port: number;
  /** speaks HTTP/2 by prior knowledge, and gRPC on `grpcPath` */
  h2Port: number;
  process: Running;
  /** requests that it has taken so far, our own two questions apart */
  countRequests: () => Promise<number>;
}

export const smallJson =
  '{"id":4711,"name":"heddle","kind":"warp","threads":[1,2,3,5,8,13,21,34,55,89],"note":"a small answer","ok":true}';
export const largeBytes = 100_000;
/** One megabyte, so that CPU per request is CPU per megabyte. */
export const bulkBytes = 1_000_000;

export async function startUpstream(folder: string, cores: string): Promise<Upstream> {
  const [port, h2Port] = [await freePort(), await freePort()];
  const statusPort = await freePort();
  const nginx = requireTool("nginx");
  writeFileSync(join(folder, "large"), "x".repeat(largeBytes));
  writeFileSync(join(folder, "bulk"), "x".repeat(bulkBytes));
  const config = join(folder, "upstream.conf");
  writeFileSync(config, upstreamConfig(folder, port, h2Port, statusPort), "latin1");
  const argv = [nginx, "-e", "stderr", "-p", folder, "-c", config];
  const process = startProcess("upstream", { argv }, cores, join(folder, "upstream.out"));
  await waitUntilServing(process, { url: `http://127.0.0.1:${port}/` }, smallJson.length, 10_000);
  let own = 0;
  const countRequests = async (): Promise<number> => {
    own++;
    return parseRequestCount((await ask({ url: `http://127.0.0.1:${statusPort}/` })).body) - own;
  };
  return { port, h2Port, process, countRequests };
}

/** Third number of the counters line of nginx's stub_status: requests since its start. */
export function parseRequestCount(text: string): number {
  const counters = /^ (\d+) (\d+) (\d+) *$/m.exec(text);
  if (counters === null) throw new Error(`not nginx's status page: ${text.slice(0, 80)}`);
  return Number(counters[3]);
}

// The header buffer holds head and body of the 10 kB POST, so nginx answers after it has read both: an answer that
// overtakes its request would make a proxy do other work than the case is about.
// The text is latin1, byte for byte: nginx takes the zeros of a gRPC frame in a string as they are.
function upstreamConfig(folder: string, port: number, h2Port: number, statusPort: number): string {
  return `daemon off;
worker_processes 1;
worker_rlimit_nofile 16384;
pid ${folder}/upstream.pid;
error_log stderr crit;
events { worker_connections 8192; }
http {
  access_log off;
  client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy; fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi; scgi_temp_path ${folder}/scgi;
  sendfile on;
  tcp_nodelay on;
  open_file_cache max=10 inactive=1h;
  keepalive_timeout 1h;
  keepalive_requests 1000000000;
  client_header_buffer_size 32k;
  server {
    listen 127.0.0.1:${port} backlog=4096;
    default_type application/json;
    location / { return 200 '${smallJson}'; }
    location = /large { root ${folder}; default_type application/octet-stream; }
    location = /bulk { root ${folder}; default_type application/octet-stream; }
  }
  server {
    listen 127.0.0.1:${h2Port} http2 backlog=4096;
    default_type application/json;
    location / { return 200 '${smallJson}'; }
    location = ${grpcPath} {
      default_type application/grpc;
      add_trailer grpc-status 0;
      return 200 '${grpcResponse.toString("latin1")}';
    }
  }
  server {
    listen 127.0.0.1:${statusPort};
    location / { stub_status; }
  }
}
`;
}
