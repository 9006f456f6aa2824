import { DEFAULT_CLUSTER_SETTINGS, DEFAULT_LISTENER_SETTINGS } from "../model/index.ts";
import type {
  ClientValidation,
  ClusterTls,
  EndpointSpec,
  ListenerSettings,
  ListenerUnit,
  SecretUnit,
  ServerSpec,
  Unit,
} from "../model/index.ts";
import { endpoint } from "./gateway.suite.ts";

/** One listener of connections or datagrams, a route for each of its servers, and the cluster that all of them go to. */
export interface StreamShape {
  readonly protocol: ListenerUnit["protocol"];
  readonly servers: readonly ServerSpec[];
  /** Ports on 127.0.0.1, or whole endpoints. */
  readonly endpoints: readonly (number | EndpointSpec)[];
  /** Of the listener. Default "gateway". */
  readonly name?: string;
  readonly address?: string;
  readonly port?: number;
  readonly weight?: number;
  readonly clientValidation?: ClientValidation;
  readonly clusterTls?: ClusterTls;
  readonly listener?: Partial<ListenerSettings>;
  readonly secrets?: readonly SecretUnit[];
}

export const TCP_SERVER: ServerSpec = { id: "default/gw/tcp", hostname: "", tls: null, stream: "opened" };

export const UDP_SERVER: ServerSpec = { ...TCP_SERVER, id: "default/gw/udp" };

export function streamUnits(shape: StreamShape): Unit[] {
  const { protocol, servers, port = 0, weight = 1, secrets = [], clientValidation } = shape;
  return [
    {
      kind: "listener",
      name: shape.name ?? "gateway",
      address: shape.address ?? "127.0.0.1",
      port,
      protocol,
      servers,
      settings: { ...DEFAULT_LISTENER_SETTINGS, ...shape.listener },
      ...(clientValidation !== undefined && { clientValidation }),
    },
    {
      kind: "stream-route",
      name: "tcproute/default/app",
      createdMs: 0,
      attachments: servers.map(({ id, hostname }) => ({ server: id, hostnames: [hostname] })),
      rule: "0",
      backends: [{ cluster: "app", weight }],
    },
    {
      kind: "cluster",
      name: "app",
      protocol: "http1",
      endpoints: "app",
      balancing: { algorithm: "round-robin" },
      tls: shape.clusterTls ?? null,
      settings: DEFAULT_CLUSTER_SETTINGS,
    },
    {
      kind: "endpoints",
      name: "app",
      endpoints: shape.endpoints.map((one) => (typeof one === "number" ? endpoint(one) : one)),
    },
    ...secrets,
  ];
}
