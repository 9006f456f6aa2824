// @peculiar/x509 wires its parts by decorators, which need this first.
import "reflect-metadata";
import { webcrypto } from "node:crypto";
import net from "node:net";
import * as x509 from "@peculiar/x509";

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const DAY_MS = 24 * 3600 * 1000;

export interface IssueOptions {
  /** Subject alternative names: DNS names, IP addresses, and URIs such as SPIFFE ids. The first is the common name. */
  names: readonly string[];
  /** Extended key usage. Default `both`. */
  use?: "server" | "client" | "both";
  /** `current` (default) is from yesterday to tomorrow, `expired` ended yesterday, `future` begins tomorrow. */
  validity?: "current" | "expired" | "future";
}

/** A leaf certificate and its key, both PEM, ready for `tls.createServer` and `tls.connect`. */
export interface IssuedCertificate {
  cert: string;
  key: string;
}

export interface TestCertificateAuthority {
  /** The root certificate, PEM. */
  cert: string;
  issue(options: IssueOptions): Promise<IssuedCertificate>;
}

/** Makes a root of its own for one test: EC P-256, valid from yesterday to tomorrow. */
export async function makeCertificateAuthority(
  commonName: string = "Test Root",
): Promise<TestCertificateAuthority> {
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const root = await x509.X509CertificateGenerator.createSelfSigned({
    name: `CN=${commonName}`,
    keys,
    signingAlgorithm: algorithm,
    ...validityDates("current"),
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { cert: root.toString("pem"), issue: (options) => issueLeaf(root, keys, options) };
}

async function issueLeaf(
  root: x509.X509Certificate,
  rootKeys: webcrypto.CryptoKeyPair,
  { names, use = "both", validity = "current" }: IssueOptions,
): Promise<IssuedCertificate> {
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const usages = {
    server: ["serverAuth"],
    client: ["clientAuth"],
    both: ["serverAuth", "clientAuth"],
  } as const;
  const leaf = await x509.X509CertificateGenerator.create({
    subject: [{ CN: [names[0] ?? "test"] }],
    issuer: root.subject,
    publicKey: keys.publicKey,
    signingKey: rootKeys.privateKey,
    signingAlgorithm: algorithm,
    ...validityDates(validity),
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension(usages[use].map((usage) => x509.ExtendedKeyUsage[usage])),
      new x509.SubjectAlternativeNameExtension(names.map(nameEntry)),
      await x509.AuthorityKeyIdentifierExtension.create(root),
    ],
  });
  const key = await webcrypto.subtle.exportKey("pkcs8", keys.privateKey);
  return { cert: leaf.toString("pem"), key: x509.PemConverter.encode(key, "PRIVATE KEY") };
}

function nameEntry(name: string): x509.JsonGeneralName {
  if (net.isIP(name) !== 0) return { type: "ip", value: name };
  return { type: name.includes("://") ? "url" : "dns", value: name };
}

function validityDates(validity: NonNullable<IssueOptions["validity"]>) {
  const startDay = { current: -1, expired: -3, future: 1 }[validity];
  const from = Date.now() + startDay * DAY_MS;
  return { notBefore: new Date(from), notAfter: new Date(from + 2 * DAY_MS) };
}
