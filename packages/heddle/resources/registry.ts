import { configMapKind } from "./core/config-map.ts";
import { endpointSliceKind } from "./core/endpoint-slice.ts";
import { namespaceKind } from "./core/namespace.ts";
import { secretKind } from "./core/secret.ts";
import { serviceKind } from "./core/service.ts";
import { backendTlsPolicyKind } from "./gateway-api/backend-tls-policy.ts";
import { gatewayClassKind } from "./gateway-api/gateway-class.ts";
import { gatewayKind } from "./gateway-api/gateway.ts";
import { grpcRouteKind } from "./gateway-api/grpc-route.ts";
import { httpRouteKind } from "./gateway-api/http-route.ts";
import { listenerSetKind } from "./gateway-api/listener-set.ts";
import { referenceGrantKind } from "./gateway-api/reference-grant.ts";
import { tcpRouteKind } from "./gateway-api/tcp-route.ts";
import { tlsRouteKind } from "./gateway-api/tls-route.ts";
import { udpRouteKind } from "./gateway-api/udp-route.ts";
import { accessPolicyKind } from "./heddle-dev/access-policy.ts";
import { acmeIssuerKind } from "./heddle-dev/acme-issuer.ts";
import { backendKind } from "./heddle-dev/backend.ts";
import { contentPolicyKind } from "./heddle-dev/content-policy.ts";
import { filterKind } from "./heddle-dev/filter.ts";
import { filterPolicyKind } from "./heddle-dev/filter-policy.ts";
import { gatewaySettingsKind } from "./heddle-dev/gateway-settings.ts";
import { rateLimitPolicyKind } from "./heddle-dev/rate-limit-policy.ts";
import { trafficPolicyKind } from "./heddle-dev/traffic-policy.ts";
import { apiVersionOf, type InputOf, type Kind, type KindVersion, type ResourceOf } from "./kind.ts";

const table = [
  gatewayClassKind,
  gatewayKind,
  listenerSetKind,
  httpRouteKind,
  grpcRouteKind,
  tlsRouteKind,
  tcpRouteKind,
  udpRouteKind,
  referenceGrantKind,
  backendTlsPolicyKind,
  namespaceKind,
  serviceKind,
  secretKind,
  configMapKind,
  endpointSliceKind,
  backendKind,
  gatewaySettingsKind,
  acmeIssuerKind,
  trafficPolicyKind,
  accessPolicyKind,
  rateLimitPolicyKind,
  contentPolicyKind,
  filterKind,
  filterPolicyKind,
] as const;

/** Every kind that Heddle knows. */
export const kinds: readonly Kind[] = table;

/** A validated resource of any kind. */
export type Resource = { [I in keyof typeof table]: ResourceOf<(typeof table)[I]> }[number];

/** What a user may write for any kind: as `Resource`, with all that has a default optional. */
export type ResourceInput = { [I in keyof typeof table]: InputOf<(typeof table)[I]> }[number];

/** The names of all kinds. */
export type KindName = Resource["kind"];

/** The resource type of a kind's name. */
export type ResourceByKind<K extends KindName> = Extract<Resource, { kind: K }>;

/** A kind in one of its served versions. */
export interface ServedKind {
  kind: Kind;
  version: KindVersion;
  isPreferred: boolean;
}

const byApiVersionAndKind = new Map<string, ServedKind>();
const byPlural = new Map<string, ServedKind>();
const byName = new Map<string, Kind>();

for (const kind of kinds) {
  byName.set(kind.kind, kind);
  for (const version of kind.versions) {
    const served = { kind, version, isPreferred: version === kind.versions[0] };
    byApiVersionAndKind.set(`${apiVersionOf(kind.group, version.name)} ${kind.kind}`, served);
    byPlural.set(`${kind.group}/${version.name}/${kind.plural}`, served);
  }
}

/** The kind of a document, by its `apiVersion` and `kind` fields. */
export function findKind(apiVersion: string, kind: string): ServedKind | undefined {
  return byApiVersionAndKind.get(`${apiVersion} ${kind}`);
}

/** The kind of an API path: group (empty for the core group), version and plural. */
export function findKindByPlural(group: string, version: string, plural: string): ServedKind | undefined {
  return byPlural.get(`${group}/${version}/${plural}`);
}

/** The kind of that name; names are unique across the groups that Heddle knows. */
export function kindNamed(name: KindName): Kind;
export function kindNamed(name: string): Kind | undefined;
export function kindNamed(name: string): Kind | undefined {
  return byName.get(name);
}
