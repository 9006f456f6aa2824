import type { AcmeChallengeType, AcmeRequest } from "../io/acme-io.ts";
import { isServed, type GatewayPlan, type ListenerPlan } from "./gateway-plan.ts";
import { makeFinding } from "../io/status.ts";

/** Where a CA asks (RFC 8555 section 8.3, RFC 8737 section 3). */
const wellKnownPorts: Readonly<Record<AcmeChallengeType, number>> = { "http-01": 80, "tls-alpn-01": 443 };

/**
 * The certificates that served listeners ask for, each once, with the challenges that listeners can answer. One that
 * has none gets a finding on its listeners instead.
 */
export function acmeRequests(plans: readonly GatewayPlan[]): AcmeRequest[] {
  const served = plans.flatMap((plan) => plan.listeners.filter((listener) => isServed(plan, listener)));
  const requests = new Map<string, AcmeRequest>();
  for (const listener of served) {
    if (listener.acme === null) continue;
    const { request } = listener.acme;
    const challenges = usableChallenges(request, served);
    if (challenges.length > 0) {
      requests.set(request.id, { ...request, challenges });
      continue;
    }
    const message = `AcmeIssuer ${request.issuer.name} allows http-01 only, and no listener of protocol HTTP could answer it; add one on port 80, or allow tls-alpn-01`;
    listener.blocked = makeFinding("InvalidCertificateRef", `${listener.path}.tls.options`, message);
  }
  return [...requests.values()];
}

/** Those that a listener can answer, the ones on the port that the CA asks at first. */
function usableChallenges({ challenges }: AcmeRequest, served: readonly ListenerPlan[]): AcmeChallengeType[] {
  const ports = (type: AcmeChallengeType): number[] =>
    served
      .filter(({ listener, tls }) => (type === "http-01" ? listener.protocol === "HTTP" : tls !== null))
      .map(({ listener }) => listener.port);
  const rank = (type: AcmeChallengeType): number => (ports(type).includes(wellKnownPorts[type]) ? 0 : 1);
  return challenges.filter((type) => ports(type).length > 0).sort((a, b) => rank(a) - rank(b));
}
