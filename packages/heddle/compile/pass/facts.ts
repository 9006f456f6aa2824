import {
  gatewayGroup,
  heddleGroup,
  keyOf,
  makeKey,
  serviceNameLabel,
  type EndpointSlice,
  type KindName,
  type ReferenceGrant,
  type Resource,
  type ResourceKey,
  type Secret,
} from "../../resources/index.ts";
import type { TlsTarget } from "../backends/tls-policies.ts";

type ResourceNamed<K extends KindName> = Extract<Resource, { kind: K }>;

/**
 * Everything that the compilation of one resource may look at beside the resource itself, by name. A value is the
 * same object as in the last run while its content is the same, so results are kept by comparing what they read.
 */
export type FactName = string;

export interface FactReader {
  read(name: FactName): unknown;
}

const groups: Partial<Record<KindName, string>> = {
  Backend: heddleGroup,
  GatewaySettings: heddleGroup,
  AcmeIssuer: heddleGroup,
  Filter: heddleGroup,
  BackendTLSPolicy: gatewayGroup,
};

/** The resource of one of the kinds that others refer to. */
export function readResource<
  K extends
    | "BackendTLSPolicy"
    | "Service"
    | "Namespace"
    | "Secret"
    | "ConfigMap"
    | "Backend"
    | "GatewaySettings"
    | "AcmeIssuer"
    | "Filter",
>(facts: FactReader, kind: K, namespace: string, name: string): ResourceNamed<K> | undefined {
  return facts.read(makeKey(groups[kind] ?? "", kind, namespace, name)) as ResourceNamed<K> | undefined;
}

/** The slices of a Service. */
export function readSlices(facts: FactReader, namespace: string, service: string): readonly EndpointSlice[] {
  return (facts.read(`~slices/${namespace}/${service}`) as EndpointSlice[] | undefined) ?? [];
}

/** The grants in a namespace. */
export function readGrants(facts: FactReader, namespace: string): readonly ReferenceGrant[] {
  return (facts.read(`~grants/${namespace}`) as ReferenceGrant[] | undefined) ?? [];
}

/** The Secrets in a namespace. */
export function readSecrets(facts: FactReader, namespace: string): readonly Secret[] {
  return (facts.read(`~secrets/${namespace}`) as Secret[] | undefined) ?? [];
}

/** Gives the list of the last run where it has the same items. */
interface ListKeeper {
  keepList(name: FactName, list: readonly Resource[]): readonly Resource[];
}

/** Who wins the Services of a namespace that policies ask TLS for. */
export function readTlsTargets(facts: FactReader, namespace: string): readonly TlsTarget[] {
  return (facts.read(tlsTargetsFact(namespace)) as TlsTarget[] | undefined) ?? [];
}

export const tlsTargetsFact = (namespace: string): FactName => `~tls-targets/${namespace}`;

/** Whether there is a resource of that key, good or with errors. */
export function readPresence(facts: FactReader, key: ResourceKey): "present" | "rejected" | "absent" {
  if (facts.read(key) !== undefined) return "present";
  return facts.read(rejectedFact(key)) === undefined ? "absent" : "rejected";
}

/** What is wrong with the resource of that key, undefined where it is good or not there. */
export function readRejection(facts: FactReader, key: ResourceKey): string | undefined {
  return facts.read(rejectedFact(key)) as string | undefined;
}

const rejectedFact = (key: ResourceKey): FactName => `~rejected/${key}`;

/** The resources of one compile run, by key and by kind, and the facts that are made of them. */
export class Facts implements FactReader {
  private readonly facts = new Map<FactName, unknown>();
  private readonly kinds = new Map<KindName, Resource[]>();
  private readonly lists = new Map<FactName, Resource[]>();

  read(name: FactName): unknown {
    return this.facts.get(name);
  }

  set(name: FactName, value: unknown): void {
    this.facts.set(name, value);
  }

  /** Notes a resource that is there and has errors. */
  addRejected(key: ResourceKey, mistakes: string): void {
    this.facts.set(rejectedFact(key), mistakes);
  }

  /** After the last `add`: makes the lists facts. */
  seal(keeper: ListKeeper): void {
    for (const [name, list] of this.lists) this.facts.set(name, keeper.keepList(name, list));
  }

  ofKind<K extends KindName>(kind: K): readonly ResourceNamed<K>[] {
    return (this.kinds.get(kind) ?? []) as ResourceNamed<K>[];
  }

  /** Sources give each key once; of two the first counts. */
  add(resource: Resource): void {
    const key = keyOf(resource);
    if (this.facts.has(key)) return;
    this.facts.set(key, resource);
    push(this.kinds, resource.kind, resource);
    if (resource.kind === "EndpointSlice") {
      const service = resource.metadata.labels?.[serviceNameLabel];
      if (service !== undefined)
        push(this.lists, `~slices/${resource.metadata.namespace}/${service}`, resource);
    } else if (resource.kind === "ReferenceGrant") {
      push(this.lists, `~grants/${resource.metadata.namespace}`, resource);
    } else if (resource.kind === "Secret") {
      push(this.lists, `~secrets/${resource.metadata.namespace}`, resource);
    }
  }
}

function push<K>(lists: Map<K, Resource[]>, key: K, resource: Resource): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [resource]);
  else list.push(resource);
}
