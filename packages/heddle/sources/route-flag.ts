import { ChunkedList } from "@heddle/engine/base";
import { keyOf, type Resource } from "../resources/index.ts";
import type { Origin } from "./origin.ts";
import { emptyReading, type Reading, type SourcedResource } from "./reading.ts";
import { readDocument } from "./read-document.ts";

/** One `HOST/PATH=URL`. */
interface ShortRoute {
  /** "" for every host. */
  readonly host: string;
  readonly path: string;
  readonly url: string;
}

const form = "HOST/PATH=URL, such as shop.localhost/api=http://127.0.0.1:3000";

/** The Gateway of short routes: its listener is on `--port`. */
const gatewayName = "routes";
const apiVersion = "gateway.networking.k8s.io/v1";
const namespace = "default";

/**
 * Short routes as resources: one Gateway, and an HTTPRoute with a Backend for each. `routes` maps HOST/PATH to a URL.
 * A route that is none becomes a mistake, in words.
 */
export function readRoutes(
  routes: Readonly<Record<string, string>>,
  port: number,
  file: string,
): { reading: Reading; mistakes: string[] } {
  const mistakes: string[] = [];
  const resources: SourcedResource[] = [];
  const names = new Set<string>();
  for (const [place, url] of Object.entries(routes)) {
    const made = makeRoute({ ...parsePlace(place), url }, names);
    const errors = made.flatMap(({ problems }) => problems);
    for (const { path, message } of errors) mistakes.push(`${place}=${url}: ${path} ${message}; use ${form}`);
    if (errors.length === 0)
      resources.push(...made.map(({ resource }) => sourced(resource!, `${file} ${place}`)));
  }
  if (resources.length === 0) return { reading: emptyReading, mistakes };
  const gateway = readDocument(gatewayDocument(port));
  for (const { path, message } of gateway.problems) mistakes.push(`${path} ${message}`);
  if (gateway.resource !== undefined)
    resources.unshift({ ...sourced(gateway.resource, file), isShared: true });
  return { reading: { ...emptyReading, resources: ChunkedList.of(resources) }, mistakes };
}

/** Splits the values of `--route` at their first "=". */
export function parseRouteFlags(flags: readonly string[]): {
  routes: Record<string, string>;
  mistakes: string[];
} {
  const routes: Record<string, string> = Object.create(null) as Record<string, string>;
  const mistakes: string[] = [];
  for (const flag of flags) {
    const equals = flag.indexOf("=");
    const place = flag.slice(0, Math.max(equals, 0));
    if (equals === -1) mistakes.push(`${flag}: has no "="; use ${form}`);
    else if (place in routes) mistakes.push(`${flag}: ${place} is given twice; remove one`);
    else routes[place] = flag.slice(equals + 1);
  }
  return { routes, mistakes };
}

function parsePlace(place: string): { host: string; path: string } {
  const slash = place.indexOf("/");
  const host = slash === -1 ? place : place.slice(0, slash);
  return { host: host === "*" ? "" : host, path: slash === -1 ? "/" : place.slice(slash) };
}

function makeRoute({ host, path, url }: ShortRoute, names: Set<string>) {
  const name = uniqueName(`${host}${path}`, names);
  const backend = {
    apiVersion: "heddle.dev/v1alpha1",
    kind: "Backend",
    metadata: { name, namespace },
    spec: { url },
  };
  const route = {
    apiVersion,
    kind: "HTTPRoute",
    metadata: { name, namespace },
    spec: {
      parentRefs: [{ name: gatewayName }],
      ...(host === "" ? {} : { hostnames: [host] }),
      rules: [
        {
          matches: [{ path: { type: "PathPrefix", value: path } }],
          backendRefs: [{ group: "heddle.dev", kind: "Backend", name }],
        },
      ],
    },
  };
  return [readDocument(backend), readDocument(route)];
}

function gatewayDocument(port: number): object {
  const listeners = [{ name: "http", protocol: "HTTP", port }];
  return {
    apiVersion,
    kind: "Gateway",
    metadata: { name: gatewayName, namespace },
    spec: { gatewayClassName: "heddle", listeners },
  };
}

/** "shop.localhost/api" → "shop.localhost-api": the place as far as a name can show it. */
function uniqueName(place: string, names: Set<string>): string {
  const plain = place
    .toLowerCase()
    .replace(/[^a-z0-9.]+/g, "-")
    .replace(/\.+(?=[-.]|$)|(?<=[-.]|^)\.+|^-+|-+$/g, "")
    .slice(0, 200)
    .replace(/[-.]+$/, "");
  const base = plain === "" ? "all" : plain;
  let name = base;
  for (let count = 2; names.has(name); count++) name = `${base}-${count}`;
  names.add(name);
  return name;
}

function sourced(resource: Resource, file: string): SourcedResource {
  const origin: Origin = { file, position: () => undefined };
  return { key: keyOf(resource), resource, problems: [], origin };
}
