/** A named set of test files, and how long one run of it may take before it counts as hung. */
export interface Suite {
  globs: readonly string[];
  limitMinutes: number;
}

export const suites: Record<string, Suite> = {
  unit: {
    globs: ["packages/**/*.test.ts", "scripts/**/*.test.ts", "bench/**/*.test.ts", "examples/**/*.test.ts"],
    limitMinutes: 15,
  },
  e2e: { globs: ["test/e2e/**/*.test.ts", "test/conformance/**/*.test.ts"], limitMinutes: 30 },
  interop: { globs: ["test/interop/**/*.test.ts"], limitMinutes: 20 },
  scale: { globs: ["test/scale/**/*.test.ts"], limitMinutes: 5 },
};

/** What one command line asks for. */
export interface TestRequest {
  suites: string[];
  /** Parts of paths; a file is run when it contains one of them, all files when there are none. */
  filters: string[];
  /** Options for `node --test`, as they were given. */
  nodeArgs: string[];
}

/** Reads `unit e2e wire/http1 --test-name-pattern=chunked`: suites first, then parts of paths, options anywhere. */
export function parseTestRequest(args: readonly string[]): TestRequest {
  const nodeArgs = args.filter((arg) => arg.startsWith("-"));
  const words = args.filter((arg) => !arg.startsWith("-"));
  const firstFilter = words.findIndex((word) => !(word in suites));
  const split = firstFilter === -1 ? words.length : firstFilter;
  if (split === 0) throw new Error(`name a suite first: ${Object.keys(suites).join(", ")}`);
  return { suites: words.slice(0, split), filters: words.slice(split), nodeArgs };
}

/**
 * The files to run, in order and without repeats, given the files of each suite.
 * Throws when there is nothing to run: without filters each suite needs a file, with filters one is needed in all.
 */
export function pickTestFiles(request: TestRequest, find: (suite: Suite) => readonly string[]): string[] {
  const picked = new Set<string>();
  for (const name of request.suites) {
    const suite = suites[name];
    const files = suite ? find(suite) : [];
    if (files.length === 0) throw new Error(`no test files in ${suite?.globs.join(", ") ?? name}`);
    for (const file of files) {
      if (request.filters.length === 0 || request.filters.some((part) => file.includes(part)))
        picked.add(file);
    }
  }
  if (picked.size === 0) {
    throw new Error(`no test file of ${request.suites.join(", ")} matches ${request.filters.join(" or ")}`);
  }
  return [...picked];
}
