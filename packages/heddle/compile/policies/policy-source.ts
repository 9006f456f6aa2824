import { rootNamespace, type PolicyTargetKind, type ResourceKey } from "../../resources/index.ts";

/** Something that policies can be attached to, and the part of it that is looked at. */
export class PolicyPlace {
  readonly kind: PolicyTargetKind;
  readonly namespace: string;
  readonly name: string;
  readonly sectionName: string;
  // Private, so that no place is made by copying another, whose facts it would keep.
  readonly #attachedFact: string;
  readonly #denyingFact: string;

  /** `sectionName`: "" where it has no parts, or none with a name. */
  constructor(kind: PolicyTargetKind, namespace: string, name: string, sectionName = "") {
    this.kind = kind;
    this.namespace = namespace;
    this.name = name;
    this.sectionName = sectionName;
    this.#attachedFact = `~policies/${kind}/${namespace}/${name}`;
    this.#denyingFact = `~denying/${namespace}`;
  }

  /** The fact that holds the kinds of policies that are attached to it, or to a part of it, in the order of the kinds. */
  get attachedFact(): string {
    return this.#attachedFact;
  }

  /** The fact that holds the kinds for which all of its namespace denies. */
  get denyingFact(): string {
    return this.#denyingFact;
  }
}

/** All of a namespace. */
export const namespacePlace = (namespace: string): PolicyPlace =>
  new PolicyPlace("Namespace", namespace, namespace);

/** All Gateways of a class, with what they lead to. */
export const classPlace = (name: string): PolicyPlace => new PolicyPlace("GatewayClass", rootNamespace, name);

/** The places with that of a namespace behind them, where none of them is in it. */
export function withNamespace(above: readonly PolicyPlace[], namespace: string): readonly PolicyPlace[] {
  const isThere = above.some((place) => place.kind !== "GatewayClass" && place.namespace === namespace);
  return isThere ? above : [...above, namespacePlace(namespace)];
}

/** Where a value that is in force comes from. */
export interface PolicySource {
  /** `retry`, or `timeouts.request`. */
  readonly field: string;
  readonly value: unknown;
  readonly policy: ResourceKey;
  /** `HTTPRoute shop/orders rule pay` */
  readonly target: string;
}
