import { requireTool } from "../tools.ts";
import { routePrefix, type Plan, type Proxy, type Setup } from "./proxy.ts";

/** Caddy on one processor, upstream keep-alive, X-Forwarded-For (its default) and an access log in a file. */
export const caddy: Proxy = { name: "caddy", needs: ["caddy"], plan };

function plan(setup: Setup): Plan {
  const { folder } = setup;
  const home = { HOME: folder, XDG_DATA_HOME: `${folder}/data`, XDG_CONFIG_HOME: `${folder}/config` };
  return {
    command: {
      argv: [requireTool("caddy"), "run", "--config", `${folder}/Caddyfile`, "--adapter", "caddyfile"],
      env: { ...home, GOMAXPROCS: "1" },
    },
    files: { Caddyfile: caddyfile(setup) },
    logFile: `${folder}/access.log`,
    startTimeoutMs: 60_000, // 10,000 routes are provisioned one by one
  };
}

// keepalive_idle_conns_per_host is 32 by default, fewer than the load's connections; compression off, because the
// client asks for none and the other proxies ask the upstream for none.
function caddyfile({ folder, port, upstreamPort, tls, routes }: Setup): string {
  const pass = `reverse_proxy 127.0.0.1:${upstreamPort} {
      transport http {
        compression off
        keepalive_idle_conns 2048
        keepalive_idle_conns_per_host 2048
      }
    }`;
  const list = Array.from({ length: routes }, (_, i) => `  handle ${routePrefix(i)}/* {\n    ${pass}\n  }\n`);
  return `{
  admin off
  auto_https off
}
${tls ? "https" : "http"}://localhost:${port} {
  bind 127.0.0.1
${tls ? `  tls ${tls.certificateFile} ${tls.keyFile}\n` : ""}  log {
    output file ${folder}/access.log {
      roll_disabled
    }
    format json
  }
${routes === 1 ? `  handle {\n    ${pass}\n  }\n` : list.join("")}}
`;
}
