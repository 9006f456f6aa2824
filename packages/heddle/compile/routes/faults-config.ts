import { GRPC_CODES } from "@heddle/engine/observe";
import type { InjectedFaults } from "../../resources/index.ts";
import type { FaultsConfig, GatewayFilterSpec } from "../filters/filter-specs.ts";
import { durationMs } from "./route-settings.ts";

/** What is injected, as the filter takes it. */
export function faultsConfig({ delay, abort, match }: InjectedFaults): FaultsConfig {
  return {
    delay: delay === undefined ? null : { ms: durationMs(delay.duration), share: delay.percent / 100 },
    abort:
      abort === undefined
        ? null
        : {
            httpStatus: abort.httpStatus ?? 0,
            grpcStatus: abort.grpcStatus === undefined ? -1 : GRPC_CODES.indexOf(abort.grpcStatus),
            share: abort.percent / 100,
          },
    headers: (match?.headers ?? []).map(({ name, value }) => ({ name: name.toLowerCase(), value })),
  };
}

/** After CORS where that comes first: preflights are answered, and browsers may read the errors. */
export function withFaults<Spec extends { readonly name: string }>(
  filters: readonly Spec[],
  config: FaultsConfig | undefined,
): readonly (Spec | GatewayFilterSpec)[] {
  if (config === undefined) return filters;
  const at = filters[0]?.name === "cors" ? 1 : 0;
  return [...filters.slice(0, at), { name: "faults", config }, ...filters.slice(at)];
}
