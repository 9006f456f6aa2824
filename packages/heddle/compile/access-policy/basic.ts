import { parseKey } from "../../resources/index.ts";
import { basicUnit, readHtpasswd } from "../credentials/htpasswd.ts";
import { missingEntry, readEntry } from "../credentials/key-set-names.ts";
import type { RequestFilters } from "../filters/policy-filters.ts";
import { makeFinding } from "../io/status.ts";
import type { Member } from "./member.ts";

const path = "spec.authentication.basic.secretRef";

/** Names and passwords. */
export const basicMember: Member<"authentication"> = (
  { basic },
  { policy, facts },
): RequestFilters | null => {
  if (basic === undefined) return null;
  const { secretRef, realm, forward } = basic;
  const { namespace } = parseKey(policy);
  const users = basicUnit(namespace, secretRef.name, secretRef.key);
  const text = readEntry(facts, "Secret", namespace, secretRef.name, secretRef.key);
  const of = `key ${secretRef.key} of Secret ${namespace}/${secretRef.name}`;
  const missing = () => missingEntry(facts, "Secret", namespace, secretRef.name, secretRef.key);
  const mistakes = text === undefined ? [] : readHtpasswd(text).mistakes;
  return {
    filters: [
      { stage: "authentication", spec: { name: "basic", config: { users, realm, isForwarded: forward } } },
    ],
    data: [users],
    findings: text === undefined ? [makeFinding("RefNotFound", path, missing())] : [],
    warnings: mistakes.map((one) => makeFinding("InvalidUsers", path, `${of}: ${one}; it is not taken`)),
  };
};
