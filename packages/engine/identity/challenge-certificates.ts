import type { AcmeChallengeUnit } from "../model/index.ts";
import { makeSecureContext } from "../net/index.ts";
import type { SecureContext } from "../net/index.ts";

/**
 * The certificates that answer TLS-ALPN-01 challenges (RFC 8737), by server name. They prove to a CA that this is the
 * server of a name, and to nobody anything else: only a client that offers the protocol "acme-tls/1" is shown one.
 */
export class ChallengeCertificates {
  private readonly contexts = new Map<string, SecureContext>();

  /** Throws only on a certificate that OpenSSL refuses. */
  constructor(units: readonly AcmeChallengeUnit[]) {
    for (const { hostname, answer } of units) {
      if (answer.type !== "tls-alpn-01") continue;
      const { certificatePem: cert, privateKeyPem: key } = answer;
      this.contexts.set(hostname, makeSecureContext({ cert, key, minVersion: "TLSv1.2" }));
    }
  }

  get isEmpty(): boolean {
    return this.contexts.size === 0;
  }

  /** For a lower-case server name. */
  contextFor(serverName: string): SecureContext | null {
    return this.contexts.get(serverName) ?? null;
  }
}
