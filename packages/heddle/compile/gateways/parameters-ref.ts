import { heddleGroup, keyOf, makeKey, type GatewaySettings } from "../../resources/index.ts";
import type { Collector } from "../pass/collector.ts";
import { readRejection, readResource, type FactReader, type Facts } from "../pass/facts.ts";
import type { SettingsSource } from "./gateway-settings.ts";
import type { CompileMemo } from "../pass/memo.ts";
import { goodUnless, makeFinding, type Finding } from "../io/status.ts";

const settingsKind: GatewaySettings["kind"] = "GatewaySettings";

interface ParametersRef {
  readonly group: string;
  readonly kind: string;
  readonly name: string;
  readonly namespace?: string | undefined;
}

/** The settings that a `parametersRef` leads to, or why it does not; `path` is that of the reference. */
export function resolveParameters(
  ref: ParametersRef,
  path: string,
  facts: FactReader,
): SettingsSource | Finding {
  const { group, kind, namespace, name } = ref;
  if (group !== heddleGroup || kind !== settingsKind) {
    const message = `there are no parameters of kind ${kind} in group "${group}"; use ${settingsKind} of group ${heddleGroup}, or remove it`;
    return makeFinding("InvalidParameters", path, message);
  }
  if (namespace === undefined) {
    const message = `must be given, since ${settingsKind} are in a namespace`;
    return makeFinding("InvalidParameters", `${path}.namespace`, message);
  }
  const settings = readResource(facts, settingsKind, namespace, name);
  if (settings !== undefined) return { name: `${namespace}/${name}`, spec: settings.spec };
  const mistakes = readRejection(facts, makeKey(heddleGroup, settingsKind, namespace, name));
  const message =
    mistakes === undefined
      ? `there is no ${settingsKind} ${namespace}/${name}; create it, or remove the reference`
      : `${settingsKind} ${namespace}/${name} has errors, mend them: ${mistakes}`;
  return makeFinding("InvalidParameters", path, message);
}

/** The statuses of settings, used by a Gateway or not. */
export function reportSettings(facts: Facts, memo: CompileMemo, collector: Collector): void {
  for (const settings of facts.ofKind(settingsKind)) {
    const { generation } = settings.metadata;
    const status = { conditions: [goodUnless("Accepted", null, "Accepted", generation)] };
    const key = keyOf(settings);
    collector.status(key, memo.keepValue(`status/${key}`, status));
  }
}
