import { constants, X509Certificate } from "node:crypto";
import type { ClientValidation, SecretUnit, ServerTls } from "../model/index.ts";
import { makeSecureContext } from "../net/index.ts";
import type { SecureContext } from "../net/index.ts";

/** TLS 1.2 with forward secrecy and AEAD only; TLS 1.3's own suites first (RFC 9325). */
const CIPHERS = [
  "TLS_AES_128_GCM_SHA256",
  "TLS_AES_256_GCM_SHA384",
  "TLS_CHACHA20_POLY1305_SHA256",
  "ECDHE-ECDSA-AES128-GCM-SHA256",
  "ECDHE-RSA-AES128-GCM-SHA256",
  "ECDHE-ECDSA-AES256-GCM-SHA384",
  "ECDHE-RSA-AES256-GCM-SHA384",
  "ECDHE-ECDSA-CHACHA20-POLY1305",
  "ECDHE-RSA-CHACHA20-POLY1305",
].join(":");

/** One TLS server of a bound listener: the host names it answers for and its certificates. */
export interface TlsServer {
  /** "" for every name, exact, or "*.x". */
  readonly hostname: string;
  readonly tls: ServerTls;
  /** In the order of the listener's references; those that are missing are left out. */
  readonly secrets: readonly SecretUnit[];
}

interface Entry {
  readonly hostname: string;
  readonly minVersion: ServerTls["minVersion"];
  readonly alpn: readonly string[];
  readonly contexts: readonly { readonly dnsNames: readonly string[]; readonly context: SecureContext }[];
}

/**
 * The certificates of one bound listener, chosen by server name. Replaced whole when the Snapshot changes: open
 * connections keep theirs, new handshakes see the new one.
 *
 * Tickets: every context of a listener has the same ticket key, given by the caller (the same in every worker,
 * changed hourly and with the set of certificates), and a session id context that names the server, so that a
 * ticket of one server is no ticket at another (threats 28).
 */
export class ServerCertificates {
  private readonly entries: readonly Entry[];
  private readonly fallback: SecureContext;
  private readonly all: SecureContext[] = [];
  /** Of all connections to the listener; null where clients are not asked for certificates. */
  readonly clientValidation: ClientValidation | null;

  /** Throws only on a certificate that OpenSSL refuses; compile has checked that it does not. */
  constructor(
    servers: readonly TlsServer[],
    ticketKeys: Buffer | null,
    clientValidation: ClientValidation | null = null,
  ) {
    this.clientValidation = clientValidation;
    this.entries = servers.map((server) => ({
      hostname: server.hostname,
      minVersion: server.tls.minVersion,
      alpn: server.tls.alpn,
      contexts: server.secrets.map((secret) => ({
        dnsNames: secret.dnsNames,
        context: this.make(server, secret, ticketKeys),
      })),
    }));
    this.fallback = this.makeFallback(servers, ticketKeys);
  }

  /**
   * Before the server name is known OpenSSL wants a context: versions and tickets come from it, and for clients that
   * send no name the certificate. So it is that of the server for any name, else the first, and takes the oldest
   * version that one of the servers takes.
   */
  private makeFallback(servers: readonly TlsServer[], ticketKeys: Buffer | null): SecureContext {
    const named = servers.filter((server) => server.secrets.length > 0);
    const server = named.find(({ hostname }) => hostname === "") ?? named[0];
    if (server === undefined) {
      return makeSecureContext({ minVersion: "TLSv1.2", ciphers: CIPHERS, honorCipherOrder: true });
    }
    const isOld = named.some((other) => other.tls.minVersion === "TLSv1.2");
    return this.make(server, server.secrets[0], ticketKeys, isOld ? "TLSv1.2" : "TLSv1.3");
  }

  private make(
    server: TlsServer,
    secret: SecretUnit,
    ticketKeys: Buffer | null,
    minVersion: ServerTls["minVersion"] = server.tls.minVersion,
  ): SecureContext {
    const context = makeSecureContext({
      cert: secret.certificatePem,
      key: secret.privateKeyPem,
      minVersion,
      ciphers: CIPHERS,
      honorCipherOrder: true,
      ecdhCurve: "X25519:P-256:P-384",
      sessionIdContext: `heddle:${server.hostname}`.slice(0, 32),
      ...(ticketKeys === null ? {} : { ticketKeys }),
      ...this.clientOptions(),
    });
    this.all.push(context);
    return context;
  }

  /**
   * Where certificates of clients are checked no session is resumed: each connection shows its certificate anew, and
   * no ticket outlives the authorities that it was given under (threats 28).
   */
  private clientOptions(): { readonly ca?: string[]; readonly secureOptions?: number } {
    if (this.clientValidation === null) return {};
    // In a list: a bundle without a certificate would else stand for Node's roots.
    return { ca: [this.clientValidation.caPem], secureOptions: constants.SSL_OP_NO_TICKET };
  }

  /** A context to start a handshake with. */
  base(): SecureContext {
    return this.fallback;
  }

  /** For a lower-case server name ("" for none); null when no server answers for it. */
  contextFor(serverName: string): SecureContext | null {
    const entry = this.findEntry(serverName);
    if (entry === null || entry.contexts.length === 0) return null;
    for (const { dnsNames, context } of entry.contexts) {
      if (dnsNames.some((name) => coversName(name, serverName))) return context;
    }
    return entry.contexts[0].context;
  }

  /** Whether the server for that name takes that protocol version; a name that no server answers for takes none. */
  takesVersion(serverName: string, version: string): boolean {
    const entry = this.shownEntry(serverName);
    if (entry === null) return false;
    return entry.minVersion === "TLSv1.2" || version === "TLSv1.3";
  }

  /** ALPN protocols of the server for that name, the preferred one first. */
  alpnFor(serverName: string): readonly string[] {
    return this.shownEntry(serverName)?.alpn ?? [];
  }

  /** Without a name, and without a server for any name, the certificate of the first that has one was shown. */
  private shownEntry(serverName: string): Entry | null {
    const found = this.findEntry(serverName);
    if (found !== null || serverName !== "") return found;
    return this.entries.find(({ contexts }) => contexts.length > 0) ?? null;
  }

  private findEntry(serverName: string): Entry | null {
    let best: Entry | null = null;
    for (const entry of this.entries) {
      if (!servesName(entry.hostname, serverName)) continue;
      if (best === null || rank(entry.hostname) > rank(best.hostname)) best = entry;
    }
    return best;
  }

  setTicketKeys(keys: Buffer): void {
    for (const context of this.all) {
      (context as unknown as { context: { setTicketKeys(keys: Buffer): void } }).context.setTicketKeys(keys);
    }
  }
}

/** An exact name before wildcards, longer wildcards before shorter, any name last. */
function rank(hostname: string): number {
  if (hostname === "") return 0;
  return hostname.startsWith("*.") ? hostname.length : 1_000 + hostname.length;
}

function servesName(hostname: string, name: string): boolean {
  if (hostname === "" || hostname === name) return true;
  return hostname.startsWith("*.") && name.endsWith(hostname.slice(1)) && name.length > hostname.length - 1;
}

/** A certificate's wildcard covers one label (RFC 9525 section 6.3). */
function coversName(pattern: string, name: string): boolean {
  if (pattern === name) return true;
  if (!pattern.startsWith("*.")) return false;
  const dot = name.indexOf(".");
  return dot > 0 && name.slice(dot) === pattern.slice(1);
}

/** DNS names of a PEM certificate's subject alternative name, lower-case. */
export function dnsNamesOf(certificatePem: string): string[] {
  const names = new X509Certificate(certificatePem).subjectAltName ?? "";
  return names
    .split(", ")
    .filter((entry) => entry.startsWith("DNS:"))
    .map((entry) => entry.slice(4).toLowerCase());
}
