/** The files of a new filter, by their names. */
export function filterFiles(name: string): Readonly<Record<string, string>> {
  return {
    [`${name}.ts`]: moduleOf(name),
    [`${name}.test.ts`]: testOf(name),
    [`${name}.yaml`]: yamlOf(name),
  };
}

/** As JavaScript has it: "tenantHeader". */
const variableOf = (name: string): string =>
  name.replaceAll(/-+([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());

const moduleOf = (name: string): string => `import { defineFilter, textReply } from "@heddle/filters/define";

/** Tells the client how long its request took. Requests for the path of \`refuse\` go no further. */
export default defineFilter({
  name: "${name}",
  // What spec.config of the Filter may have. TypeBox and any Standard Schema (Zod, Valibot, …) do as well.
  schema: {
    type: "object",
    properties: {
      header: { type: "string", default: "x-took" },
      refuse: { type: "string", default: "" },
    },
    required: ["header", "refuse"],
    additionalProperties: false,
  },
  create(config, context) {
    // One of each request: the filter itself is shared by all of them.
    const startedMs = context.slot<number>();
    return {
      requestHead(exchange) {
        startedMs.set(exchange, context.clock.now());
        if (exchange.request.path !== config.refuse) return undefined;
        context.count("refused");
        return textReply(403, "refused\\n");
      },
      responseHead(exchange, head) {
        const tookMs = context.clock.now() - (startedMs.get(exchange) ?? 0);
        head.fields.set(config.header, \`\${Math.round(tookMs)} ms\`);
      },
    };
  },
});
`;

const testOf = (name: string): string => {
  const variable = variableOf(name);
  return `import assert from "node:assert/strict";
import { test } from "node:test";
import { testFilter } from "@heddle/filters/testing";
import ${variable} from "./${name}.ts";

test("the client is told how long its request took", async () => {
  const filter = await testFilter(${variable}, {}, {
    upstream() {
      // Time passes when the test says so.
      filter.clock.advance(25);
      return { body: "hello" };
    },
  });
  const response = await filter.fetch("/orders");
  assert.equal(response.status, 200);
  assert.equal(response.text(), "hello");
  assert.equal(response.headers["x-took"], "25 ms");
  assert.equal(filter.upstream.requests[0]?.path, "/orders");
});

test("what is refused goes no further, and is counted", async () => {
  const filter = await testFilter(${variable}, { refuse: "/admin" });
  assert.equal((await filter.fetch("/admin")).status, 403);
  assert.equal(filter.upstream.requests.length, 0);
  assert.deepEqual(filter.counters, { refused: 1 });
});

test("a configuration with a mistake is refused", async () => {
  await assert.rejects(testFilter(${variable}, { haeder: "x" }), /haeder: is not known to the filter/);
});
`;
};

const yamlOf = (name: string): string => `apiVersion: heddle.dev/v1alpha1
kind: Filter
metadata: { name: ${name} }
spec:
  module: ./${name}.ts
  config: { header: x-took }
---
# Before everything in the namespace. For one rule of an HTTPRoute write instead
#   filters: [{ type: ExtensionRef, extensionRef: { group: heddle.dev, kind: Filter, name: ${name} } }]
apiVersion: heddle.dev/v1alpha1
kind: FilterPolicy
metadata: { name: ${name} }
spec:
  targetRefs: [{ kind: Namespace, name: default }]
  filters: [{ name: ${name}, stage: AfterAuthorization }]
`;

/** A package.json for a project that has none; it is of this version of Heddle. */
export function projectManifest(folder: string, version: string): string {
  const name =
    folder
      .toLowerCase()
      .replaceAll(/[^a-z0-9-]+/g, "-")
      .replaceAll(/^-+|-+$/g, "") || "filters";
  const manifest = {
    name,
    private: true,
    type: "module",
    scripts: { test: "node --test" },
    dependencies: { "@heddle/filters": version, heddle: version },
  };
  return `${JSON.stringify(manifest, null, 2)}\n`;
}

/** `before` with a line for the filter. */
export function readmeLines(name: string, folder: string, before: string): string {
  const head =
    before === ""
      ? "# Filters\n\nFilters of our own, run by Heddle. `node --test` tests them.\n\n"
      : before.endsWith("\n")
        ? before
        : `${before}\n`;
  const files = `Tested by \`${name}.test.ts\`, attached by \`${name}.yaml\``;
  const run = `\`npx heddle run -f ${folder}/${name}.yaml\``;
  return `${head}- \`${name}.ts\`: say here what it does. ${files}: ${run}.\n`;
}
