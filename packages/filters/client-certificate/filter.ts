import type { Filter, FilterContext, FilterFactory } from "@heddle/engine/filter";
import { Credentials } from "@heddle/engine/message";
import type { Exchange, PeerCertificate, Principal } from "@heddle/engine/message";
import type { ClientCertificateConfig } from "./config.ts";
import { forwardedCertificate } from "./forwarded-certificate.ts";
import { matchCertificate, subjectOf } from "./match-certificate.ts";

/** Of a principal that was made for a certificate, or why none was. */
type Verdict = Principal | Refusal;
type Refusal = "unverified" | "authority" | "issuer" | "not-allowed" | "no-subject";

const reasons: Readonly<Record<Refusal, string>> = {
  unverified: "the client's certificate was issued by nobody that is trusted here",
  authority: "the client's certificate is one of an authority",
  issuer: "the client's certificate was issued by an authority that is not allowed here",
  "not-allowed": "the client's certificate is not among those that are allowed",
  "no-subject": "the client's certificate has not the one name that it would be known by",
};

/** There is no scheme for it; this tells a person what is wanted. */
const CHALLENGE = "ClientCertificate";

const FORWARDED = "x-forwarded-client-cert";

/**
 * Says who a request is of by the certificate that the client showed when the connection was made. What a header says
 * of a certificate is never looked at. A listener that takes clients whose certificates it could not verify lets
 * nobody pass here by one: anybody can make it.
 */
class ClientCertificate implements Filter {
  readonly name = "client-certificate";
  private readonly config: ClientCertificateConfig;
  private readonly context: FilterContext;
  /** All requests of a connection show the same one. */
  private readonly verdicts = new WeakMap<PeerCertificate, Verdict>();

  constructor(config: ClientCertificateConfig, context: FilterContext) {
    this.config = config;
    this.context = context;
  }

  requestHead(exchange: Exchange): void {
    const credentials = Credentials.of(exchange);
    const { fields } = exchange.request;
    if (this.config.isForwarded) fields.delete(FORWARDED);
    const certificate = exchange.peer.tls?.clientCertificate ?? null;
    if (certificate === null) {
      credentials.challenge(CHALLENGE);
      return;
    }
    const verdict = this.verdictOn(certificate);
    if (typeof verdict === "string") {
      this.context.count(verdict);
      credentials.reject(reasons[verdict], CHALLENGE);
      return;
    }
    credentials.accept(verdict);
    if (this.config.isForwarded) fields.add(FORWARDED, forwardedCertificate(certificate));
  }

  private verdictOn(certificate: PeerCertificate): Verdict {
    let verdict = this.verdicts.get(certificate);
    if (verdict === undefined) {
      verdict = this.judge(certificate);
      this.verdicts.set(certificate, verdict);
    }
    return verdict;
  }

  private judge(certificate: PeerCertificate): Verdict {
    const { allowed, authorities, subject: from } = this.config;
    if (!certificate.isVerified) return "unverified";
    if (certificate.isAuthority) return "authority";
    if (authorities.length > 0 && !certificate.issuers.some((one) => authorities.includes(one)))
      return "issuer";
    if (!matchCertificate(certificate, allowed)) return "not-allowed";
    const subject = subjectOf(certificate, from);
    return subject === "" ? "no-subject" : principalOf(certificate, subject);
  }
}

function principalOf(certificate: PeerCertificate, subject: string): Principal {
  const { issuer, commonName, dnsNames, uris, emails, fingerprint } = certificate;
  const claims = Object.assign(Object.create(null) as Record<string, unknown>, {
    subject: certificate.subject,
    common_name: commonName,
    dns: dnsNames,
    uri: uris,
    email: emails,
    fingerprint,
  });
  return Object.freeze({ subject, issuer, method: "client-certificate", claims: Object.freeze(claims) });
}

/** Events: `unverified`, `authority`, `issuer`, `not-allowed`, `no-subject`. */
export const clientCertificate: FilterFactory<ClientCertificateConfig> = {
  name: "client-certificate",
  create: (config, context) => new ClientCertificate(config, context),
};
