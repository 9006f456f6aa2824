import { makeKey } from "../resources/index.ts";
import type { Store } from "../store/index.ts";
import { failure, type Answer } from "./answer.ts";
import type { ResourcePath } from "./resource-path.ts";

/** Says what a client can do instead of writing: what was generated changes with its owner, the rest with its file. */
export async function refuseWrite(
  store: Store,
  path: ResourcePath | undefined,
  method: string,
): Promise<Answer> {
  if (path !== undefined && path.name !== "") {
    const { kind, namespace, name } = path;
    const found = await store.get(makeKey(kind.group, kind.kind, namespace, name));
    const owner = found?.metadata.ownerReferences?.[0];
    if (owner !== undefined) {
      const message = `${kind.plural} "${name}" is forbidden: it is generated for ${owner.kind} ${namespace}/${owner.name} and follows it; change that one`;
      return failure(403, message, { name, group: kind.group, kind: kind.plural });
    }
  }
  const message = `${method} is not served: this version's API reads; change the files that heddle run was given`;
  return { ...failure(405, message), headers: { allow: "GET, HEAD" } };
}
