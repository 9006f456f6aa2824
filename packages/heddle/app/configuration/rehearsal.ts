import { ChunkedList, Pace } from "@heddle/engine/base";
import type { CompileOptions } from "../../compile/index.ts";
import type { Resource } from "../../resources/index.ts";
import { emptyReading, type SourcedResource } from "../../sources/index.ts";
import { openMemoryStore } from "../../store/index.ts";
import { Configuration, type UnitTarget } from "./configuration.ts";

export interface RehearsalOptions {
  readonly compileOptions: Omit<CompileOptions, "nowMs">;
  /** How many changes are played. Default: 12. */
  readonly rounds?: number;
  /** Who is given the units. Default: nobody. */
  readonly target?: UnitTarget;
}

/** Routes that take part; of other kinds a tenth of that. */
const mostRoutes = 300;

/**
 * What changes of routes need. What a policy, a certificate or a schema is made of may be large, and their code is not what
 * each change runs through.
 */
const kinds: ReadonlySet<Resource["kind"]> = new Set([
  "Namespace",
  "Gateway",
  "HTTPRoute",
  "Service",
  "EndpointSlice",
  "Backend",
  "ReferenceGrant",
]);

const nobody: UnitTarget = {
  async apply() {
    return { version: 0, changedUnits: 0, listeners: [], durationMs: 0 };
  },
};

/**
 * Plays some changes of a part of the configuration, with a store and statuses of their own, and puts none of it in force:
 * V8 has compiled by then what the first change after a start runs through, which would have the traffic of that moment
 * wait. Takes some tens of milliseconds of this thread.
 */
export async function rehearse(list: ChunkedList<SourcedResource>, options: RehearsalOptions): Promise<void> {
  const { compileOptions, rounds = 12, target = nobody } = options;
  const pace = new Pace({ napMs: 0 });
  const configuration = new Configuration({ store: openMemoryStore(), target, compileOptions, pace });
  const cast = chooseFrom(list);
  const routes = [...cast].flatMap(({ resource }, at) => (resource.kind === "HTTPRoute" ? [at] : []));
  if (routes.length === 0) return;
  let resources = cast;
  for (let round = 0; round <= rounds; round++) {
    await configuration.apply([{ ...emptyReading, resources }]);
    // Every third change is a route that is not there any more; the next one brings it back.
    const at = routes[(round * 37) % routes.length]!;
    resources =
      round % 3 === 2 ? cast.with(at, at + 1, []) : cast.with(at, at + 1, [changed(cast.at(at)!, round)]);
  }
}

function chooseFrom(list: ChunkedList<SourcedResource>): ChunkedList<SourcedResource> {
  const counts = new Map<Resource["kind"], number>();
  const chosen: SourcedResource[] = [];
  for (const one of list) {
    const { kind } = one.resource;
    const count = counts.get(kind) ?? 0;
    if (!kinds.has(kind) || count >= (kind === "HTTPRoute" ? mostRoutes : mostRoutes / 10)) continue;
    counts.set(kind, count + 1);
    chosen.push(one);
  }
  return ChunkedList.of(chosen);
}

/** Another object, and another spec. */
function changed(one: SourcedResource, round: number): SourcedResource {
  const { resource } = one;
  if (resource.kind !== "HTTPRoute") return one;
  const hostnames = [...(resource.spec.hostnames ?? []), `rehearsal-${round}.invalid`];
  return { ...one, resource: { ...resource, spec: { ...resource.spec, hostnames } } };
}
