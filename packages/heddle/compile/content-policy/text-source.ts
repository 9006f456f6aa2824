import { parseKey, type TextSourceSpec } from "../../resources/index.ts";
import { configTextName, templateName } from "../data/config-text.ts";
import { missingEntry, readEntry } from "../credentials/key-set-names.ts";
import { makeFinding, type Finding } from "../io/status.ts";
import type { MemberPlace } from "./member.ts";

/** Octets of a text from a ConfigMap. */
const MAX_TEXT_BYTES = 262_144;

/** A text of a policy's: as it stands there, or the name of the data unit with it. */
export interface TextReading {
  readonly text: string;
  /** "": it is in `text` and in no unit. */
  readonly data: string;
  readonly finding: Finding | null;
}

/** `kind`: what the data unit holds, the text or the template that it is. */
export function readTextSource(
  { text, configMap }: TextSourceSpec,
  path: string,
  kind: "text" | "template",
  { policy, facts }: MemberPlace,
): TextReading {
  if (configMap === undefined) return { text: text ?? "", data: "", finding: null };
  const { namespace } = parseKey(policy);
  const { name, key } = configMap;
  const found = readEntry(facts, "ConfigMap", namespace, name, key);
  const data = (kind === "text" ? configTextName : templateName)(namespace, name, key);
  return {
    text: found ?? "",
    data,
    finding:
      found === undefined
        ? makeFinding(
            "TextNotFound",
            `${path}.configMap`,
            missingEntry(facts, "ConfigMap", namespace, name, key),
          )
        : findingOf(found, `${path}.configMap`, `${namespace}/${name}`, key),
  };
}

function findingOf(text: string, path: string, object: string, key: string): Finding | null {
  if (Buffer.byteLength(text) <= MAX_TEXT_BYTES) return null;
  return makeFinding(
    "TextTooLong",
    path,
    `key ${key} of ConfigMap ${object} has more than ${MAX_TEXT_BYTES} bytes`,
  );
}
