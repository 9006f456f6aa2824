import { createPrivateKey, X509Certificate, type KeyObject } from "node:crypto";
import type { SecretUnit } from "@heddle/engine/model";
import { tlsSecretType, type Secret } from "../../resources/index.ts";

export type CertificateResult =
  | { readonly unit: SecretUnit; readonly validFromMs: number; readonly validToMs: number }
  | { readonly mistake: string };

/** The data plane's TLS library refuses weaker ones. */
const minRsaBits = 2048;

/** The certificate with its key of a Secret of type kubernetes.io/tls, or what is wrong with it. */
export function readCertificate(secret: Secret): CertificateResult {
  if (secret.type !== tlsSecretType) {
    return { mistake: `type is ${secret.type}; it must be ${tlsSecretType}` };
  }
  const certificatePem = textOf(secret, "tls.crt");
  const privateKeyPem = textOf(secret, "tls.key");
  const chain = parseChain(certificatePem);
  if (typeof chain === "string") return { mistake: chain };
  const key = parseKey(privateKeyPem);
  if (typeof key === "string") return { mistake: key };
  const [leaf] = chain as [X509Certificate];
  if (!leaf.checkPrivateKey(key))
    return { mistake: "tls.key is not the key of the first certificate in tls.crt" };
  const { namespace, name } = secret.metadata;
  const unit: SecretUnit = {
    kind: "secret",
    name: `${namespace}/${name}`,
    certificatePem,
    privateKeyPem,
    dnsNames: dnsNamesOf(leaf),
  };
  return { unit, validFromMs: Date.parse(leaf.validFrom), validToMs: Date.parse(leaf.validTo) };
}

function textOf(secret: Secret, key: string): string {
  return Buffer.from(secret.data[key] ?? "", "base64").toString("latin1");
}

const certificateBlock = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

/** The certificates of a PEM text, or what is wrong with it. */
export function parseCertificates(pem: string, key: string): X509Certificate[] | string {
  const blocks = pem.match(certificateBlock) ?? [];
  if (blocks.length === 0) return `${key} holds no PEM block CERTIFICATE`;
  const found: X509Certificate[] = [];
  for (const [index, block] of blocks.entries()) {
    try {
      found.push(new X509Certificate(block));
    } catch {
      return `${key}: certificate ${index + 1} of ${blocks.length} is malformed`;
    }
  }
  return found;
}

function parseChain(pem: string): X509Certificate[] | string {
  const chain = parseCertificates(pem, "tls.crt");
  if (typeof chain === "string") return chain;
  const weakness = weaknessOf(chain[0]!.publicKey);
  return weakness === null ? chain : `tls.crt: ${weakness}`;
}

function weaknessOf({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): string | null {
  const bits = asymmetricKeyDetails?.modulusLength;
  if (bits !== undefined && bits < minRsaBits) {
    return `the ${asymmetricKeyType} key has ${bits} bits, minimum ${minRsaBits}`;
  }
  return null;
}

/** Never quotes the text: it is a secret. */
function parseKey(pem: string): KeyObject | string {
  if (/ENCRYPTED/.test(pem)) return "tls.key is encrypted; give the key without a passphrase";
  try {
    return createPrivateKey(pem);
  } catch {
    return "tls.key holds no private key in PEM";
  }
}

const dnsName = /^(\*\.)?[a-z0-9_]([-a-z0-9_]*[a-z0-9_])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

/** The DNS names of a certificate; the common name where it has no alternative names at all. */
function dnsNamesOf(certificate: X509Certificate): string[] {
  const entries = certificate.subjectAltName?.split(", ") ?? commonNames(certificate);
  const names = entries
    .filter((entry) => entry.startsWith("DNS:"))
    .map((entry) => entry.slice(4).toLowerCase());
  return [...new Set(names.filter((name) => dnsName.test(name)))];
}

function commonNames({ subject }: X509Certificate): string[] {
  return subject
    .split("\n")
    .filter((line) => line.startsWith("CN="))
    .map((line) => `DNS:${line.slice(3)}`);
}
