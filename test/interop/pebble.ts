import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { findFreePorts, makeCertificateAuthority } from "@heddle/testkit";
import { requireCommand, startServer } from "./command.ts";

export interface PebbleOptions {
  /** Where it asks HTTP-01 and TLS-ALPN-01 challenges, on 127.0.0.1, whatever the name. */
  readonly httpPort: number;
  readonly tlsPort: number;
  /** Accounts are bound to one of these (key id to HMAC key in base64url). Default: not asked for. */
  readonly externalAccounts?: Readonly<Record<string, string>>;
}

/** Let's Encrypt's own test server: strict, refuses some of the good nonces, and forgets all when it ends. */
export interface Pebble extends AsyncDisposable {
  readonly directory: string;
  /** The root that the directory's own certificate is of. */
  readonly directoryCa: string;
  /** The root that issued certificates are of; a new one at each start. */
  issuingRoot(): Promise<string>;
}

export async function startPebble(options: PebbleOptions): Promise<Pebble> {
  requireCommand("pebble", "pebble");
  const [dns, dnsApi, port, management] = (await findFreePorts(4)) as [number, number, number, number];
  const folder = mkdtempSync(path.join(tmpdir(), "heddle-pebble-"));
  const ca = await makeCertificateAuthority("Pebble's own");
  const { cert, key } = await ca.issue({ names: ["localhost", "127.0.0.1"] });
  const file = (name: string, text: string): string => {
    writeFileSync(path.join(folder, name), text, { mode: 0o600 });
    return path.join(folder, name);
  };
  const config = file(
    "config.json",
    JSON.stringify({
      pebble: {
        listenAddress: `127.0.0.1:${port}`,
        managementListenAddress: `127.0.0.1:${management}`,
        certificate: file("cert.pem", cert),
        privateKey: file("key.pem", key),
        httpPort: options.httpPort,
        tlsPort: options.tlsPort,
        ocspResponderURL: "",
        externalAccountBindingRequired: options.externalAccounts !== undefined,
        externalAccountMACKeys: options.externalAccounts ?? {},
      },
    }),
  );
  const names = await startServer(
    "pebble-challtestsrv",
    // Only its DNS: every name is this machine.
    ["-defaultIPv4", "127.0.0.1", "-defaultIPv6", "", "-dns01", `127.0.0.1:${dns}`, "-http01", ""].concat([
      "-https01",
      "",
      "-tlsalpn01",
      "",
      "-management",
      `127.0.0.1:${dnsApi}`,
    ]),
    dnsApi,
  );
  const pebble = await startServer(
    "pebble",
    ["-strict", "-config", config, "-dnsserver", `127.0.0.1:${dns}`],
    port,
    {
      PEBBLE_VA_NOSLEEP: "1",
      PEBBLE_WFE_NONCEREJECT: "25",
      PEBBLE_AUTHZREUSE: "0",
    },
  );
  return {
    directory: `https://127.0.0.1:${port}/dir`,
    directoryCa: ca.cert,
    async issuingRoot() {
      const answer = await fetchWith(ca.cert, `https://127.0.0.1:${management}/roots/0`);
      return answer;
    },
    async [Symbol.asyncDispose]() {
      await pebble[Symbol.asyncDispose]();
      await names[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function fetchWith(ca: string, url: string): Promise<string> {
  const { get } = await import("node:https");
  return new Promise((resolve, reject) => {
    const request = get(url, { ca, agent: false }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
      response.on("end", () => resolve(text));
    });
    request.on("error", reject);
  });
}
