import { ChunkedList, Pace } from "@heddle/engine/base";
import { availableParallelism } from "node:os";
import path from "node:path";
import { rememberServer } from "@heddle/engine/net";
import { systemClock, systemRandom } from "@heddle/engine/base";
import { MetricsRegistry } from "@heddle/engine/observe";
import { Engine, giveBackMemory, tuneRuntime } from "@heddle/engine/runtime";
import type { filterNoteTopic } from "@heddle/filters/own";
import { formatApiAddress, type Api } from "../api/index.ts";
import { FileSource, readRoutes, type Reading } from "../sources/index.ts";
import { openMemoryStore } from "../store/index.ts";
import { CanaryService } from "../canary/index.ts";
import { AcmeLink } from "./links/acme-link.ts";
import { CachePurges } from "./control/cache-purges.ts";
import { CanaryFile } from "./state/canary-file.ts";
import { makeCompileOptions } from "./configuration/compile-options.ts";
import { ConfigurationLoop } from "./configuration/configuration-loop.ts";
import { Configuration, type AppliedConfiguration, type UnitTarget } from "./configuration/configuration.ts";
import { rehearse } from "./configuration/rehearsal.ts";
import { openDataPlaneFilters } from "./data-plane/data-plane-filters.ts";
import { openDataPlaneLog } from "./data-plane/data-plane-log.ts";
import { HandOver } from "./control/hand-over.ts";
import type { RunningProcess } from "./control/hand-over-messages.ts";
import type { HeddleOptions } from "./heddle-options.ts";
import { KeySetFile } from "./state/key-set-file.ts";
import { KeySetLink } from "./links/key-set-link.ts";
import { Births } from "./store/births.ts";
import { FilterNotes } from "./own-filters/filter-notes.ts";
import { OwnFilterLink } from "./own-filters/own-filter-link.ts";
import { NameLink } from "./links/name-link.ts";
import { openRunApi } from "./run-api/open-run-api.ts";
import type { RunStatus } from "./run-api/run-status.ts";
import { reportLoginFailure } from "./report/login-failures.ts";
import { problemPlaces } from "./report/problem-places.ts";
import { ProblemReporter } from "./report/problem-reporter.ts";
import { openStateFolder } from "./state/state-folder.ts";
import { SystemAuthorities } from "./links/system-authorities.ts";

/** A running Heddle. */
export interface Heddle {
  readonly api: Api;
  /** What is in force, and what is wrong with it. */
  readonly applied: AppliedConfiguration;
  /** Resolves when a new process has taken over: this one is to drain, and to end. */
  readonly replaced: Promise<RunningProcess>;
  /**
   * Lame duck: not ready any more, no new connections; resolves when what was in flight is done, at most after
   * `timeoutMs`. `handsOver`: a new process goes on with the ports.
   */
  drain(timeoutMs: number, handsOver: boolean): Promise<void>;
  close(): Promise<void>;
  reopenLogs(): void;
}

/** Builds everything and puts the first configuration in force. Rejects when the machine does not let it. */
export async function openHeddle(options: HeddleOptions): Promise<Heddle> {
  const { log, takeOver } = options;
  const state = await openStateFolder(options.stateFolder);
  const store = openMemoryStore();
  const registry = new MetricsRegistry();
  const births = new Births();
  const status: RunStatus = {
    applied: null,
    // In a hot upgrade the other one serves meanwhile.
    phase: takeOver === null ? "starting" : "serving",
    canaries: () => new Map(),
    keySets: () => [],
  };
  const closers: (() => unknown)[] = [() => store.close()];
  const openOwnApi = async (): Promise<Api> => {
    const api = await openRunApi({ options, token: state.token, store, births, registry, status });
    closers.push(() => api.close());
    return api;
  };
  /** What is done about notes of filters, by topic. */
  const notes = new Map<string, (subject: string) => void>();
  const workers = options.workers ?? availableParallelism();
  // Where the data plane is in this thread, whoever sleeps holds it up.
  const pace = new Pace(workers === 0 ? { napMs: 0 } : {});
  try {
    // In a hot upgrade the other one answers until this one is ready.
    const early = takeOver === null ? await openOwnApi() : null;
    const filterNotes = new FilterNotes(log);
    notes.set(ownFilterTopic, (subject) => filterNotes.take(subject));
    tuneRuntime();
    const engine = await Engine.open({
      workers,
      workerEntry: new URL("./data-plane/worker.ts", import.meta.url),
      ...openDataPlaneFilters(),
      openAccessLog: openDataPlaneLog,
      registry,
      accessLog: options.accessLog,
      log,
      onNote: (topic, subject) => notes.get(topic)?.(subject),
      adopted: takeOver?.adopted ?? [],
    }).catch((error: unknown) => {
      throw new Error(`the data plane cannot start: ${(error as Error).message}`);
    });
    closers.unshift(() => engine.close());
    const control = early?.address ?? options.api;
    const compileOptions = makeCompileOptions({
      addressPool: options.addressPool,
      zone: options.zone,
      node: options.node,
      cacheFolder: path.join(state.folder, "cache"),
      controlAddresses: [{ address: control.host, port: control.port }],
    });
    const authorities = new SystemAuthorities();
    const certificates = new AcmeLink({
      folder: path.join(state.folder, "acme"),
      clock: systemClock,
      random: systemRandom,
      log,
      systemCaPem: () => authorities.caPem,
      refresh: () => loop.refresh(),
      isSecond: takeOver !== null,
    });
    const names = new NameLink({
      servers: options.dnsServers,
      controlAddresses: compileOptions.controlAddresses ?? [],
      log,
      refresh: () => loop.refresh(),
    });
    const { endpoints } = names;
    const keySetFile = new KeySetFile(path.join(state.folder, "key-sets.json"), log, takeOver !== null);
    const keySets = new KeySetLink({
      file: keySetFile,
      controlAddresses: compileOptions.controlAddresses ?? [],
      systemCaPem: () => authorities.caPem,
      log,
      refresh: () => loop.refresh(),
    });
    notes.set("authorization-dry-run", (line) =>
      log("info", "a request would be denied", JSON.parse(line) as Record<string, unknown>),
    );
    notes.set("login-failure", (note) => reportLoginFailure(log, note));
    notes.set("key-set", (name) => keySets.wantKey(name));
    const stateFile = new CanaryFile(path.join(state.folder, "canaries.json"), log, takeOver !== null);
    const canaries = new CanaryService({
      clock: systemClock,
      registry,
      saved: await stateFile.read(),
      save: (states) => stateFile.write(states),
      log: (level, message) => log(level, message, {}),
      refresh: () => loop.refresh(),
    });
    const filters = new OwnFilterLink(() => void loop.refresh());
    closers.unshift(() => filters.close());
    status.canaries = () => canaries.weights;
    status.keySets = () => keySets.counts;
    const purges = new CachePurges(path.join(state.folder, "cache-purges.json"), log);
    await purges.open(systemClock.wallMs());
    const parts = {
      store,
      births,
      target: withPurges(engine, purges),
      compileOptions,
      certificates,
      authorities,
      canaries,
      endpoints,
      keySets,
      filters,
      pace,
    };
    const configuration = new Configuration(parts);
    const loop = openLoop(configuration, status, options, pace, closers);
    closers.unshift(() => certificates.close());
    closers.unshift(() => names.close());
    closers.unshift(() => keySets.close());
    closers.unshift(() => canaries.close());
    await loop.trigger();
    if (status.applied === null)
      throw new Error("the first configuration could not be put in force; see above");
    // While no traffic waits: V8 has compiled by then what the first change runs through.
    await rehearse(configuration.sourced, { compileOptions });
    await engine.rehearse();
    // Once more, with nothing new: of all that there is.
    await loop.refresh();
    takeOver?.check(status.applied, formatApiAddress(options.api));
    const api = early ?? (await openOwnApi());
    const stopActing = async (): Promise<void> => {
      status.phase = "draining";
      handOver.close();
      names.close();
      keySets.close();
      canaries.close();
      await Promise.all([loop.close(), certificates.close()]);
    };
    const handOver = new HandOver({
      self: { pid: process.pid, version: options.version },
      stateFolder: state.folder,
      api: { address: formatApiAddress(api.address), descriptor: rememberServer(api.server) },
      engine,
      log,
      problems: () => problemPlaces(status.applied!.problems),
      isEnding: () => status.phase === "draining",
      async purge(request) {
        const purge = await purges.add(request, systemClock.wallMs());
        await loop.refresh();
        return purges.isInForce(purge) ? null : "the purge is not in force yet; see the log";
      },
      async leave() {
        await stopActing();
        await api.close();
      },
    });
    closers.unshift(() => handOver.close());
    await takeOver?.take();
    if (takeOver === null) await handOver.open();
    else {
      void takeOver.released().then(() => {
        stateFile.takeOver();
        keySetFile.takeOver();
        return Promise.all([certificates.takeOver(), handOver.open()]);
      });
    }
    giveBackMemory();
    // Whoever owns this process hears of a signal from here on: it is ready when it can drain.
    if (status.phase === "starting") status.phase = "serving";
    return {
      api,
      get applied() {
        return status.applied!;
      },
      replaced: handOver.done,
      async drain(timeoutMs, handsOver) {
        await stopActing();
        await engine.drain(timeoutMs, handsOver);
      },
      close: () => closeAll(closers),
      reopenLogs: () => engine.reopenLogs(),
    };
  } catch (error) {
    takeOver?.abandon((error as Error).message);
    await closeAll(closers);
    throw error;
  }
}

const ownFilterTopic: typeof filterNoteTopic = "own-filter";

/** What is applied has what was purged, too. */
function withPurges(engine: Engine, purges: CachePurges): UnitTarget {
  return {
    async apply(units) {
      const own = purges.units;
      const report = await engine.apply(ChunkedList.join([units, ChunkedList.of(own)]));
      purges.applied(own);
      return report;
    },
  };
}

function openLoop(
  configuration: Configuration,
  status: RunStatus,
  options: HeddleOptions,
  pace: Pace,
  closers: (() => unknown)[],
): ConfigurationLoop {
  const { log } = options;
  const files = new FileSource({ paths: options.paths, routePort: options.port, pace });
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

/** Each is tried, whatever becomes of the others. */
async function closeAll(closers: readonly (() => unknown)[]): Promise<void> {
  for (const close of closers) await Promise.resolve(close()).catch(() => {});
}
