import { createHash } from "node:crypto";
import http from "node:http";
import tls from "node:tls";
import * as x509 from "@peculiar/x509";

/** Asks for the answer to a challenge at 127.0.0.1, as a CA does. Rejects with what is wrong with it. */
export type ChallengeValidation = (
  port: number,
  hostname: string,
  token: string,
  keyAuthorization: string,
) => Promise<void>;

const TIMEOUT_MS = 5_000;

/** RFC 8555 section 8.3. Redirects are not followed: a route that makes one must not see the request. */
export const validateHttp: ChallengeValidation = (port, hostname, token, keyAuthorization) =>
  new Promise((resolve, reject) => {
    const path = `/.well-known/acme-challenge/${token}`;
    const options = { host: "127.0.0.1", port, path, headers: { host: hostname }, agent: false };
    const request = http.get({ ...options, signal: AbortSignal.timeout(TIMEOUT_MS) }, (response) => {
      let body = "";
      response.setEncoding("latin1").on("data", (text: string) => (body += text));
      response.on("end", () => {
        if (response.statusCode !== 200) reject(new Error(`status ${response.statusCode}`));
        else if (body.trimEnd() !== keyAuthorization) reject(new Error(`another key authorization: ${body}`));
        else resolve();
      });
    });
    request.on("error", reject);
  });

const ACME_IDENTIFIER = "1.3.6.1.5.5.7.1.31";

/** RFC 8737 section 3: one name, the digest in a critical extension, the protocol agreed on. */
export const validateTlsAlpn: ChallengeValidation = (port, hostname, _token, keyAuthorization) =>
  new Promise((resolve, reject) => {
    const socket = tls.connect({
      host: "127.0.0.1",
      port,
      servername: hostname,
      ALPNProtocols: ["acme-tls/1"],
      rejectUnauthorized: false,
      timeout: TIMEOUT_MS,
    });
    const end = (mistake: string | null): void => {
      socket.destroy();
      if (mistake === null) resolve();
      else reject(new Error(mistake));
    };
    socket.on("error", reject);
    socket.on("timeout", () => end("timeout"));
    socket.on("secureConnect", () => {
      if (socket.alpnProtocol !== "acme-tls/1") return end(`protocol ${String(socket.alpnProtocol)}`);
      const certificate = new x509.X509Certificate(socket.getPeerX509Certificate()!.raw);
      end(mistakeOf(certificate, hostname, keyAuthorization));
    });
  });

function mistakeOf(
  certificate: x509.X509Certificate,
  hostname: string,
  keyAuthorization: string,
): string | null {
  const names = certificate.getExtension(x509.SubjectAlternativeNameExtension)?.names.items ?? [];
  if (names.length !== 1 || names[0]!.type !== "dns" || names[0]!.value !== hostname) return "other names";
  const extension = certificate.getExtension(ACME_IDENTIFIER);
  if (extension === null) return "no acmeIdentifier";
  if (!extension.critical) return "acmeIdentifier is not critical";
  const digest = createHash("sha256").update(keyAuthorization).digest();
  const expected = Buffer.concat([Buffer.from([0x04, 0x20]), digest]);
  return expected.equals(Buffer.from(extension.value)) ? null : "the digest of another key authorization";
}
