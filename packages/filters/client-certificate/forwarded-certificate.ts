import type { PeerCertificate } from "@heddle/engine/message";

/** A certificate as Envoy writes it in X-Forwarded-Client-Cert: `Hash=…;Subject="…";URI=…;DNS=…`. */
export function forwardedCertificate({ fingerprint, subject, uris, dnsNames }: PeerCertificate): string {
  const parts = [
    `Hash=${fingerprint}`,
    `Subject=${quoted(subject)}`,
    ...uris.map((uri) => `URI=${plain(uri) ? uri : quoted(uri)}`),
    ...dnsNames.map((name) => `DNS=${plain(name) ? name : quoted(name)}`),
  ];
  return parts.join(";");
}

const plain = (text: string): boolean => !/[^!-~]|[,;="\\]/.test(text);

/** Names may hold any letter: what no field may have is replaced, and nothing ends the quotes early. */
const quoted = (text: string): string => `"${text.replaceAll(/[\\"]/g, "\\$&").replaceAll(/[^ -~]/g, "?")}"`;
