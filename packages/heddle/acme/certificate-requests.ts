// @peculiar/x509 wires its parts by decorators, which need this first.
import "reflect-metadata";
import { createHash } from "node:crypto";
import * as x509 from "@peculiar/x509";
import { makeKeyPem, readKey, type CertificateKey } from "./certificate-key.ts";

const namesExtension = (names: readonly string[]): x509.SubjectAlternativeNameExtension =>
  new x509.SubjectAlternativeNameExtension(names.map((value) => ({ type: "dns", value })));

/** A request for a certificate of that key (RFC 8555 section 7.4): names only, DER in base64url. */
export async function makeSigningRequest(names: readonly string[], key: CertificateKey): Promise<string> {
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    keys: key.keys,
    signingAlgorithm: key.signingAlgorithm,
    extensions: [namesExtension(names)],
  });
  return Buffer.from(request.rawData).toString("base64url");
}

const ACME_IDENTIFIER = "1.3.6.1.5.5.7.1.31";
const DAY_MS = 24 * 3600 * 1000;

/** The certificate that answers a TLS-ALPN-01 challenge (RFC 8737 section 3), of a key that is for nothing else. */
export async function makeValidationCertificate(
  hostname: string,
  keyAuthorization: string,
  nowMs: number,
): Promise<{ readonly certificatePem: string; readonly privateKeyPem: string }> {
  const key = await readKey(await makeKeyPem("ecdsa-p256"));
  const digest = createHash("sha256").update(keyAuthorization).digest();
  const octetString = Buffer.concat([Buffer.from([0x04, digest.length]), digest]);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: "CN=ACME challenge",
    keys: key.keys,
    signingAlgorithm: key.signingAlgorithm,
    notBefore: new Date(nowMs - DAY_MS),
    notAfter: new Date(nowMs + DAY_MS),
    extensions: [namesExtension([hostname]), new x509.Extension(ACME_IDENTIFIER, true, octetString)],
  });
  return { certificatePem: certificate.toString("pem"), privateKeyPem: key.pem };
}

/**
 * The name of a certificate in requests for renewal information (RFC 9773 section 4.1); null for one without a key id
 * of its authority. One that cannot be read has none either: it is renewed without the CA's advice.
 */
export function renewalId(certificatePem: string): string | null {
  const certificate = readCertificate(certificatePem);
  const authority = certificate?.getExtension(x509.AuthorityKeyIdentifierExtension);
  if (certificate === null || authority?.keyId === undefined) return null;
  return `${base64url(authority.keyId)}.${base64url(integer(certificate.serialNumber))}`;
}

function readCertificate(pem: string): x509.X509Certificate | null {
  try {
    return new x509.X509Certificate(pem);
  } catch {
    return null;
  }
}

const base64url = (hex: string): string => Buffer.from(hex, "hex").toString("base64url");

/** The octets of a DER integer that is positive: one of zeroes before a highest bit that is set. */
const integer = (hex: string): string => (/^[89a-f]/i.test(hex) ? `00${hex}` : hex);
