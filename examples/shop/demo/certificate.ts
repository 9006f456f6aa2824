import { generateKeyPairSync, randomBytes, sign } from "node:crypto";

export type Certificate = { certificatePem: string; privateKeyPem: string };

const dayMs = 86_400_000;

/**
 * Makes a self-signed P-256 certificate for DNS names, valid for a week, that a client can also be
 * given as its root (`curl --cacert`). RFC 5280, section 4.1, written as DER by hand, so that the demo
 * needs neither openssl nor a package.
 */
export function makeCertificate(names: readonly string[], nowMs: number): Certificate {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const name = sequence(tagged(0x31, sequence(oid("550403"), utf8("Heddle shop demo"))));
  const ecdsaWithSha256 = sequence(oid("2a8648ce3d040302"));
  const body = sequence(
    tagged(0xa0, integer(Buffer.from([2]))),
    integer(positive(randomBytes(16))),
    ecdsaWithSha256,
    name,
    sequence(time(nowMs - dayMs), time(nowMs + 7 * dayMs)),
    name,
    publicKey.export({ type: "spki", format: "der" }),
    tagged(0xa3, sequence(subjectAltName(names), isOwnRoot, forServers)),
  );
  const signature = sign("sha256", body, privateKey);
  const certificate = sequence(body, ecdsaWithSha256, bitString(signature));
  return {
    certificatePem: toPem("CERTIFICATE", certificate),
    privateKeyPem: privateKey.export({ type: "pkcs8", format: "pem" }) as string,
  };
}

function tagged(tag: number, ...parts: Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  if (length < 0x80) return Buffer.concat([Buffer.from([tag, length]), content]);
  const head = length < 0x100 ? [tag, 0x81, length] : [tag, 0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from(head), content]);
}

const sequence = (...parts: Buffer[]): Buffer => tagged(0x30, ...parts);
const integer = (bytes: Buffer): Buffer => tagged(0x02, bytes);
const oid = (hex: string): Buffer => tagged(0x06, Buffer.from(hex, "hex"));
const utf8 = (text: string): Buffer => tagged(0x0c, Buffer.from(text));
const octets = (bytes: Buffer): Buffer => tagged(0x04, bytes);
const bitString = (bytes: Buffer): Buffer => tagged(0x03, Buffer.from([0]), bytes);
const critical = Buffer.from([0x01, 0x01, 0xff]);

// 2.5.29.19 basicConstraints CA:true, without which OpenSSL takes no certificate as a root.
const isOwnRoot = sequence(oid("551d13"), critical, octets(sequence(critical)));
// 2.5.29.37 extendedKeyUsage serverAuth
const forServers = sequence(oid("551d25"), octets(sequence(oid("2b06010505070301"))));

// 2.5.29.17; a dNSName has the context tag 2
function subjectAltName(names: readonly string[]): Buffer {
  const list = names.map((name) => tagged(0x82, Buffer.from(name, "ascii")));
  return sequence(oid("551d11"), octets(sequence(...list)));
}

// A serial number is positive, and its first byte not 0 (RFC 5280, section 4.1.2.2).
function positive(bytes: Buffer): Buffer {
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return bytes;
}

// UTCTime: YYMMDDHHMMSSZ, good until 2049
function time(ms: number): Buffer {
  const digits = new Date(ms).toISOString().replace(/\D/g, "").slice(2, 14);
  return tagged(0x17, Buffer.from(`${digits}Z`));
}

function toPem(label: string, der: Buffer): string {
  const lines = der.toString("base64").match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join("\n")}\n-----END ${label}-----\n`;
}
