import { normalizePath } from "@heddle/engine/message";
import type { OpenApiConfig } from "@heddle/filters";
import { parseKey, type OpenApiSpec } from "../../resources/index.ts";
import { missingEntry, readEntry } from "../credentials/key-set-names.ts";
import { apiDataName, readApiOnce } from "../openapi/index.ts";
import { makeFinding, type Finding } from "../io/status.ts";
import type { Member, MemberPlace } from "./member.ts";

const field = "spec.openApi";

/** Bodies are looked at for callers that may send them, in what encodings and limits have left. */
export const openApiMember: Member<"openApi"> = (spec, at) => {
  const findings: Finding[] = [];
  const { document, data } = readDocument(spec, at, findings);
  const config: OpenApiConfig = {
    document,
    requests: spec.mode,
    responses: spec.responses.mode,
    basePath: basePathOf(spec, findings),
    allowsUnknownPaths: spec.unknownPaths === "Allow",
    allowsUnknownQuery: spec.unknownQueryParameters === "Allow",
    allowsUnknownStatuses: spec.responses.unknownStatuses === "Allow",
    allowsReadOnly: spec.readOnlyProperties === "Allow",
    maxBodyBytes: spec.maxBodyBytes,
    maxDepth: spec.maxDepth,
  };
  return { filters: [{ stage: "content", spec: { name: "openapi", config } }], data, findings };
};

const nothing = { requests: [], responses: [], paths: [] } as const;

function readDocument(
  { document: { text, configMap } }: OpenApiSpec,
  { policy, facts, options }: MemberPlace,
  findings: Finding[],
): { readonly document: OpenApiConfig["document"]; readonly data: readonly string[] } {
  const { namespace } = parseKey(policy);
  const path = `${field}.document.${configMap === undefined ? "text" : "configMap"}`;
  const found =
    configMap === undefined ? text : readEntry(facts, "ConfigMap", namespace, configMap.name, configMap.key);
  const reading = found === undefined ? null : readApiOnce(found, options.checkRegex ?? (() => null));
  if (reading === null) {
    const message = missingEntry(facts, "ConfigMap", namespace, configMap!.name, configMap!.key);
    findings.push(makeFinding("DocumentNotFound", path, message));
  }
  for (const one of reading?.findings ?? [])
    findings.push(makeFinding(one.reason, path, `the document at ${one.path} ${one.message}`));
  if (configMap === undefined) return { document: { api: reading?.api ?? nothing }, data: [] };
  const data = apiDataName(namespace, configMap.name, configMap.key);
  return { document: { data }, data: [data] };
}

function basePathOf({ basePath }: OpenApiSpec, findings: Finding[]): string | null {
  if (basePath === undefined) return null;
  const path = normalizePath(basePath, "keep");
  if (path === null)
    findings.push(
      makeFinding(
        "UnsupportedValue",
        `${field}.basePath`,
        "is no path that a request can have; use one such as /v1",
      ),
    );
  return path === null ? null : path.replace(/\/$/, "");
}
