import type { ListenerAcme } from "./listener-acme.ts";
import { condition, type Finding, type StatusCondition, type Verdict } from "../io/status.ts";

const conditionType = "heddle.dev/CertificateIssued";

/** Where the certificate stands that a listener asks for. */
export function certificateCondition(
  acme: ListenerAcme,
  blocked: Finding | null,
  generation: number | undefined,
): StatusCondition {
  const { status, verdict } = verdictOn(acme, blocked);
  return condition(conditionType, status, verdict, generation);
}

/** Why a listener whose only certificate is still to come shows none. */
export function pendingVerdict(acme: ListenerAcme, blocked: Finding | null): Verdict {
  return { reason: "Pending", message: verdictOn(acme, blocked).verdict.message };
}

const time = (ms: number): string => new Date(ms).toISOString().replace(/\.\d+Z$/, "Z");

function verdictOn(
  { request, state }: ListenerAcme,
  blocked: Finding | null,
): { status: "True" | "False"; verdict: Verdict } {
  const what = `a certificate for ${request.names.join(", ")} from ${request.issuer.directory}`;
  const no = (reason: string, message: string) => ({
    status: "False" as const,
    verdict: { reason, message },
  });
  if (state !== null && state.issued !== null) {
    const { notAfterMs, renewAtMs } = state.issued;
    const until = `issued until ${time(notAfterMs)}`;
    const isLate = state.problem !== null || blocked !== null;
    const trouble =
      blocked?.message ?? `${state.problem}; it is tried again at ${time(state.nextTryMs ?? 0)}`;
    const verdict = isLate
      ? { reason: "RenewalFailed", message: `${until}; renewing it failed: ${trouble}` }
      : { reason: "Issued", message: `${until}, renewed at ${time(renewAtMs)}` };
    return { status: "True", verdict };
  }
  if (blocked !== null) return no("Blocked", blocked.message);
  if (state === null) return no("Pending", `${what} is about to be ordered`);
  if (state.isOrdering && state.problem === null) return no("Ordering", `ordering ${what}`);
  if (state.problem === null) return no("Pending", `${what} is about to be ordered`);
  const again = state.isOrdering
    ? "it is being tried again"
    : `it is tried again at ${time(state.nextTryMs ?? 0)}`;
  return no("OrderFailed", `ordering ${what} failed: ${state.problem}; ${again}`);
}
