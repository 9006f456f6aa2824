import { parseArgs } from "node:util";

export type DemoOptions = {
  /** Ports of the gateway's listeners; 0 takes a free one. */
  httpPort: number;
  httpsPort: number;
  tcpPort: number;
  /** Where Heddle's API and metrics listen. */
  api: { host: string; port: number };
  /** Sends every printed request itself, reports, and stops. */
  isCheck: boolean;
  isHelp: boolean;
};

export const helpText = `usage: npm run demo -- [options]

Starts the shop's services and Heddle in front of them, prints what to try, and runs until Ctrl-C.

  --port N        port of the http listener (default 8080, 0 takes a free one)
  --https-port N  port of the https listener (default 8443, 0 takes a free one)
  --tcp-port N    port of the TCP listener (default 8090, 0 takes a free one)
  --api ADDR      address of Heddle's API and metrics (default 127.0.0.1:9901, port 0 takes a free one)
  --check         send every request that would be printed, report each, stop; exit code 1 if one fails
  --help          print this
`;

/** Reads the command line; throws an Error whose message names the flag. */
export function parseOptions(args: string[]): DemoOptions {
  const { values } = parseArgs({
    args,
    options: {
      port: { type: "string", default: "8080" },
      "https-port": { type: "string", default: "8443" },
      "tcp-port": { type: "string", default: "8090" },
      api: { type: "string", default: "127.0.0.1:9901" },
      check: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  return {
    httpPort: parsePort("--port", values.port),
    httpsPort: parsePort("--https-port", values["https-port"]),
    tcpPort: parsePort("--tcp-port", values["tcp-port"]),
    api: parseAddress("--api", values.api),
    isCheck: values.check,
    isHelp: values.help,
  };
}

function parsePort(flag: string, text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535)
    throw new Error(`${flag} must be a port from 0 to 65535, not ${text}`);
  return port;
}

function parseAddress(flag: string, text: string): { host: string; port: number } {
  const colon = text.lastIndexOf(":");
  if (colon < 1) throw new Error(`${flag} must be HOST:PORT, not ${text}`);
  return {
    host: text.slice(0, colon).replace(/^\[(.*)\]$/, "$1"),
    port: parsePort(flag, text.slice(colon + 1)),
  };
}
