/** What others write in kinds that Heddle does not know, and the kind that says it here. */
const counterparts: Readonly<Record<string, string>> = {
  // Kubernetes
  Ingress: "HTTPRoute",
  IngressClass: "GatewayClass",
  Endpoints: "EndpointSlice",
  // Istio
  VirtualService: "HTTPRoute",
  DestinationRule: "TrafficPolicy",
  ServiceEntry: "Backend",
  AuthorizationPolicy: "AccessPolicy",
  RequestAuthentication: "AccessPolicy",
  // Linkerd
  ServiceProfile: "TrafficPolicy",
  // Envoy Gateway
  BackendTrafficPolicy: "TrafficPolicy",
  ClientTrafficPolicy: "GatewaySettings",
  SecurityPolicy: "AccessPolicy",
  HTTPRouteFilter: "Filter",
  // Contour, Traefik
  HTTPProxy: "HTTPRoute",
  IngressRoute: "HTTPRoute",
  Middleware: "Filter",
  // cert-manager
  Issuer: "AcmeIssuer",
  ClusterIssuer: "AcmeIssuer",
};

/** The kind that takes the place of somebody else's, or undefined. */
export const counterpartOf = (kind: string): string | undefined =>
  Object.hasOwn(counterparts, kind) ? counterparts[kind] : undefined;
