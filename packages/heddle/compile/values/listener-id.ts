/** A Gateway or ListenerSet by its name. */
export interface OwnerName {
  readonly kind: "Gateway" | "ListenerSet";
  readonly namespace: string;
  readonly name: string;
}

/** What the id of a listener says. */
export interface ListenerName {
  readonly gateway: { readonly namespace: string; readonly name: string };
  /** Whose spec it stands in: the Gateway itself, or a ListenerSet of it. */
  readonly owner: OwnerName;
  readonly listener: string;
}

/**
 * `ServerSpec.id`: "namespace/gateway/listener", and with the ListenerSet's namespace and name before the listener's
 * where it stands in one: "infra/edge/shop/team/https". Names have no slash.
 */
export function listenerId(
  gateway: { readonly namespace: string; readonly name: string },
  owner: OwnerName,
  listener: string,
): string {
  const set = owner.kind === "ListenerSet" ? [owner.namespace, owner.name] : [];
  return [gateway.namespace, gateway.name, ...set, listener].join("/");
}

/** Takes such an id apart. */
export function parseListenerId(id: string): ListenerName {
  const parts = id.split("/");
  const [namespace = "", name = "", ofSet = "", set = ""] = parts;
  const gateway = { namespace, name };
  const owner: OwnerName =
    parts.length === 5
      ? { kind: "ListenerSet", namespace: ofSet, name: set }
      : { kind: "Gateway", namespace, name };
  return { gateway, owner, listener: parts.at(-1)! };
}
