import type { Resource } from "../resources/index.ts";

/** A column of `kubectl get`. */
interface Column {
  readonly name: string;
  readonly type?: "string" | "integer";
  read(resource: Resource): string | number;
}

type Json = Record<string, unknown>;

const text = (value: unknown): string => (typeof value === "string" ? value : "");
const list = (value: unknown): Json[] => (Array.isArray(value) ? (value as Json[]) : []);
const join = (values: readonly string[]): string => values.filter((value) => value !== "").join(",");
const specOf = (resource: Resource): Json => (resource as unknown as { spec?: Json }).spec ?? {};
const statusOf = (resource: Resource): Json => (resource as unknown as { status?: Json }).status ?? {};

/** The state of a condition; of a route's, "False" where one parent says so. */
function conditionColumn(name: string, type: string): Column {
  return {
    name,
    read(resource) {
      const status = statusOf(resource);
      const lists = [status, ...list(status["parents"])].flatMap((one) => list(one["conditions"]));
      const states = lists.filter((one) => one["type"] === type).map((one) => text(one["status"]));
      if (states.length === 0) return "Unknown";
      return states.every((state) => state === "True") ? "True" : "False";
    },
  };
}

const hostnames: Column = {
  name: "Hostnames",
  read: (resource) => join((specOf(resource)["hostnames"] as string[] | undefined) ?? []),
};

/** "edge", or "infra/edge" in another namespace. */
function parentOf(reference: unknown): string {
  const { namespace, name } = (reference ?? {}) as Json;
  return [text(namespace), text(name)].filter((part) => part !== "").join("/");
}

const ports: Column = {
  name: "Ports",
  read: (resource) =>
    join(
      list(specOf(resource)["ports"]).map(
        (port) => `${String(port["port"])}/${text(port["protocol"]) || "TCP"}`,
      ),
    ),
};

const columnsByKind: Readonly<Partial<Record<Resource["kind"], readonly Column[]>>> = {
  GatewayClass: [
    { name: "Controller", read: (resource) => text(specOf(resource)["controllerName"]) },
    conditionColumn("Accepted", "Accepted"),
  ],
  Gateway: [
    { name: "Class", read: (resource) => text(specOf(resource)["gatewayClassName"]) },
    {
      name: "Address",
      read: (resource) => join(list(statusOf(resource)["addresses"]).map((one) => text(one["value"]))),
    },
    conditionColumn("Programmed", "Programmed"),
  ],
  ListenerSet: [
    { name: "Parent", read: (resource) => parentOf(specOf(resource)["parentRef"]) },
    conditionColumn("Accepted", "Accepted"),
    conditionColumn("Programmed", "Programmed"),
  ],
  HTTPRoute: [
    hostnames,
    conditionColumn("Accepted", "Accepted"),
    conditionColumn("Resolved", "ResolvedRefs"),
  ],
  GRPCRoute: [
    hostnames,
    conditionColumn("Accepted", "Accepted"),
    conditionColumn("Resolved", "ResolvedRefs"),
  ],
  Backend: [conditionColumn("Accepted", "Accepted")],
  Service: [
    { name: "Type", read: (resource) => text(specOf(resource)["type"]) },
    {
      name: "External-IP",
      read(resource) {
        const balancer = statusOf(resource)["loadBalancer"] as Json | undefined;
        return join(list(balancer?.["ingress"]).map((one) => text(one["ip"]))) || "<none>";
      },
    },
    ports,
  ],
  EndpointSlice: [
    {
      name: "Endpoints",
      read: (resource) =>
        join(
          list((resource as unknown as Json)["endpoints"]).flatMap(
            (one) => (one["addresses"] as string[] | undefined) ?? [],
          ),
        ),
    },
  ],
  Secret: [
    { name: "Type", read: (resource) => text((resource as unknown as Json)["type"]) },
    {
      name: "Data",
      type: "integer",
      read: (resource) =>
        Object.keys(((resource as unknown as Json)["data"] as Json | undefined) ?? {}).length,
    },
  ],
};

/** Resources of one kind as the Table that `kubectl get` prints. `includeObject` as clients ask: Metadata by default. */
export function tableOf(
  resources: readonly Resource[],
  kind: string,
  resourceVersion: string,
  includeObject: string,
  nowMs: number,
): object {
  const columns = columnsByKind[kind as Resource["kind"]] ?? [];
  return {
    kind: "Table",
    apiVersion: "meta.k8s.io/v1",
    metadata: { resourceVersion },
    columnDefinitions: [
      definition("Name", "string", "name"),
      ...columns.map(({ name, type = "string" }) => definition(name, type, "")),
      definition("Age", "string", ""),
    ],
    rows: resources.map((resource) => ({
      cells: [
        resource.metadata.name,
        ...columns.map((column) => column.read(resource)),
        ageOf(resource, nowMs),
      ],
      ...(includeObject === "None"
        ? {}
        : { object: includeObject === "Object" ? resource : partial(resource) }),
    })),
  };
}

const definition = (name: string, type: string, format: string) => ({
  name,
  type,
  format,
  description: "",
  priority: 0,
});

const partial = ({ metadata }: Resource) => ({
  kind: "PartialObjectMetadata",
  apiVersion: "meta.k8s.io/v1",
  metadata,
});

/** As kubectl shows ages; what was not created at a known time has none. */
function ageOf({ metadata }: Resource, nowMs: number): string {
  const createdMs = Date.parse(metadata.creationTimestamp ?? "");
  if (Number.isNaN(createdMs)) return "<unknown>";
  const seconds = Math.max(0, Math.floor((nowMs - createdMs) / 1_000));
  const [size, unit] = [[86_400, "d"] as const, [3_600, "h"] as const, [60, "m"] as const].find(
    ([s]) => seconds >= 2 * s,
  ) ?? [1, "s"];
  return `${Math.floor(seconds / size)}${unit}`;
}
