import { ChunkedList, isSameList, listChanges, onceForChunk } from "@heddle/engine/base";
import {
  gatewayGroup,
  heddleGroup,
  keyOf,
  makeKey,
  serviceNameLabel,
  type EndpointSlice,
  type KindName,
  type ReferenceGrant,
  type Resource,
  type ResourceKey,
  type Secret,
} from "../../resources/index.ts";
import type { TlsTarget } from "../backends/tls-policies.ts";

type ResourceNamed<K extends KindName> = Extract<Resource, { kind: K }>;

/**
 * Everything that the compilation of one resource may look at beside the resource itself, by name. A value is the
 * same object as in the last run while its content is the same, so results are kept by comparing what they read.
 */
export type FactName = string;

export interface FactReader {
  read(name: FactName): unknown;
}

const groups: Partial<Record<KindName, string>> = {
  Backend: heddleGroup,
  GatewaySettings: heddleGroup,
  AcmeIssuer: heddleGroup,
  Filter: heddleGroup,
  BackendTLSPolicy: gatewayGroup,
};

/** The resource of one of the kinds that others refer to. */
export function readResource<
  K extends
    | "BackendTLSPolicy"
    | "Service"
    | "Namespace"
    | "Secret"
    | "ConfigMap"
    | "Backend"
    | "GatewaySettings"
    | "AcmeIssuer"
    | "Filter",
>(facts: FactReader, kind: K, namespace: string, name: string): ResourceNamed<K> | undefined {
  return facts.read(makeKey(groups[kind] ?? "", kind, namespace, name)) as ResourceNamed<K> | undefined;
}

/** The slices of a Service. */
export function readSlices(facts: FactReader, namespace: string, service: string): readonly EndpointSlice[] {
  return (facts.read(`~slices/${namespace}/${service}`) as EndpointSlice[] | undefined) ?? [];
}

/** The grants in a namespace. */
export function readGrants(facts: FactReader, namespace: string): readonly ReferenceGrant[] {
  return (facts.read(`~grants/${namespace}`) as ReferenceGrant[] | undefined) ?? [];
}

/** The Secrets in a namespace. */
export function readSecrets(facts: FactReader, namespace: string): readonly Secret[] {
  return (facts.read(`~secrets/${namespace}`) as Secret[] | undefined) ?? [];
}

/** Who wins the Services of a namespace that policies ask TLS for. */
export function readTlsTargets(facts: FactReader, namespace: string): readonly TlsTarget[] {
  return (facts.read(tlsTargetsFact(namespace)) as TlsTarget[] | undefined) ?? [];
}

export const tlsTargetsFact = (namespace: string): FactName => `~tls-targets/${namespace}`;

/** Whether there is a resource of that key, good or with errors. */
export function readPresence(facts: FactReader, key: ResourceKey): "present" | "rejected" | "absent" {
  if (facts.read(key) !== undefined) return "present";
  return facts.read(rejectedFact(key)) === undefined ? "absent" : "rejected";
}

/** What is wrong with the resource of that key, undefined where it is good or not there. */
export function readRejection(facts: FactReader, key: ResourceKey): string | undefined {
  return facts.read(rejectedFact(key)) as string | undefined;
}

const rejectedFact = (key: ResourceKey): FactName => `~rejected/${key}`;

/** The place of a fact: the same object in every run, so that who has read it compares without looking it up. */
export interface FactCell {
  value: unknown;
  /** What the last run had set, of cells that hold no resources. */
  last: unknown;
  /** By a result that is kept. */
  isRead: boolean;
  /** The last reader that has noted it. */
  readBy: number;
}

interface ResourceChanges {
  readonly gone: readonly Resource[];
  readonly come: readonly Resource[];
}

/** Of more changes than these all resources are looked at anew. */
const maxExchanged = 512;
/** Names beside those that are in use, before it is asked which are. */
const spareCells = 10_000;

/**
 * The resources of a compile run, by key and by kind, and the facts that are made of them. One run follows another: of
 * resources that are the same objects in the same order nothing is done again.
 */
export class Facts implements FactReader {
  private readonly cells = new Map<FactName, FactCell>();
  /** Cells that this run gave a value beside those of resources; and the last one. */
  private made: FactCell[] = [];
  private madeBefore: FactCell[] = [];
  /** Read ones of the last run that this one has not set again. */
  private missing = 0;
  /** Whether something that is read is another than in the last run. */
  private hasChanged = true;
  private resources: ChunkedList<Resource> = ChunkedList.of<Resource>([]);
  /** The resources, each key once. */
  private own = this.resources;
  private kinds = new Map<KindName, ChunkedList<Resource>>();
  private changed: ResourceChanges = { gone: [], come: [] };
  private readonly lists = new Map<FactName, readonly Resource[]>();
  /** Of two with one key the first counts, which changes of one place cannot tell. */
  private isWhole = true;
  /** Whether each fact had one value throughout the run. */
  private isSettled = true;
  private isRunning = false;
  private trimAt = 0;

  read(name: FactName): unknown {
    return this.cells.get(name)?.value;
  }

  cell(name: FactName): FactCell {
    let cell = this.cells.get(name);
    if (cell === undefined) {
      cell = { value: undefined, last: undefined, isRead: false, readBy: 0 };
      this.cells.set(name, cell);
    }
    return cell;
  }

  set(name: FactName, value: unknown): void {
    const cell = this.cell(name);
    if (cell.value === undefined) {
      this.made.push(cell);
      if (cell.isRead && cell.last !== undefined) this.missing--;
    } else if (cell.value !== value) this.isSettled = false;
    if (cell.isRead && cell.last !== value) this.hasChanged = true;
    cell.value = value;
  }

  /** Whether everything that results of the last run have read is now as it was when they read it. */
  get isAsBefore(): boolean {
    return !this.hasChanged && this.missing === 0;
  }

  /** Notes a resource that is there and has errors. */
  addRejected(key: ResourceKey, mistakes: string): void {
    this.set(rejectedFact(key), mistakes);
  }

  ofKind<K extends KindName>(kind: K): readonly ResourceNamed<K>[] {
    return this.listOf(kind).toArray();
  }

  /** As `ofKind`, for kinds of which there are thousands: chunks are the same as in the last run where nothing in them changed. */
  listOf<K extends KindName>(kind: K): ChunkedList<ResourceNamed<K>> {
    let list = this.kinds.get(kind);
    if (list === undefined) {
      list = this.own.mapChunks((chunk) => kindsOf(chunk).get(kind) ?? []);
      this.kinds.set(kind, list);
    }
    return list as ChunkedList<ResourceNamed<K>>;
  }

  /** What this run has in place of what the last one had. */
  get changes(): ResourceChanges {
    return this.changed;
  }

  /** Begins a run: takes the resources, and forgets what the run before has set. Sources give each key once; of two the first counts. */
  *take(resources: ChunkedList<Resource>): Generator<void> {
    this.hasChanged = this.isRunning || !this.isSettled;
    this.isRunning = true;
    this.isSettled = true;
    this.forget();
    this.changed = listChanges(this.resources, resources);
    yield;
    const { gone, come } = this.changed;
    const isLarge = gone.length + come.length > maxExchanged;
    if (isLarge || !this.isWhole || !this.exchange(gone, come)) {
      yield* this.takeAll(resources);
    } else if (gone.length + come.length > 0) {
      this.own = resources;
      for (const { kind } of [...gone, ...come]) this.kinds.delete(kind);
      this.list(new Set([...gone, ...come].flatMap((one) => listOf(one) ?? [])));
    } else this.own = resources;
    this.resources = resources;
  }

  private forget(): void {
    this.missing = 0;
    for (const cell of this.madeBefore) cell.last = undefined;
    for (const cell of this.made) {
      cell.last = cell.value;
      cell.value = undefined;
      if (cell.isRead && cell.last !== undefined) this.missing++;
    }
    this.madeBefore = this.made;
    this.made = [];
  }

  /** False where a key is there twice. */
  private exchange(gone: readonly Resource[], come: readonly Resource[]): boolean {
    for (const resource of gone) this.put(keyOf(resource), undefined);
    return come.every((resource) => this.add(resource));
  }

  private add(resource: Resource): boolean {
    const key = keyOf(resource);
    if (this.cells.get(key)?.value !== undefined) return false;
    this.put(key, resource);
    return true;
  }

  private put(name: FactName, value: unknown): void {
    const cell = this.cell(name);
    if (cell.isRead && cell.value !== value) this.hasChanged = true;
    cell.value = value;
  }

  private *takeAll(resources: ChunkedList<Resource>): Generator<void> {
    this.isWhole = false;
    this.hasChanged = true;
    for (const cell of this.cells.values()) cell.value = undefined;
    const chunks: (readonly Resource[])[] = [];
    for (const chunk of resources.chunks) {
      const own = chunk.filter((resource) => this.add(resource));
      chunks.push(own.length === chunk.length ? chunk : own);
      yield;
    }
    this.own = ChunkedList.ofChunks(chunks);
    this.kinds.clear();
    yield* this.listAll();
    this.isWhole = this.own.length === resources.length;
  }

  /** Makes lists facts; one with the same items stays the same object. */
  private *listAll(): Generator<void> {
    const lists = new Map<FactName, Resource[]>();
    for (const chunk of this.own.chunks) {
      for (const [name, some] of listsOf(chunk)) {
        const list = lists.get(name);
        if (list === undefined) lists.set(name, [...some]);
        else list.push(...some);
      }
      yield;
    }
    for (const name of this.lists.keys()) if (!lists.has(name)) this.putList(name, []);
    for (const [name, list] of lists) this.putList(name, list);
  }

  /** The same of those that may be others. */
  private list(names: Iterable<FactName>): void {
    for (const name of names)
      this.putList(
        name,
        this.own.chunks.flatMap((chunk) => listsOf(chunk).get(name) ?? []),
      );
  }

  private putList(name: FactName, list: readonly Resource[]): void {
    const before = this.lists.get(name);
    const next = before !== undefined && isSameList(before, list) ? before : list;
    if (list.length === 0) this.lists.delete(name);
    else this.lists.set(name, next);
    this.put(name, list.length === 0 ? undefined : next);
  }

  /** Ends a run. */
  end(): void {
    this.isRunning = false;
    // It would keep what is gone.
    this.changed = { gone: [], come: [] };
  }

  /** After a run: gives up the cells without a value that nobody has read, once they are many. */
  trim(read: Iterable<readonly FactCell[]>): void {
    if (this.trimAt > 0 && this.cells.size > this.trimAt) {
      const used = new Set<FactCell>();
      for (const cells of read) for (const cell of cells) used.add(cell);
      for (const [name, cell] of this.cells) {
        if (cell.value === undefined && !used.has(cell)) this.cells.delete(name);
      }
      this.trimAt = 0;
    }
    if (this.trimAt === 0) this.trimAt = this.cells.size * 2 + spareCells;
  }
}

const kindsOf = onceForChunk((chunk: readonly Resource[]) => {
  const kinds = new Map<KindName, Resource[]>();
  for (const resource of chunk) push(kinds, resource.kind, resource);
  return kinds;
});

const listsOf = onceForChunk((chunk: readonly Resource[]) => {
  const lists = new Map<FactName, Resource[]>();
  for (const resource of chunk) {
    const name = listOf(resource);
    if (name !== null) push(lists, name, resource);
  }
  return lists;
});

/** The list that others read it in; null for most kinds. */
function listOf(resource: Resource): FactName | null {
  const { namespace } = resource.metadata;
  if (resource.kind === "ReferenceGrant") return `~grants/${namespace}`;
  if (resource.kind === "Secret") return `~secrets/${namespace}`;
  if (resource.kind !== "EndpointSlice") return null;
  const service = resource.metadata.labels?.[serviceNameLabel];
  return service === undefined ? null : `~slices/${namespace}/${service}`;
}

function push<K>(lists: Map<K, Resource[]>, key: K, resource: Resource): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [resource]);
  else list.push(resource);
}
