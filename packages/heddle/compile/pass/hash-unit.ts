import { hash } from "node:crypto";
import type { Unit } from "@heddle/engine/model";
import type { HashedUnit } from "../io/compile-io.ts";

/** The unit with the SHA-256 of its JSON. Compile writes the fields of a unit in one order, so that equals hash equal. */
export function hashUnit(unit: Unit): HashedUnit {
  return { unit, hash: hash("sha256", JSON.stringify(unit), "base64url") };
}
