import { hash } from "node:crypto";
import type { AuthoritiesUnit, ClusterProtocol, ClusterUnit, SecretUnit } from "../model/index.ts";
import { makeSecureContext, type DialTls, type SecureContext } from "../net/index.ts";

/** What TLS towards an endpoint offers. */
const ALPN: Readonly<Record<ClusterProtocol, readonly string[]>> = {
  http1: ["http/1.1"],
  http2: ["h2"],
  auto: ["h2", "http/1.1"],
};

/**
 * The TLS contexts that clusters dial with. To read the system's roots takes tens of milliseconds and megabytes, so
 * clusters that trust and show the same share a context, for as long as one of them has it.
 */
export class ClientContexts {
  private readonly made = new Map<string, WeakRef<SecureContext>>();
  /** Those of the contexts in `made`. */
  private system: AuthoritiesUnit | undefined;

  /**
   * TLS of a cluster. `own` is what servers that ask for a certificate are shown; `system` are the roots for clusters
   * without a bundle, by default those that Node brings. A bundle without a certificate trusts nobody: no connection
   * is made, since OpenSSL would be given Node's roots.
   */
  dialTlsOf(
    { tls, protocol }: ClusterUnit,
    own: SecretUnit | undefined,
    system: AuthoritiesUnit | undefined,
  ): DialTls | null {
    if (tls === null) return null;
    if (system !== this.system) this.made.clear();
    this.system = system;
    const { caPem, serverName, insecureSkipVerify, subjectAltNames: altNames = [] } = tls;
    const trustsNobody = !insecureSkipVerify && caPem !== null && !caPem.includes("-----BEGIN");
    const refusal = tls.refusal ?? (trustsNobody ? "no certificate authority is trusted" : "");
    return {
      serverName,
      altNames,
      refusal,
      context: this.contextOf(
        insecureSkipVerify ? null : caPem,
        own,
        insecureSkipVerify ? undefined : system,
      ),
      insecureSkipVerify,
      alpn: ALPN[protocol],
    };
  }

  private contextOf(
    caPem: string | null,
    own: SecretUnit | undefined,
    system: AuthoritiesUnit | undefined,
  ): SecureContext {
    const trusted = caPem ?? system?.caPem ?? null;
    const origin = caPem ?? (system === undefined ? "" : system.name);
    const key = hash("sha256", JSON.stringify([origin, own?.certificatePem, own?.privateKeyPem]));
    const known = this.made.get(key)?.deref();
    if (known !== undefined) return known;
    const context = makeSecureContext({
      minVersion: "TLSv1.2",
      ...(trusted === null ? {} : { ca: trusted }),
      // What a bundle holds is trusted as it is, an intermediate too.
      ...(caPem === null ? {} : { allowPartialTrustChain: true }),
      ...(own === undefined ? {} : { cert: own.certificatePem, key: own.privateKeyPem }),
    });
    for (const [old, ref] of this.made) if (ref.deref() === undefined) this.made.delete(old);
    this.made.set(key, new WeakRef(context));
    return context;
  }
}
