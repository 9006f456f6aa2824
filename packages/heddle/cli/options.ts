import { stat } from "node:fs/promises";
import { InvalidArgumentError, Option } from "commander";
import { reasonOf } from "../sources/index.ts";
import { UsageError } from "./exit-codes.ts";

/** The default listener of `--route` and of `routes` in a heddle.config.ts. */
export const defaultPort = 8080;

export const outputOption = (): Option =>
  new Option("-o, --output <FORMAT>", "how to print").choices(["text", "json"]).default("text");

/** Where this machine is. */
export const zoneOption = (): Option =>
  new Option("--zone <NAME>", "where this machine is: endpoints of its zone may be preferred")
    .env("HEDDLE_ZONE")
    .default("", "not known");

export const nodeOption = (): Option =>
  new Option("--node <NAME>", "the node it is on, by the name that EndpointSlices have for it")
    .env("HEDDLE_NODE")
    .default("", "not known");

/** For an option that may be given several times. */
export const collect = (value: string, before: readonly string[] = []): string[] => [...before, value];

export function parsePort(text: string): number {
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port >= 1 && port <= 65_535) return port;
  throw new InvalidArgumentError("must be a port from 1 to 65535.");
}

export function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d{1,9}$/.test(text) && value >= min && value <= max) return value;
    throw new InvalidArgumentError(`must be a whole number from ${min} to ${max}.`);
  };
}

/** Throws UsageError for a path that is not there: a typo must not look like an empty configuration. */
export async function assertPathsExist(paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    await stat(path).catch((error: NodeJS.ErrnoException) => {
      throw new UsageError(`${path}: ${reasonOf(error)}`);
    });
  }
}

const configModules = ["heddle.config.ts", "heddle.config.mts", "heddle.config.js", "heddle.config.mjs"];

/** The paths that were given, or the heddle.config.ts of the current folder where there is one. */
export async function pathsOrDefault(paths: readonly string[]): Promise<readonly string[]> {
  if (paths.length > 0) return paths;
  for (const name of configModules) {
    const found = await stat(name).then(
      (file) => file.isFile(),
      () => false,
    );
    if (found) return [name];
  }
  return [];
}
