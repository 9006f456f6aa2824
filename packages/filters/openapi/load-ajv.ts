import { createRequire } from "node:module";
import type { Ajv2020 } from "ajv/dist/2020.js";

type FormatTable = Readonly<Record<string, unknown>>;

interface Loaded {
  readonly Ajv: typeof Ajv2020;
  readonly formats: FormatTable;
}

let loaded: Loaded | null = null;

/** Loaded when the first schema is compiled: who has no such policy pays nothing for it. */
export function loadAjv(): Loaded {
  if (loaded === null) {
    const require = createRequire(import.meta.url);
    const { Ajv2020: Ajv } = require("ajv/dist/2020.js") as { Ajv2020: typeof Ajv2020 };
    const { fullFormats: formats } = require("ajv-formats/dist/formats.js") as { fullFormats: FormatTable };
    loaded = { Ajv, formats };
  }
  return loaded;
}
