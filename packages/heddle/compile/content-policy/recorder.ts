import { normalizePath } from "@heddle/engine/message";
import type { RecorderConfig } from "@heddle/filters";
import { parseKey } from "../../resources/index.ts";
import { backendPlace } from "../backends/backend-place.ts";
import { authorityOf } from "../filters/external-auth.ts";
import { durationMs } from "../routes/route-settings.ts";
import { makeFinding } from "../io/status.ts";
import type { Member } from "./member.ts";

const base = "spec.recorder";

/** A recorder that is not there keeps no request from passing: it is told, and nothing is recorded. */
export const recorderMember: Member<"recorder"> = (spec, at) => {
  const resolved = at.resolve(spec.backendRef, `${base}.backendRef`, at.policy);
  if ("finding" in resolved) return { filters: [], warnings: [resolved.finding] };
  if (normalizePath(spec.path, "refuse") !== spec.path) {
    const message = `${spec.path} is not in normal form; use a path such as /records`;
    return { filters: [], warnings: [makeFinding("UnsupportedValue", `${base}.path`, message)] };
  }
  const config: RecorderConfig = {
    cluster: resolved.cluster,
    authority: authorityOf(spec.backendRef),
    path: spec.path,
    percent: spec.percent,
    maxBodyBytes: spec.maxBodyBytes,
    maxQueueBytes: spec.maxQueueBytes,
    maxBatchRecords: spec.maxBatchRecords,
    intervalMs: durationMs(spec.interval),
    timeoutMs: durationMs(spec.timeout),
    redactHeaders: (spec.redactHeaders ?? []).map((name) => name.toLowerCase()),
    redactParameters: spec.redactParameters ?? [],
  };
  const copiesTo = backendPlace(spec.backendRef, parseKey(at.policy).namespace, at.facts);
  return {
    filters: [{ stage: "content", spec: { name: "recorder", config }, copiesTo }],
    clusters: [resolved.cluster],
  };
};
