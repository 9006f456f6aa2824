import type { MetricsRegistry } from "@heddle/engine/observe";
import { formatApiAddress, openApi, type Api, type ApiAddress } from "../../api/index.ts";
import { EXPOSITION_CONTENT_TYPE, readProcessFacts, renderMetrics } from "../../exporters/index.ts";
import type { Store } from "../../store/index.ts";
import type { Births } from "../store/births.ts";
import { canaryWeights } from "./canary-weights.ts";
import { certificateExpiries } from "./certificate-expiries.ts";
import { explainQuery } from "./explain-query.ts";
import type { HeddleOptions } from "../heddle-options.ts";
import { pageModel } from "./page-model.ts";
import type { RunStatus } from "./run-status.ts";
import { unreadyReasons } from "./unready-reasons.ts";

interface RunParts {
  readonly options: HeddleOptions;
  readonly token: string;
  readonly store: Store;
  readonly births: Births;
  readonly registry: MetricsRegistry;
  readonly status: RunStatus;
}

/** The API of a run, with what it tells of it. Rejects with what mends it. */
export async function openRunApi({
  options,
  token,
  store,
  births,
  registry,
  status,
}: RunParts): Promise<Api> {
  const { version, api: address, log } = options;
  try {
    return await openApi({
      address,
      descriptor: options.takeOver?.apiDescriptor(formatApiAddress(address)) ?? null,
      store,
      token,
      facts: {
        version,
        metrics: () => ({
          text: renderMetrics(
            registry,
            readProcessFacts(version),
            certificateExpiries(status.applied?.units.toArray() ?? []),
            canaryWeights(status.canaries()),
            status.keySets(),
          ),
          contentType: EXPOSITION_CONTENT_TYPE,
        }),
        unready: () => unreadyReasons(status),
        page: () => pageModel(version, unreadyReasons(status), status.applied, registry),
        createdAt: (key) => births.find(key)?.createdAt,
        explain: (params) => explainQuery(params, status.applied),
      },
      onError: (error) => log("error", "a request of the API failed", { cause: error.message }),
    });
  } catch (error) {
    throw new Error(describeApiFailure(error as NodeJS.ErrnoException, address), { cause: error });
  }
}

function describeApiFailure({ code, message }: NodeJS.ErrnoException, address: ApiAddress): string {
  const place = formatApiAddress(address);
  if (code !== "EADDRINUSE") return `the API cannot listen on ${place}: ${message}`;
  return `the API cannot listen on ${place}: the port is in use; is another heddle running? give another with --api, or take over from it with --replace`;
}
