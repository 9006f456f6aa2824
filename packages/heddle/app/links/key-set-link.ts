import { ChunkedList, onceForChunk, systemClock, systemRandom } from "@heddle/engine/base";
import type { Log } from "@heddle/engine/runtime";
import {
  hashUnit,
  keySetOfSource,
  type ControlAddress,
  type HashedUnit,
  remoteKeySets,
  type KeySource,
  type StatusCondition,
} from "../../compile/index.ts";
import type {
  consequenceOf,
  KeySetCounts,
  KeySetRequest,
  KeySetService,
  KeySetState,
} from "../../key-sets/index.ts";
import type { Resource } from "../../resources/index.ts";
import type { KeySetFile } from "../state/key-set-file.ts";

export interface KeySetLinkOptions {
  readonly controlAddresses: readonly ControlAddress[];
  /** The system's roots; null: those that Node brings. */
  readonly systemCaPem: () => string | null;
  readonly log: Log;
  /** Keeps the sets over a restart. */
  readonly file: KeySetFile;
  /** The configuration is to be put in force anew. */
  refresh(): Promise<void>;
}

/** Has the key sets fetched that policies name by URL, and puts them in the place of where they are. */
export class KeySetLink {
  private readonly options: KeySetLinkOptions;
  private service: KeySetService | null = null;
  /** Of the part that is loaded where it is needed. */
  private describe: typeof consequenceOf = () => "";
  private isClosed = false;

  constructor(options: KeySetLinkOptions) {
    this.options = options;
  }

  async resolve(units: ChunkedList<HashedUnit>): Promise<ChunkedList<HashedUnit>> {
    const requests = units.chunks.flatMap(requestsOf);
    if (requests.length === 0 && this.service === null) return units;
    this.service ??= await this.open();
    if (this.isClosed) return units;
    await this.service.want(requests);
    const others = units.mapChunks(othersOf);
    return ChunkedList.join([others, ChunkedList.of(this.service.units.map(hashUnit))]);
  }

  private async open(): Promise<KeySetService> {
    const { controlAddresses, file, systemCaPem, log, refresh } = this.options;
    const {
      AddressGuard,
      consequenceOf: describe,
      fetchKeySet,
      KeySetService: Service,
    } = await import("../../key-sets/index.ts");
    this.describe = describe;
    const guard = new AddressGuard(controlAddresses);
    return new Service({
      clock: systemClock,
      random: systemRandom,
      fetch: ({ url, caPem }, signal) => fetchKeySet(url, { guard, caPem: caPem ?? systemCaPem(), signal }),
      kept: await file.read(),
      keep: (sets) => file.write(sets),
      refresh: () => void refresh(),
      log: (level, message) => log(level, message, {}),
    });
  }

  /** A worker lacks a key of the set of that name. */
  wantKey(name: string): void {
    this.service?.wantKey(name);
  }

  /** Whether a policy has ever asked for one. */
  get isUsed(): boolean {
    return this.service !== null;
  }

  /** Whether the keys that a policy names by URL are there; null where it names none, or does not hold for anything. */
  conditionOf(policy: Resource): StatusCondition | null {
    const states = remoteKeySets(policy).flatMap(({ name, path }) => {
      const state = this.service?.stateOf(name) ?? null;
      return state === null ? [] : [{ ...state, path }];
    });
    if (states.length === 0) return null;
    const worst = severities.find((phase) => states.some((state) => state.phase === phase))!;
    const texts = states.flatMap((state) =>
      state.phase === "current" ? [] : [`${state.path}: ${this.textOf(state)}`],
    );
    const { generation } = policy.metadata;
    return {
      type: "KeysResolved",
      ...verdicts[worst],
      message: texts.join("; ").slice(0, 32_768),
      ...(generation !== undefined && { observedGeneration: generation }),
    };
  }

  private textOf(state: KeySetState): string {
    if (state.phase === "pending") return "it has not answered yet";
    return `${state.message}; ${this.describe(state)}; see that the URL is right and that its server can be reached from here`;
  }

  /** How fetching goes, by place. */
  get counts(): readonly KeySetCounts[] {
    return this.service?.counts ?? [];
  }

  close(): void {
    this.isClosed = true;
    this.service?.close();
  }
}

/** What is worst of several sets is said of all. */
const severities = ["missing", "outdated", "pending", "current"] as const;

const verdicts = {
  missing: { status: "False", reason: "KeysMissing" },
  outdated: { status: "False", reason: "KeysOutdated" },
  pending: { status: "Unknown", reason: "Pending" },
  current: { status: "True", reason: "KeysResolved" },
} as const;

const requestsOf = onceForChunk((chunk: readonly HashedUnit[]): readonly KeySetRequest[] =>
  chunk.flatMap(({ unit }) => requestOf(unit) ?? []),
);

/** The units of a chunk that ask for none. */
const othersOf = onceForChunk((chunk: readonly HashedUnit[]): readonly HashedUnit[] =>
  requestsOf(chunk).length === 0 ? chunk : chunk.filter(({ unit }) => requestOf(unit) === null),
);

function requestOf(unit: HashedUnit["unit"]): KeySetRequest | null {
  if (unit.kind !== "data") return null;
  const name = keySetOfSource(unit.name);
  return name === null ? null : { name, source: unit.value as KeySource };
}
