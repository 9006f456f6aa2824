import { isBuiltin } from "node:module";
import path from "node:path";
import { findCycles } from "./cycles.ts";
import { parseImports, type ImportSite } from "./parse.ts";
import { nameOf, packageNameOf, placeOf, rankOf, resolveImport, specifierOf, type Place } from "./place.ts";
import { foldersWithoutRules, isTestPath, packageRules, testOnlyPackage, type PackageRule } from "./rules.ts";

/** What the checker reads: paths are relative to the repository, with `/`. */
export interface Tree {
  /** TypeScript and JavaScript sources by path. */
  sources: ReadonlyMap<string, string>;
  /** Names that each package.json declares, by the folder of the package.json; `""` is the root's. */
  dependencies: ReadonlyMap<string, readonly string[]>;
}

export interface Problem {
  file: string;
  line: number;
  /** The import, the rule that it breaks, and the mend, in one line. */
  message: string;
}

interface Broken {
  rule: string;
  mend: string;
}

/** Checks every import of the tree against the rule table; an empty tree is a problem of its own. */
export function checkImports(tree: Tree): Problem[] {
  if (tree.sources.size === 0) {
    return [
      { file: ".", line: 1, message: "no source files were read; start the check at the repository root" },
    ];
  }
  const problems: Problem[] = [];
  const edges = new Map<string, string[]>();
  for (const [file, source] of tree.sources) {
    const targets: string[] = [];
    edges.set(file, targets);
    const stray = checkPlace(file);
    if (stray) problems.push({ file, line: 1, message: `${stray.rule}; ${stray.mend}` });
    for (const site of parseImports(file, source)) {
      const target = resolveImport(file, site.specifier);
      const broken = checkSite(tree, file, site, target);
      if (broken) {
        const message = `imports "${site.specifier}": ${broken.rule}; ${broken.mend}`;
        problems.push({ file, line: site.line, message });
      }
      if (target !== undefined && site.kind === "import") targets.push(target);
    }
  }
  for (const cycle of findCycles(edges)) {
    const first = cycle[0] ?? "";
    const message = `files import each other in a circle: ${[...cycle, first].join(" -> ")}; move what they share into a file that both import`;
    problems.push({ file: first, line: 1, message });
  }
  return problems;
}

function checkPlace(file: string): Broken | undefined {
  const place = placeOf(file);
  if (place.package === undefined) return undefined;
  const rule = packageRules[place.package];
  if (!rule) {
    return {
      rule: `packages/${place.package} has no import rule`,
      mend: "add it to scripts/imports/rules.ts and to ARCHITECTURE.md",
    };
  }
  if (!rule.ranks || place.area === "" || foldersWithoutRules.includes(place.area)) return undefined;
  if (rankOf(rule, place.area) !== undefined) return undefined;
  return {
    rule: `area ${place.package}/${place.area} has no rank`,
    mend: "put the file into an area that has, or add the area to scripts/imports/rules.ts and to ARCHITECTURE.md",
  };
}

function checkSite(
  tree: Tree,
  file: string,
  site: ImportSite,
  target: string | undefined,
): Broken | undefined {
  if (target === undefined) return checkOutside(tree, file, site.specifier);
  if (target.endsWith("package.json")) return undefined;
  if (!tree.sources.has(target)) {
    return {
      rule: `there is no ${target}`,
      mend: "name an existing file with its .ts ending, or an area with an index.ts",
    };
  }
  return (
    checkNaming(file, site.specifier, target) ??
    checkDirection(file, target, site.isType) ??
    checkDoor(tree, file, target) ??
    checkDeclared(tree, file, site.specifier)
  );
}

/** Node's own modules and npm's packages. */
function checkOutside(tree: Tree, file: string, specifier: string): Broken | undefined {
  if (!specifier.startsWith("node:") && isBuiltin(specifier)) {
    return { rule: "Node's own modules carry their prefix", mend: `write "node:${specifier}"` };
  }
  const place = placeOf(file);
  const rule = isTestPath(file) ? undefined : packageRules[place.package ?? ""];
  if (specifier.startsWith("node:")) return rule && checkBuiltin(rule, place, specifier);
  if (rule?.zeroDependencies) {
    return {
      rule: `@heddle/${place.package} has no runtime dependencies`,
      mend: "write the piece that is needed, or take the work out of the request path",
    };
  }
  return checkDeclared(tree, file, specifier);
}

function checkBuiltin(rule: PackageRule, place: Place, specifier: string): Broken | undefined {
  const allowed = rule.builtins?.[place.area];
  if (allowed && !allowed.includes(specifier)) {
    return {
      rule: `${nameOf(place)} is pure and may import ${allowed.join(", ")} alone of Node's modules`,
      mend: "take the value as an argument, or do this work in an area above",
    };
  }
  for (const [owner, owned] of Object.entries(rule.ownedBuiltins ?? {})) {
    if (!owned.includes(specifier) || owner === place.area) continue;
    return {
      rule: `only ${place.package}/${owner} imports ${specifier}`,
      mend: `export what is needed from ${place.package}/${owner}`,
    };
  }
  return undefined;
}

function checkDeclared(tree: Tree, file: string, specifier: string): Broken | undefined {
  if (specifier.startsWith(".")) return undefined;
  const [first = "", second = ""] = specifier.split("/");
  const name = first.startsWith("@") ? `${first}/${second}` : first;
  const home = homeOf(tree, file);
  const ships = placeOf(file).package !== undefined && !isTestPath(file);
  const declared = [home, ...(ships ? [] : [""])].flatMap((folder) => tree.dependencies.get(folder) ?? []);
  const isOwnPackage = tree.sources.has(file) && name === packageNameOf(home);
  if (declared.includes(name) || isOwnPackage || isWorkspaceOfTest(file, name)) return undefined;
  const manifest = home === "" ? "package.json" : `${home}/package.json`;
  return {
    rule: `${name} is not declared in ${manifest}`,
    mend: `add it there, or import something that is`,
  };
}

/** npm links every workspace at the root, so a test reaches them without a declaration in a package that ships. */
const isWorkspaceOfTest = (file: string, name: string): boolean =>
  (isTestPath(file) || placeOf(file).package === undefined) &&
  (name.startsWith("@heddle/") || name === "heddle");

function checkNaming(file: string, specifier: string, target: string): Broken | undefined {
  const from = placeOf(file).package;
  const to = placeOf(target).package;
  if (specifier.startsWith(".")) {
    if (from === to || to === undefined) return undefined;
    return { rule: "another package is imported by its name", mend: `write "${specifierOf(target)}"` };
  }
  if (from !== to) return undefined;
  const relative = path.posix.relative(path.posix.dirname(file), target);
  const mended = relative.startsWith(".") ? relative : `./${relative}`;
  return { rule: "within a package, imports are relative", mend: `write "${mended}"` };
}

function checkDirection(file: string, target: string, isType: boolean): Broken | undefined {
  const from = placeOf(file);
  const to = placeOf(target);
  if (to.package === testOnlyPackage && from.package !== testOnlyPackage && !isTestPath(file)) {
    return { rule: "only tests import the testkit", mend: "move the code into a test, or write it here" };
  }
  const rule = packageRules[from.package ?? ""];
  if (!rule || to.package === undefined || foldersWithoutRules.includes(from.area)) return undefined;
  return from.package === to.package ? checkRank(rule, from, to) : checkUse(rule, file, from, to, isType);
}

function checkRank(rule: PackageRule, from: Place, to: Place): Broken | undefined {
  if (!rule.ranks || from.area === to.area || from.area === "") return undefined;
  const fromRank = rankOf(rule, from.area);
  const toRank = to.area === "" ? rule.ranks.length : rankOf(rule, to.area);
  if (fromRank === undefined || toRank === undefined || toRank < fromRank) return undefined;
  const mend = "move what both need into a lower area, or take it as an argument from above";
  if (toRank > fromRank) return { rule: `${nameOf(from)} stands below ${nameOf(to)}`, mend };
  return { rule: `${nameOf(from)} and ${nameOf(to)} are siblings`, mend };
}

function checkUse(
  rule: PackageRule,
  file: string,
  from: Place,
  to: Place,
  isType: boolean,
): Broken | undefined {
  const packageName = to.package ?? "";
  if (isTestPath(file) && (packageName === testOnlyPackage || isUsedAnywhere(rule, packageName))) {
    return undefined;
  }
  // A root file stands above all areas, so it may use what any of them may.
  const areas = from.area === "" ? Object.keys(rule.uses) : ["*", from.area];
  const tables = isType ? [rule.uses, rule.usesTypes ?? {}] : [rule.uses];
  const allowed = tables
    .flatMap((table) => areas.map((area) => table[area]?.[packageName]))
    .filter((list) => list !== undefined);
  if (allowed.some((list) => list === "*" || list.includes(to.area))) return undefined;
  const names = allowed.flat().map((area) => `${packageName}/${area}`);
  const may = names.length > 0 ? `may import ${names.join(", ")} alone` : "may import none of it";
  return {
    rule: `of ${packageName}, ${nameOf(from)} ${may}`,
    mend: "pass it in from an area that may, or move what is needed to where both reach it",
  };
}

const isUsedAnywhere = (rule: PackageRule, packageName: string): boolean =>
  Object.values(rule.uses).some((use) => packageName in use);

/** A folder with an index.ts is closed: what is not in it imports that file alone. So is every area of a package. */
function checkDoor(tree: Tree, file: string, target: string): Broken | undefined {
  // The launcher is plain JavaScript that loads one file of the command line, whatever folder it was built into.
  if (placeOf(target).package === undefined || foldersWithoutRules.includes(placeOf(file).area))
    return undefined;
  for (let folder = path.posix.dirname(target); folder.includes("/"); folder = path.posix.dirname(folder)) {
    if (file.startsWith(`${folder}/`)) return undefined;
    const door = `${folder}/index.ts`;
    const isArea = folder.split("/").length === 3;
    if (target === door) continue;
    if (!tree.sources.has(door) && !isArea) continue;
    // An inner door is a door of its own: wire/http1 is reached past wire.
    if (target.endsWith("/index.ts")) return undefined;
    return {
      rule: `${folder.slice("packages/".length)} is imported through its door only`,
      mend: `import ${door}, and export the name there if it is meant for others`,
    };
  }
  return undefined;
}

/** The nearest folder above the file with a package.json. */
function homeOf(tree: Tree, file: string): string {
  let folder = path.posix.dirname(file);
  while (folder !== "." && !tree.dependencies.has(folder)) folder = path.posix.dirname(folder);
  return folder === "." ? "" : folder;
}
