// @peculiar/x509 wires its parts by decorators, which need this first.
import "reflect-metadata";
import { webcrypto } from "node:crypto";
import * as x509 from "@peculiar/x509";

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const YEAR_MS = 365 * 24 * 3600 * 1000;

/** Issues certificates for signing requests. */
export interface RequestIssuer {
  /** PEM */
  readonly root: string;
  /** The chain for a request (DER in base64url), PEM. Throws Error for a request that is not for exactly those names. */
  issue(csr: string, names: readonly string[], validity: { fromMs: number; toMs: number }): Promise<string>;
}

/** A root and an intermediate of its own: chains are of two certificates, as those of CAs are. */
export async function makeRequestIssuer(): Promise<RequestIssuer> {
  const rootKeys = await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const validity = { notBefore: new Date(0), notAfter: new Date(Date.now() + 20 * YEAR_MS) };
  const root = await x509.X509CertificateGenerator.createSelfSigned({
    name: "CN=ACME test root",
    keys: rootKeys,
    signingAlgorithm: algorithm,
    ...validity,
    extensions: await authorityExtensions(rootKeys.publicKey),
  });
  const intermediate = await x509.X509CertificateGenerator.create({
    subject: "CN=ACME test intermediate",
    issuer: root.subject,
    publicKey: keys.publicKey,
    signingKey: rootKeys.privateKey,
    signingAlgorithm: algorithm,
    ...validity,
    extensions: [
      ...(await authorityExtensions(keys.publicKey)),
      await x509.AuthorityKeyIdentifierExtension.create(root),
    ],
  });
  return {
    root: root.toString("pem"),
    async issue(csr, names, { fromMs, toMs }) {
      const request = new x509.Pkcs10CertificateRequest(Buffer.from(csr, "base64url"));
      checkRequest(request, names, await request.verify());
      const leaf = await x509.X509CertificateGenerator.create({
        issuer: intermediate.subject,
        publicKey: request.publicKey,
        signingKey: keys.privateKey,
        signingAlgorithm: algorithm,
        notBefore: new Date(fromMs),
        notAfter: new Date(toMs),
        extensions: [
          new x509.BasicConstraintsExtension(false, undefined, true),
          new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
          new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
          new x509.SubjectAlternativeNameExtension(names.map((value) => ({ type: "dns", value }))),
          await x509.AuthorityKeyIdentifierExtension.create(intermediate),
        ],
      });
      return `${leaf.toString("pem")}\n${intermediate.toString("pem")}\n`;
    },
  };
}

async function authorityExtensions(key: webcrypto.CryptoKey): Promise<x509.Extension[]> {
  return [
    new x509.BasicConstraintsExtension(true, undefined, true),
    new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
    await x509.SubjectKeyIdentifierExtension.create(key),
  ];
}

/** RFC 8555 section 7.4: signed by its key, for the order's names and no others. */
function checkRequest(
  request: x509.Pkcs10CertificateRequest,
  names: readonly string[],
  isSigned: boolean,
): void {
  if (!isSigned) throw new Error("the request is not signed by its key");
  const extension = request.extensions.find((one) => one instanceof x509.SubjectAlternativeNameExtension);
  const asked = (extension?.names.items ?? []).map(({ type, value }) => `${type}:${value}`).sort();
  const common = request.subjectName.getField("CN").filter((name) => !names.includes(name));
  const wanted = names.map((name) => `dns:${name}`).sort();
  if (common.length > 0 || JSON.stringify(asked) !== JSON.stringify(wanted)) {
    throw new Error(
      `the request is for ${[...asked, ...common].join(", ")}, the order for ${wanted.join(", ")}`,
    );
  }
}
