import { compileRegex } from "@heddle/engine/route";
import { readApi } from "../compile/index.ts";

export interface ImportOptions {
  /** Of everything that is made. */
  readonly name: string;
  /** Hostnames of the routes; [] for every one. */
  readonly hosts: readonly string[];
  readonly backendUrl: string;
  /** A Gateway that is there; null: one is made. */
  readonly gateway: string | null;
  /** A rule for each path and method, or one for all that is below the servers' base paths. */
  readonly rules: "operation" | "prefix";
  readonly port: number;
}

/** What was read wrong, a line each with its place in the document. */
export class DocumentMistakes extends Error {}

type Rule = Readonly<Record<string, unknown>>;

/** Rules that one HTTPRoute may have. */
const MAX_RULES = 16;

/** Resources that serve an OpenAPI document from a backend and hold messages against it. Throws DocumentMistakes. */
export function importOpenApi(text: string, options: ImportOptions): readonly object[] {
  const { name, gateway, port, backendUrl } = options;
  const { api, findings } = readApi(text, (pattern) => compileRegex(pattern).problem || null);
  if (api === null)
    throw new DocumentMistakes(findings.map((one) => `${one.path} ${one.message}`).join("\n"));
  const rules = options.rules === "prefix" ? [prefixRule(api.paths, name)] : operationRules(api.paths, name);
  const routes = chunks(rules).map((some, index) =>
    routeOf(index === 0 ? name : `${name}-${index + 1}`, some, options),
  );
  return [
    ...(gateway === null ? [gatewayOf(name, port)] : []),
    ...routes,
    { apiVersion: "heddle.dev/v1alpha1", kind: "Backend", metadata: { name }, spec: { url: backendUrl } },
    {
      apiVersion: "heddle.dev/v1alpha1",
      kind: "ContentPolicy",
      metadata: { name },
      spec: {
        targetRefs: routes.map((route) => ({ kind: "HTTPRoute", name: route.metadata.name })),
        openApi: { document: { configMap: { name, key: "openapi.yaml" } } },
      },
    },
    { apiVersion: "v1", kind: "ConfigMap", metadata: { name }, data: { "openapi.yaml": text } },
  ];
}

type Paths = NonNullable<ReturnType<typeof readApi>["api"]>["paths"];

const backendRefs = (name: string) => [{ group: "heddle.dev", kind: "Backend", name }];

const gatewayOf = (name: string, port: number) => ({
  apiVersion: "gateway.networking.k8s.io/v1",
  kind: "Gateway",
  metadata: { name },
  spec: { gatewayClassName: "heddle", listeners: [{ name: "http", protocol: "HTTP", port }] },
});

const routeOf = (name: string, rules: readonly Rule[], { gateway, hosts, name: own }: ImportOptions) => ({
  apiVersion: "gateway.networking.k8s.io/v1",
  kind: "HTTPRoute",
  metadata: { name },
  spec: { parentRefs: [{ name: gateway ?? own }], ...(hosts.length > 0 && { hostnames: hosts }), rules },
});

function prefixRule(paths: Paths, name: string): Rule {
  const bases = [...new Set(paths.flatMap((path) => path.bases))].slice(0, 64);
  const matches = (bases.length === 0 ? [""] : bases).map((base) => ({
    path: { type: "PathPrefix", value: base === "" ? "/" : base },
  }));
  return { matches, backendRefs: backendRefs(name) };
}

function operationRules(paths: Paths, name: string): Rule[] {
  return paths.flatMap(({ bases, segments, operations }) =>
    operations.map(({ method }) => ({
      matches: bases.map((base) => ({ path: pathMatch(base, segments), method })),
      backendRefs: backendRefs(name),
    })),
  );
}

const escapeRegex = (text: string): string => text.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`);

function pathMatch(base: string, segments: Paths[number]["segments"]) {
  const isPlain = segments.every((parts) => parts.length === 1);
  if (isPlain) return { type: "Exact", value: `${base}/${segments.map(([text]) => text).join("/")}` };
  const all = segments.map((parts) =>
    parts.map((part, at) => (at % 2 === 0 ? escapeRegex(part) : "[^/]+")).join(""),
  );
  return { type: "RegularExpression", value: `${escapeRegex(base)}/${all.join("/")}` };
}

function chunks(rules: readonly Rule[]): Rule[][] {
  const count = Math.max(1, Math.ceil(rules.length / MAX_RULES));
  return Array.from({ length: count }, (_, at) => rules.slice(at * MAX_RULES, (at + 1) * MAX_RULES));
}
