import { availableParallelism } from "node:os";
import path from "node:path";
import { systemClock, systemRandom } from "@heddle/engine/base";
import { MetricsRegistry } from "@heddle/engine/observe";
import { Engine, giveBackMemory, type AccessLogOptions, type Log } from "@heddle/engine/runtime";
import { builtinFilters } from "@heddle/filters";
import { formatApiAddress, openApi, type Api, type ApiAddress } from "../api/index.ts";
import type { AddressPool } from "../compile/index.ts";
import { EXPOSITION_CONTENT_TYPE, readProcessFacts, renderMetrics } from "../exporters/index.ts";
import { FileSource, readRoutes, type Reading } from "../sources/index.ts";
import { openMemoryStore } from "../store/index.ts";
import { CanaryService } from "../canary/index.ts";
import { AcmeLink } from "./acme-link.ts";
import { CanaryFile } from "./canary-file.ts";
import { certificateExpiries } from "./certificate-expiries.ts";
import { makeCompileOptions } from "./compile-options.ts";
import { ConfigurationLoop } from "./configuration-loop.ts";
import { Configuration, type AppliedConfiguration } from "./configuration.ts";
import { openDataPlaneLog } from "./data-plane-log.ts";
import { explainQuery } from "./explain-query.ts";
import { NameLink } from "./name-link.ts";
import { pageModel } from "./page-model.ts";
import { ProblemReporter } from "./problem-reporter.ts";
import { openStateFolder } from "./state-folder.ts";
import { SystemAuthorities } from "./system-authorities.ts";
import { unreadyReasons } from "./unready-reasons.ts";

export interface HeddleOptions {
  readonly version: string;
  /** Files and folders of `-f`. */
  readonly paths: readonly string[];
  /** HOST/PATH to URL of `--route`. */
  readonly routes: Readonly<Record<string, string>>;
  /** The port of the listener for `routes`. */
  readonly port: number;
  readonly addressPool: AddressPool | null;
  /** Where this machine is, for balancing; "" where that is not known. */
  readonly zone: string;
  readonly node: string;
  /** DNS servers, "127.0.0.1:8600"; none: the system's. */
  readonly dnsServers: readonly string[];
  /** Data-plane threads; undefined: as many as the machine has for us. */
  readonly workers: number | undefined;
  readonly api: ApiAddress;
  readonly stateFolder: string;
  readonly accessLog: AccessLogOptions | null;
  readonly log: Log;
}

/** A running Heddle. */
export interface Heddle {
  readonly api: Api;
  /** What is in force, and what is wrong with it. */
  readonly applied: AppliedConfiguration;
  /** Lame duck: not ready any more, no new connections; resolves when what was in flight is done, at most after `timeoutMs`. */
  drain(timeoutMs: number): Promise<void>;
  close(): Promise<void>;
  reopenLogs(): void;
}

/** Builds everything and puts the first configuration in force. Rejects when the machine does not let it. */
export async function openHeddle(options: HeddleOptions): Promise<Heddle> {
  const { log } = options;
  const state = await openStateFolder(options.stateFolder);
  const store = openMemoryStore();
  const registry = new MetricsRegistry();
  const status: RunStatus = { applied: null, isDraining: false };
  const api = await openApi({
    address: options.api,
    store,
    token: state.token,
    facts: {
      version: options.version,
      metrics: () => ({
        text: renderMetrics(
          registry,
          readProcessFacts(options.version),
          certificateExpiries(status.applied?.units ?? []),
        ),
        contentType: EXPOSITION_CONTENT_TYPE,
      }),
      unready: () => unreadyReasons(status),
      page: () => pageModel(options.version, unreadyReasons(status), status.applied, registry),
      explain: (params) => explainQuery(params, status.applied),
    },
    onError: (error) => log("error", "a request of the API failed", { cause: error.message }),
  }).catch((error: unknown) => {
    throw new Error(describeApiFailure(error as NodeJS.ErrnoException, options.api));
  });
  const closers: (() => unknown)[] = [() => api.close(), () => store.close()];
  try {
    const engine = await Engine.open({
      workers: options.workers ?? availableParallelism(),
      workerEntry: new URL("./worker.ts", import.meta.url),
      filters: builtinFilters,
      openAccessLog: openDataPlaneLog,
      registry,
      accessLog: options.accessLog,
      log,
    }).catch((error: unknown) => {
      throw new Error(`the data plane cannot start: ${(error as Error).message}`);
    });
    closers.unshift(() => engine.close());
    const compileOptions = makeCompileOptions({
      addressPool: options.addressPool,
      zone: options.zone,
      node: options.node,
      controlAddresses: [{ address: api.address.host, port: api.address.port }],
    });
    const authorities = new SystemAuthorities();
    const certificates = new AcmeLink({
      folder: path.join(state.folder, "acme"),
      clock: systemClock,
      random: systemRandom,
      log,
      systemCaPem: () => authorities.caPem,
      refresh: () => loop.refresh(),
    });
    const names = new NameLink({
      servers: options.dnsServers,
      controlAddresses: compileOptions.controlAddresses ?? [],
      log,
      refresh: () => loop.refresh(),
    });
    const { endpoints } = names;
    const stateFile = new CanaryFile(path.join(state.folder, "canaries.json"), log);
    const canaries = new CanaryService({
      clock: systemClock,
      registry,
      saved: await stateFile.read(),
      save: (states) => stateFile.write(states),
      log: (level, message) => log(level, message, {}),
      refresh: () => loop.refresh(),
    });
    const parts = { store, target: engine, compileOptions, certificates, authorities, canaries, endpoints };
    const configuration = new Configuration(parts);
    const loop = openLoop(configuration, status, options, closers);
    closers.unshift(() => certificates.close());
    closers.unshift(() => names.close());
    closers.unshift(() => canaries.close());
    await loop.trigger();
    if (status.applied === null)
      throw new Error("the first configuration could not be put in force; see above");
    giveBackMemory();
    return {
      api,
      get applied() {
        return status.applied!;
      },
      async drain(timeoutMs) {
        status.isDraining = true;
        certificates.close();
        names.close();
        canaries.close();
        await loop.close();
        await engine.drain(timeoutMs);
      },
      close: () => closeAll(closers),
      reopenLogs: () => engine.reopenLogs(),
    };
  } catch (error) {
    await closeAll(closers);
    throw error;
  }
}

interface RunStatus {
  applied: AppliedConfiguration | null;
  isDraining: boolean;
}

function openLoop(
  configuration: Configuration,
  status: RunStatus,
  options: HeddleOptions,
  closers: (() => unknown)[],
): ConfigurationLoop {
  const { log } = options;
  const files = new FileSource({ paths: options.paths, routePort: options.port });
  const routes: Reading = readRoutes(options.routes, options.port, "--route").reading;
  const reporter = new ProblemReporter(log);
  const loop = new ConfigurationLoop({
    configuration,
    read: async () => [...(await files.read()), routes],
    onApplied: (applied) => {
      status.applied = applied;
      reporter.report(applied);
    },
    onFailed: (error) =>
      log("error", "the configuration could not be put in force", { cause: error.message }),
  });
  files.watch(() => void loop.trigger());
  closers.unshift(async () => {
    files.close();
    await loop.close();
  });
  return loop;
}

function describeApiFailure({ code, message }: NodeJS.ErrnoException, address: ApiAddress): string {
  const place = formatApiAddress(address);
  if (code !== "EADDRINUSE") return `the API cannot listen on ${place}: ${message}`;
  return `the API cannot listen on ${place}: the port is in use; is another heddle running? give another with --api`;
}

/** Each is tried, whatever becomes of the others. */
async function closeAll(closers: readonly (() => unknown)[]): Promise<void> {
  for (const close of closers) await Promise.resolve(close()).catch(() => {});
}
