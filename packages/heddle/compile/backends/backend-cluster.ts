import type { ClusterProtocol, ClusterTls, EndpointSpec } from "@heddle/engine/model";
import type { Backend, BackendEndpoint } from "../../resources/index.ts";
import { parseCertificates } from "../values/certificate.ts";
import type { ControlAddress } from "../io/compile-io.ts";
import { endpointMistake } from "./endpoint-guard.ts";
import { readResource, type FactReader } from "../pass/facts.ts";
import { normalAddress } from "../values/ip-address.ts";
import { makeFinding, type Finding } from "../io/status.ts";

export interface BackendPlan {
  readonly protocol: ClusterProtocol;
  readonly endpoints: readonly EndpointSpec[];
  readonly tls: ClusterTls | null;
  /** References that do not resolve: the backend is not used. */
  readonly unresolved: readonly Finding[];
  /** Endpoints that are left out. */
  readonly refused: readonly Finding[];
}

interface Place {
  readonly address: string;
  readonly port: number;
  readonly path: string;
  readonly endpoint?: BackendEndpoint;
}

/** What a Backend of heddle.dev stands for. */
export function planBackend(
  backend: Backend,
  facts: FactReader,
  controlAddresses: readonly ControlAddress[],
): BackendPlan {
  const refused: Finding[] = [];
  const endpoints: EndpointSpec[] = [];
  const places = placesOf(backend);
  for (const { address, port, path, endpoint } of places) {
    const mistake = port === 0 ? null : endpointMistake(address, port, controlAddresses);
    if (mistake === null) endpoints.push({ address, port, ...sharesOf(endpoint) });
    else refused.push(makeFinding("EndpointRefused", path, `${address} ${mistake}`));
  }
  const { tls, findings } = tlsOf(backend, places, facts);
  return { protocol: protocolOf(backend, tls !== null), endpoints, tls, unresolved: findings, refused };
}

/** What an endpoint says of its share of the traffic. */
function sharesOf(endpoint: BackendEndpoint | undefined): Omit<EndpointSpec, "address" | "port"> {
  if (endpoint === undefined) return { weight: 1, zone: "" };
  const { weight, priority, zone = "", labels } = endpoint;
  return { weight, zone, ...(priority > 0 && { priority }), ...(labels !== undefined && { labels }) };
}

/** "HTTP" leaves the version to ALPN; in clear text nothing is negotiated, and every server speaks HTTP/1.1. */
function protocolOf({ spec }: Backend, hasTls: boolean): ClusterProtocol {
  switch (spec.protocol) {
    case "HTTP":
      return hasTls ? "auto" : "http1";
    case "HTTP1":
      return "http1";
    case "HTTP2":
      return "http2";
  }
}

function placesOf({ spec }: Backend): Place[] {
  if (spec.unix !== undefined) return [{ address: spec.unix, port: 0, path: "spec.unix" }];
  if (spec.url !== undefined) {
    const url = new URL(spec.url);
    const port = url.port === "" ? (url.protocol === "https:" ? 443 : 80) : Number(url.port);
    return [{ address: hostAddress(url.hostname), port, path: "spec.url" }];
  }
  return (spec.endpoints ?? []).map((endpoint, index) => ({
    address: hostAddress(endpoint.address),
    port: endpoint.port,
    path: `spec.endpoints[${index}].address`,
    endpoint,
  }));
}

/** One text for each host: brackets of a URL's IPv6 address dropped, numbers as the URL parser reads them. */
function hostAddress(host: string): string {
  const bare = host.startsWith("[") ? host.slice(1, -1) : host;
  return normalAddress(bare) ?? bare.toLowerCase();
}

function tlsOf(
  { spec, metadata }: Backend,
  places: readonly Place[],
  facts: FactReader,
): { tls: ClusterTls | null; findings: Finding[] } {
  const isHttps = spec.url !== undefined && /^https:/i.test(spec.url);
  if (spec.tls === undefined && !isHttps) return { tls: null, findings: [] };
  const { hostname, caCertificateRefs: refs, insecureSkipVerify = false } = spec.tls ?? {};
  const findings: Finding[] = [];
  const bundles: string[] = [];
  for (const [index, ref] of (refs ?? []).entries()) {
    const pem = readBundle(ref, metadata.namespace, facts);
    if (pem.isGood) bundles.push(pem.text);
    else {
      const message = `${ref.kind} ${metadata.namespace}/${ref.name}: ${pem.text}`;
      findings.push(makeFinding("InvalidCACertificateRef", `spec.tls.caCertificateRefs[${index}]`, message));
    }
  }
  const serverName = hostname ?? onlyHost(places);
  if (serverName === null && !insecureSkipVerify) {
    const message =
      "must be given where endpoints have different hosts: it is the name that is expected of all";
    findings.push(makeFinding("InvalidTLS", "spec.tls.hostname", message));
  }
  const caPem = refs === undefined ? null : bundles.join("\n");
  return { tls: { serverName: serverName ?? "", caPem, insecureSkipVerify }, findings };
}

/** The host of all places, null where they differ. */
function onlyHost(places: readonly Place[]): string | null {
  const hosts = new Set(places.map(({ address, port }) => (port === 0 ? "" : address)));
  return hosts.size === 1 && !hosts.has("") ? places[0]!.address : null;
}

type CaRef = NonNullable<NonNullable<Backend["spec"]["tls"]>["caCertificateRefs"]>[number];

/** The certificates of a bundle in PEM, or what is wrong with it. */
export function readBundle(
  ref: CaRef,
  namespace: string,
  facts: FactReader,
): { isGood: boolean; text: string } {
  const pem =
    ref.kind === "ConfigMap"
      ? readResource(facts, "ConfigMap", namespace, ref.name)?.data["ca.crt"]
      : secretText(readResource(facts, "Secret", namespace, ref.name)?.data["ca.crt"]);
  if (pem === undefined) return { isGood: false, text: "is not there, or has no key ca.crt" };
  const certificates = parseCertificates(pem, "ca.crt");
  return typeof certificates === "string"
    ? { isGood: false, text: certificates }
    : { isGood: true, text: certificates.map((one) => one.toString().trim()).join("\n") };
}

function secretText(base64: string | undefined): string | undefined {
  return base64 === undefined ? undefined : Buffer.from(base64, "base64").toString("latin1");
}
