import { X509Certificate } from "node:crypto";
import net from "node:net";

/** A name to look for in a certificate. A host name may begin with "*."; URIs are compared letter by letter. */
export interface ExpectedName {
  readonly type: "Hostname" | "URI";
  readonly value: string;
}

/**
 * What keeps a server's certificate (DER), whose chain has been verified, from being that of the expected server, or
 * null. It has one of `altNames`, or where there are none the server name. Common names are no names (RFC 9525
 * section 6.3), and a wildcard of the certificate stands for its first label (section 6.3, again).
 */
export function identityMistake(
  der: Buffer,
  serverName: string,
  altNames: readonly ExpectedName[],
): string | null {
  const certificate = new X509Certificate(der);
  const expected: readonly ExpectedName[] =
    altNames.length > 0 ? altNames : [{ type: "Hostname", value: serverName }];
  if (expected.some((name) => hasName(certificate, name))) return null;
  const wanted = expected.map(({ value }) => value).join(", ");
  return `the certificate is not for ${wanted}; it is for ${certificate.subjectAltName ?? "no name"}`;
}

function hasName(certificate: X509Certificate, { type, value }: ExpectedName): boolean {
  if (type === "URI") return altNamesOf(certificate, "URI").includes(value);
  if (net.isIP(value) !== 0) return certificate.checkIP(value) !== undefined;
  if (value.startsWith("*.")) return altNamesOf(certificate, "DNS").some((name) => isBelow(name, value));
  const rules = { subject: "never", partialWildcards: false } as const;
  return certificate.checkHost(value, rules) !== undefined;
}

/** Whether a name of the certificate is the wildcard itself or one of the names that it stands for. */
function isBelow(name: string, wildcard: string): boolean {
  const [lowName, lowWildcard] = [name.toLowerCase(), wildcard.toLowerCase()];
  return lowName.endsWith(lowWildcard.slice(1)) && lowName.length > lowWildcard.length - 1;
}

/** `TYPE:value, TYPE:"value as JSON"`: Node quotes values that hold more than plain characters (CVE-2021-44532). */
const entry = /([^:,"]+):("(?:[^"\\]|\\.)*"|[^,"]*)(?:, |$)/gy;

/** The alternative names of one type; none where the text cannot be read to its end. */
export function altNamesOf(
  { subjectAltName = "" }: X509Certificate,
  type: "DNS" | "URI" | "email",
): string[] {
  const found: string[] = [];
  let read = 0;
  for (const [whole, label, value] of subjectAltName.matchAll(entry)) {
    read += whole.length;
    if (label === type) found.push(value!.startsWith('"') ? (JSON.parse(value!) as string) : value!);
  }
  return read === subjectAltName.length ? found : [];
}
