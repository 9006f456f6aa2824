import { hash } from "node:crypto";
import { stat } from "node:fs/promises";
import path from "node:path";
import { onceForChunk } from "@heddle/engine/base";
import type { FilterCode } from "@heddle/filters";
import {
  noOwnFilters,
  type OwnFilterCode,
  type OwnFilterState,
  type OwnFilterStates,
} from "../../compile/index.ts";
import type { Filter, ResourceKey } from "../../resources/index.ts";
import { FileWatcher, type DesiredState, type SourcedResource } from "../../sources/index.ts";
import type { Inspection, InspectionTask } from "./filter-inspector.ts";
import { findFilterModule } from "./filter-module-place.ts";
import { inspectFilters } from "./inspect-filters.ts";

/** What was found of one Filter. */
interface Seen {
  /** Of what it asks for: the last good version is good for the same alone. */
  readonly asked: string;
  /** Of its files, as they were when they were read; "" where it is to be looked at anew each time. */
  readonly signature: string;
  readonly files: readonly string[];
  readonly state: OwnFilterState;
}

/**
 * Looks at the modules of Filters for compile, which loads nothing, and again when their files change. A module with a
 * mistake leaves its last good version in force. Costs nothing while there are no Filters.
 */
export class OwnFilterLink {
  private readonly onChange: () => void;
  private seen = new Map<ResourceKey, Seen>();
  private code = new Map<string, FilterCode>();
  private current: OwnFilterStates = noOwnFilters;
  private watcher: FileWatcher | null = null;
  private isChecking = false;

  /** `onChange` is called when files may have changed; `inspect` follows. */
  constructor(onChange: () => void) {
    this.onChange = onChange;
  }

  /** What became of all Filters: the same object where nothing changed. */
  async inspect({ list }: Pick<DesiredState, "list">): Promise<OwnFilterStates> {
    const filters = list.chunks.flatMap(filtersOf);
    if (filters.length === 0 && this.seen.size === 0) return noOwnFilters;
    const next = new Map<ResourceKey, Seen>();
    const due: Due[] = [];
    for (const { key, resource: filter, origin } of filters) {
      const known = this.seen.get(key);
      const { file } = origin;
      const asked = JSON.stringify([file, filter.spec.module, filter.spec.export, filter.spec.config]);
      if (
        known?.asked === asked &&
        known.signature !== "" &&
        (await signatureOf(known.files)) === known.signature
      )
        next.set(key, known);
      else await this.prepare(key, filter, file, asked, due, next);
    }
    for (const [at, inspection] of (await inspectFilters(due.map(({ task }) => task))).entries()) {
      const { key, asked } = due[at]!;
      next.set(key, await this.settle(key, asked, inspection));
    }
    return this.take(next);
  }

  private async prepare(
    key: ResourceKey,
    { spec }: Filter,
    origin: string,
    asked: string,
    due: Due[],
    next: Map<ResourceKey, Seen>,
  ): Promise<void> {
    const place = await findFilterModule(spec.module, origin);
    if (typeof place !== "string")
      due.push({ key, asked, task: { ...place, export: spec.export, config: spec.config } });
    else {
      const files = spec.module.startsWith(".") ? [path.resolve(path.dirname(origin), spec.module)] : [];
      const problem = { files, problem: place, reason: "ModuleNotFound", isMissing: true };
      next.set(key, await this.settle(key, asked, problem));
    }
  }

  private async settle(key: ResourceKey, asked: string, inspection: Inspection): Promise<Seen> {
    const { files } = inspection;
    if ("code" in inspection) {
      const code = this.keep(inspection);
      return { asked, files, signature: await signatureOf(files), state: { code, findings: [] } };
    }
    const known = this.seen.get(key);
    const lastGood = known?.asked === asked ? known.state.code : null;
    const note = lastGood === null ? "" : `; version ${lastGood.hash.slice(0, 12)} stays in force`;
    const findings =
      "problems" in inspection
        ? inspection.problems.map(({ path: field, message }) => ({
            reason: "InvalidConfig",
            path: field === "" ? "spec.config" : `spec.config${field.startsWith("[") ? "" : "."}${field}`,
            message: message + note,
          }))
        : [{ reason: inspection.reason, path: "spec.module", message: inspection.problem + note }];
    const isMissing = "isMissing" in inspection && inspection.isMissing;
    const signature = isMissing || files.length === 0 ? "" : await signatureOf(files);
    return { asked, files, signature, state: { code: lastGood, findings } };
  }

  private keep({ code, name, config }: Extract<Inspection, { code: unknown }>): OwnFilterCode {
    const version = hash("sha256", JSON.stringify(code), "base64url").slice(0, 22);
    if (!this.code.has(version)) this.code.set(version, code);
    return { hash: version, name, config };
  }

  private take(next: Map<ResourceKey, Seen>): OwnFilterStates {
    this.watch([...next.values()].flatMap(({ files }) => files));
    const isSame =
      next.size === this.seen.size &&
      [...next].every(([key, { state }]) => this.seen.get(key)?.state === state);
    this.seen = next;
    if (isSame) return this.current;
    const used = new Set([...next.values()].map(({ state }) => state.code?.hash));
    for (const version of this.code.keys()) if (!used.has(version)) this.code.delete(version);
    const filters = new Map([...next].map(([key, { state }]) => [key, state] as const));
    this.current = { filters, code: new Map(this.code) };
    return this.current;
  }

  private watch(files: readonly string[]): void {
    if (files.length === 0 && this.watcher === null) return;
    this.watcher ??= new FileWatcher(() => void this.check());
    this.watcher.follow([...new Set(files.map((file) => path.dirname(file)))]);
  }

  /** Tells of what changed alone: each look costs a thread. */
  private async check(): Promise<void> {
    if (this.isChecking) return;
    this.isChecking = true;
    try {
      for (const { files, signature } of this.seen.values()) {
        if (signature !== "" && (await signatureOf(files)) === signature) continue;
        this.onChange();
        return;
      }
    } finally {
      this.isChecking = false;
    }
  }

  close(): void {
    this.watcher?.close();
  }
}

const isFilter = (one: SourcedResource): one is SourcedResource & { readonly resource: Filter } =>
  one.resource.kind === "Filter";

/** They are always written somewhere: none is there by itself. */
const filtersOf = onceForChunk((chunk: readonly SourcedResource[]) => chunk.filter(isFilter));

interface Due {
  readonly key: ResourceKey;
  readonly asked: string;
  readonly task: InspectionTask;
}

async function signatureOf(files: readonly string[]): Promise<string> {
  const found = await Promise.all(
    files.map((file) =>
      stat(file, { bigint: true }).then(
        ({ ino, size, mtimeNs }) => `${ino} ${size} ${mtimeNs}`,
        () => "-",
      ),
    ),
  );
  return found.join("\n");
}
