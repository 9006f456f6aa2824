import type { Exchange } from "@heddle/engine/message";
import { parseDictionary } from "../structured-fields/index.ts";
import type { InnerList } from "../structured-fields/index.ts";

/** A signature as a request carries it. */
export interface SentSignature {
  readonly input: InnerList;
  readonly signature: Uint8Array;
}

/** More of them are nobody's honest request, and each costs a look-up at least. */
const maxSignatures = 8;

/** The signatures of a request; undefined for none, null where the fields are not what RFC 9421 section 4 says. */
export function readSignatures({ request }: Exchange): readonly SentSignature[] | null | undefined {
  const inputText = request.fields.getList("signature-input");
  const signatureText = request.fields.getList("signature");
  if (inputText === undefined && signatureText === undefined) return undefined;
  const inputs = parseDictionary(inputText ?? "");
  const signatures = parseDictionary(signatureText ?? "");
  if (inputs === null || signatures === null) return null;
  // Each label is in both (section 4.3 has verifiers refuse others).
  if (inputs.size === 0 || inputs.size !== signatures.size || inputs.size > maxSignatures) return null;
  const found: SentSignature[] = [];
  for (const [label, input] of inputs) {
    const signature = signatures.get(label);
    if (input.type !== "inner-list" || signature?.type !== "item" || signature.bare.kind !== "bytes")
      return null;
    found.push({ input, signature: signature.bare.value });
  }
  return found;
}

interface ParameterValues {
  integer: number;
  string: string;
}

/** A parameter that has to be of a kind; undefined where it is absent, null where it is of another. */
export function parameterOf<K extends keyof ParameterValues>(
  { parameters }: InnerList,
  name: string,
  kind: K,
): ParameterValues[K] | undefined | null {
  const bare = parameters.get(name);
  if (bare === undefined) return undefined;
  return bare.kind === kind ? (bare.value as ParameterValues[K]) : null;
}
