import path from "node:path";
import type { PackageRule } from "./rules.ts";

/** A file's place in the house: `packages/engine/net/tls/x.ts` is package `engine`, area `net`. */
export interface Place {
  package: string | undefined;
  /** `""` for a file at the root of its package. */
  area: string;
}

/** The file that a specifier stands for, or undefined for what is not of this repository. */
export function resolveImport(file: string, specifier: string): string | undefined {
  if (specifier.startsWith(".")) return path.posix.join(path.posix.dirname(file), specifier);
  const [, name, rest] = /^(?:@heddle\/([^/]+)|heddle)(?:\/(.*))?$/.exec(specifier) ?? [];
  if (name === undefined && !/^heddle($|\/)/.test(specifier)) return undefined;
  const folder = `packages/${name ?? "heddle"}`;
  if (rest === "package.json") return `${folder}/package.json`;
  return rest === undefined ? `${folder}/index.ts` : `${folder}/${rest}/index.ts`;
}

export function placeOf(file: string): Place {
  const [top, name, area = "", ...rest] = file.split("/");
  if (top !== "packages") return { package: undefined, area: "" };
  return { package: name, area: rest.length === 0 ? "" : area };
}

export function rankOf(rule: PackageRule, area: string): number | undefined {
  const rank = rule.ranks?.findIndex((areas) => areas.includes(area)) ?? -1;
  return rank === -1 ? undefined : rank;
}

export const nameOf = (place: Place): string =>
  place.area === "" ? `${place.package}` : `${place.package}/${place.area}`;

export const packageNameOf = (home: string): string => {
  const folder = home.slice("packages/".length);
  return folder === "heddle" ? "heddle" : `@heddle/${folder}`;
};

export const specifierOf = (target: string): string => {
  const [, name = "", ...rest] = target.split("/");
  return [packageNameOf(`packages/${name}`), ...rest.slice(0, -1)].join("/");
};
