import { createPrivateKey, X509Certificate } from "node:crypto";

/** What is known of a certificate chain. */
export interface ChainFacts {
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

const block = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;
/** More than any CA sends. */
const MAX_CHAIN = 10;

/** The certificates of a PEM chain, one after the other; what stands between them is left out. */
export function chainBlocks(chainPem: string): string[] {
  return chainPem.match(block) ?? [];
}

/** Reads a chain whose first certificate must be for that key and all of the names. Throws Error with what it is not. */
export function readChain(chainPem: string, keyPem: string, names: readonly string[]): ChainFacts {
  const blocks = chainBlocks(chainPem);
  if (blocks.length === 0) throw new Error("no certificate");
  if (blocks.length > MAX_CHAIN)
    throw new Error(`a chain of ${blocks.length} certificates, limit ${MAX_CHAIN}`);
  const [leaf] = blocks.map((pem) => new X509Certificate(pem)) as [X509Certificate, ...X509Certificate[]];
  if (!leaf.checkPrivateKey(createPrivateKey(keyPem))) throw new Error("a certificate for another key");
  const missing = names.filter((name) => leaf.checkHost(name, { subject: "never" }) === undefined);
  if (missing.length > 0) throw new Error(`a certificate that is not for ${missing.join(", ")}`);
  return { notBeforeMs: leaf.validFromDate.getTime(), notAfterMs: leaf.validToDate.getTime() };
}
