/** What one workspace package may import. Areas are its top folders; the package's own root files stand above them all. */
export interface PackageRule {
  /** Areas from the lowest up; an area imports lower ranks only, and none of its own rank. Absent: no order among areas. */
  ranks?: readonly (readonly string[])[];
  /** Other workspace packages, by importing area (`*` is every area), and which of their areas. */
  uses: Record<string, Record<string, readonly string[] | "*">>;
  /** The same, of what is imported as types alone: nothing of it is evaluated. */
  usesTypes?: Record<string, Record<string, readonly string[] | "*">>;
  /** The only `node:` modules an area may import. An area that is not named may import all. */
  builtins?: Record<string, readonly string[]>;
  /** `node:` modules that belong to one area of the package and to no other. */
  ownedBuiltins?: Record<string, readonly string[]>;
  /** No package of npm at all. */
  zeroDependencies?: boolean;
}

const pure = ["node:buffer"];
const plainEngine = ["base", "message", "model", "observe"];

/** The directions of imports, package by package. The names are the folders under `packages/`. */
export const packageRules: Record<string, PackageRule> = {
  engine: {
    ranks: [
      ["base"],
      ["message"],
      ["wire"],
      ["model"],
      ["route", "balance", "observe", "shared"],
      ["net"],
      ["identity", "filter"],
      ["cluster", "listener", "source"],
      ["proxy"],
      ["runtime"],
    ],
    uses: {},
    builtins: { wire: pure, message: pure, model: pure, route: pure, balance: pure },
    ownedBuiltins: { net: ["node:net", "node:tls", "node:dgram"] },
    zeroDependencies: true,
  },
  filters: {
    uses: {
      "*": { engine: ["base", "message", "model", "filter", "observe", "shared"] },
      // For their regular expressions, which match in linear time.
      authorization: { engine: ["route"] },
      openapi: { engine: ["route"] },
      // What users test their filters with is the engine itself.
      testing: { engine: "*" },
    },
  },
  node: {
    uses: { "*": { engine: "*", filters: "*" } },
  },
  heddle: {
    ranks: [
      ["resources"],
      ["store", "compile"],
      [
        "sources",
        "api",
        "feed",
        "ca",
        "acme",
        "canary",
        "discovery",
        "key-sets",
        "limit-store",
        "manage",
        "guard",
        "exporters",
      ],
      ["app"],
      ["cli"],
    ],
    uses: {
      compile: { engine: plainEngine },
      sources: { engine: ["base"] },
      store: { engine: ["base"] },
      feed: { engine: plainEngine },
      ca: { engine: plainEngine },
      acme: { engine: plainEngine },
      canary: { engine: plainEngine },
      discovery: { engine: plainEngine },
      "key-sets": { engine: plainEngine },
      "limit-store": { engine: [...plainEngine, "filter"] },
      guard: { engine: plainEngine },
      exporters: { engine: plainEngine },
      app: { engine: "*", filters: "*" },
    },
    // What it emits is configured as the filters say; nothing of them runs there.
    usesTypes: { compile: { filters: "*" }, "key-sets": { filters: "*" }, "limit-store": { filters: "*" } },
    // Compile is pure, and may parse certificates.
    builtins: { compile: [...pure, "node:crypto"] },
  },
  web: { uses: {} },
  testkit: { uses: { "*": { engine: "*" } } },
};

/** Folders of a package that hold no area: the launcher, and what tests read. */
export const foldersWithoutRules: readonly string[] = ["bin", "testdata"];

/** The package that only tests may import. */
export const testOnlyPackage = "testkit";

const testFile = /\.(test|suite)\.ts$/;
const testFolders = ["test/", "bench/", "packages/testkit/"];
/** Scripts that are tests of the whole: they install the built packages and run them. */
const testScripts = ["scripts/test-package.ts"];

export const isTestPath = (path: string): boolean =>
  testFile.test(path) || testFolders.some((folder) => path.startsWith(folder)) || testScripts.includes(path);
