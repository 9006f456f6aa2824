import type { ApiOperation, ApiPath, ApiSegment } from "./config.ts";

/** What a path was found to be. */
export interface FoundPath {
  readonly template: string;
  readonly operations: readonly ApiOperation[];
  /** Values of its parameters, still escaped. */
  readonly values: ReadonlyMap<string, string>;
}

interface Entry {
  readonly path: ApiPath;
  readonly segments: readonly ApiSegment[];
}

/**
 * Paths of a document by the path of a request. Those with text where others have parameters come first (OpenAPI
 * section 4.8.8.2). Looks only at paths with as many segments, whose first is the same or no text.
 */
export class PathTable {
  private readonly byStart = new Map<string, Entry[]>();
  private readonly open = new Map<number, Entry[]>();

  /** `basePath` in place of those of the paths; null: those. */
  constructor(paths: readonly ApiPath[], basePath: string | null) {
    for (const path of paths) {
      for (const base of basePath === null ? path.bases : [basePath]) {
        const before =
          base === ""
            ? []
            : base
                .slice(1)
                .split("/")
                .map((text) => [text]);
        this.add({ path, segments: [...before, ...path.segments] });
      }
    }
    for (const list of [...this.byStart.values(), ...this.open.values()]) list.sort(byText);
  }

  private add(entry: Entry): void {
    const { segments } = entry;
    const [first] = segments;
    if (first!.length === 1) push(this.byStart, `${segments.length} ${first![0]}`, entry);
    else push(this.open, segments.length, entry);
  }

  find(path: string): FoundPath | null {
    const texts = path.slice(1).split("/");
    const found =
      search(this.byStart.get(`${texts.length} ${texts[0]}`), texts) ??
      search(this.open.get(texts.length), texts);
    return found;
  }
}

function push<K>(map: Map<K, Entry[]>, key: K, entry: Entry): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [entry]);
  else list.push(entry);
}

/** The first segment where one is text and the other is not decides. */
function byText(a: Entry, b: Entry): number {
  for (let at = 0; at < a.segments.length; at++) {
    const difference = a.segments[at]!.length - b.segments[at]!.length;
    if (difference === 0) continue;
    // Text is before parameters; of two with parameters the one with more text around them.
    if (a.segments[at]!.length === 1) return -1;
    if (b.segments[at]!.length === 1) return 1;
    return -difference;
  }
  return 0;
}

function search(entries: readonly Entry[] | undefined, texts: readonly string[]): FoundPath | null {
  for (const { path, segments } of entries ?? []) {
    const values = new Map<string, string>();
    if (!segments.every((segment, at) => matches(segment, texts[at]!, values))) continue;
    // Operations of one template may stand in several, by their servers.
    return { template: path.template, operations: operationsOf(entries!, path, segments), values };
  }
  return null;
}

function operationsOf(
  entries: readonly Entry[],
  { template, operations }: ApiPath,
  segments: readonly ApiSegment[],
): readonly ApiOperation[] {
  const others = entries.filter(
    (one) =>
      one.path.template === template &&
      one.path.operations !== operations &&
      one.segments.length === segments.length,
  );
  const same = others.filter((one) =>
    one.segments.every((segment, at) => segment.join("{}") === segments[at]!.join("{}")),
  );
  return same.length === 0 ? operations : [...operations, ...same.flatMap(({ path }) => path.operations)];
}

/** A parameter is at least one character, and ends where the text behind it is first found. */
function matches(segment: ApiSegment, text: string, values: Map<string, string>): boolean {
  if (segment.length === 1) return segment[0] === text;
  if (!text.startsWith(segment[0]!)) return false;
  let at = segment[0]!.length;
  for (let part = 1; part < segment.length; part += 2) {
    const behind = segment[part + 1]!;
    const isLast = part + 2 >= segment.length;
    const end = isLast ? text.length - behind.length : text.indexOf(behind, at + 1);
    if (end <= at || !text.startsWith(behind, end)) return false;
    values.set(segment[part]!, text.slice(at, end));
    at = end + behind.length;
  }
  return at === text.length;
}
