import { existsSync, readFileSync } from "node:fs";
import path from "node:path";

/** Public vectors beside the repository, as packages/heddle's tests of the CRDs have them. */
const root =
  process.env["HEDDLE_SHARED_DATA"] ?? path.join(import.meta.dirname, "../../../../../shared/data");

export function sharedFolder(name: string): string {
  return path.join(root, name);
}

/** Why tests of that folder cannot run here, or false: in CI it must be there, and reading it throws. */
export function skipReason(name: string): string | false {
  return existsSync(sharedFolder(name)) || process.env["CI"] === "true"
    ? false
    : `no reference data at ${sharedFolder(name)}; set HEDDLE_SHARED_DATA to the folder that has ${name}`;
}

export function readJson<Shape>(file: string): Shape {
  return JSON.parse(readFileSync(file, "utf8")) as Shape;
}
