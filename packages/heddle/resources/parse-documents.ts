import {
  Composer,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  Lexer,
  LineCounter,
  Parser,
  type Document,
  type Node,
  type Pair,
  type CST,
} from "yaml";
import { prepareTree } from "./prepare-tree.ts";
import { parseJson } from "./parse-json.ts";
import { parsePlainYaml } from "./parse-plain-yaml.ts";
import { maxProblems, pathSegments } from "./problem.ts";
import { isObject } from "./schema/structural.ts";

/** A place in a file; both count from 1. */
export interface Position {
  line: number;
  column: number;
}

/**
 * One document of a file, or one item of a `List` in it. It holds on to the tree of its file or makes it, so keep it
 * no longer than positions are asked for.
 */
export interface ParsedDocument {
  value: unknown;
  /** Where a field path is written, or the nearest parent of it that is. */
  position(path: string): Position;
}

/** Text that could not be read. */
export interface ParseProblem extends Position {
  fileName: string;
  message: string;
}

export interface ParsedFile {
  documents: ParsedDocument[];
  problems: ParseProblem[];
}

/** An alias may not stand for more than this many nodes in all, so that small files stay small. */
const maxAliasCount = 100;
/**
 * Collections within collections. Resources, and CRDs beside them, stay far below it; the reader's time grows with the
 * depth, until its stack overflows.
 */
const maxDepth = 200;
/** Lexemes between two steps: each takes a few µs while the reader's code is cold. */
const sliceLength = 32;
/** A plain document is read in one step, of some tens of milliseconds at most. */
const maxPlainLength = 262_144;
/** The tree of a text takes about 50 times its size, so this is some 400 MB. */
const maxTextLength = 8 * 1024 * 1024;

/**
 * Reads all documents of a YAML or JSON text. A `kind: List` gives its items; empty documents give
 * nothing. What cannot be read becomes a problem, and documents beside it are still given. Never throws.
 */
export function parseDocuments(text: string, fileName: string): ParsedFile {
  return lastOf(parseDocumentsInSteps(text, fileName));
}

/** As `parseDocuments`, in steps of some tenths of a millisecond while documents are small. */
export function* parseDocumentsInSteps(text: string, fileName: string): Generator<void, ParsedFile> {
  if (text.length > maxTextLength) {
    const message = `file has ${text.length} characters, limit ${maxTextLength}; split it`;
    return { documents: [], problems: [{ fileName, line: 1, column: 1, message }] };
  }
  const quick = parseJson(text) ?? (text.length <= maxPlainLength ? parsePlainYaml(text) : undefined);
  if (quick !== undefined) return quickDocuments(quick.value, text, fileName);
  return yield* parseYaml(text, fileName);
}

/** What the steps come to, without a pause. */
function lastOf(steps: Generator<void, ParsedFile>): ParsedFile {
  let step = steps.next();
  while (step.done !== true) step = steps.next();
  return step.value;
}

/** The documents of a text that was read without positions; the reader of all YAML, which gives the same, is asked for those. */
function quickDocuments(value: unknown, text: string, fileName: string): ParsedFile {
  let tree: ParsedFile | undefined;
  const placed = (item: unknown, index: number): ParsedDocument => ({
    value: item,
    position(path) {
      tree ??= lastOf(parseYaml(text, fileName));
      return tree.documents[index]?.position(path) ?? { line: 1, column: 1 };
    },
  });
  return { documents: isResourceList(value) ? value.items.map(placed) : [placed(value, 0)], problems: [] };
}

function* parseYaml(text: string, fileName: string): Generator<void, ParsedFile> {
  const file: ParsedFile = { documents: [], problems: [] };
  const report = (message: string, { line, column }: Position = { line: 1, column: 1 }) => {
    if (file.problems.length < maxProblems) file.problems.push({ fileName, line, column, message });
  };
  const lines = new LineCounter();
  const at = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  function* take(document: Document.Parsed): Generator<void> {
    yield;
    const mistakes = [
      ...document.errors.map(({ message, pos }) => ({ message: firstLine(message), offset: pos[0] })),
      ...prepareTree(document),
    ];
    for (const { message, offset } of mistakes) report(message, at(offset));
    yield;
    if (mistakes.length === 0) readDocument(document, at, file, report);
  }
  try {
    const composer = new Composer({ prettyErrors: false, merge: true, uniqueKeys: false });
    const tooDeep = (offset: number): void =>
      report(`nested deeper than ${maxDepth} levels, which no resource is`, at(offset));
    for (const token of readTokens(text, lines, tooDeep)) {
      yield;
      if (token !== null) for (const document of composer.next(token)) yield* take(document);
    }
    for (const document of composer.end()) yield* take(document);
  } catch (error) {
    report(`cannot be read: ${messageOf(error)}`);
  }
  return file;
}

/**
 * The tokens of a text, and null now and then between two, since one is as long as its document; those of a document that
 * is nested too deep, and what comes after, are left out.
 */
function* readTokens(
  text: string,
  lines: LineCounter,
  onTooDeep: (offset: number) => void,
): Generator<CST.Token | null> {
  const parser = new Parser(lines.addNewLine);
  let seen = 0;
  lines.addNewLine(0);
  for (const lexeme of new Lexer().lex(text)) {
    yield* parser.next(lexeme);
    if (++seen % sliceLength === 0) yield null;
    if (parser.stack.length > maxDepth) {
      onTooDeep(parser.offset);
      return;
    }
  }
  yield* parser.end();
}

function readDocument(
  document: Document.Parsed,
  at: (offset: number) => Position,
  file: ParsedFile,
  report: (message: string, position: Position) => void,
): void {
  const start = at(document.contents?.range[0] ?? document.range[0]);
  try {
    const value: unknown = document.toJS({ maxAliasCount });
    if (value === null || value === undefined) return;
    const base = { document, at };
    if (!isResourceList(value)) file.documents.push(parsed(value, base, []));
    else value.items.forEach((item, index) => file.documents.push(parsed(item, base, ["items", index])));
  } catch (error) {
    report(`cannot be read: ${messageOf(error)}`, start);
  }
}

/** A list of resources, which stands for its items. */
export function isResourceList(value: unknown): value is { items: unknown[] } {
  return (
    isObject(value) &&
    typeof value["kind"] === "string" &&
    value["kind"].endsWith("List") &&
    Array.isArray(value["items"])
  );
}

interface Source {
  document: Document.Parsed;
  at: (offset: number) => Position;
}

function parsed(value: unknown, source: Source, prefix: (string | number)[]): ParsedDocument {
  return {
    value,
    position: (path) => source.at(offsetOf(source.document, [...prefix, ...pathSegments(path)])),
  };
}

/** The offset of the deepest node on the way along `segments`: of the key for a field, else of the item. */
function offsetOf(document: Document.Parsed, segments: (string | number)[]): number {
  let node: Node | undefined = document.contents ?? undefined;
  let offset = node?.range?.[0] ?? document.range[0];
  for (const segment of segments) {
    const next = step(document, node, segment);
    if (next === undefined) return offset;
    ({ node, offset = offset } = next);
  }
  return offset;
}

function step(
  document: Document.Parsed,
  from: Node | undefined,
  segment: string | number,
): { node: Node | undefined; offset: number | undefined } | undefined {
  const node = isAlias(from) ? from.resolve(document) : from;
  if (isSeq(node) && typeof segment === "number") {
    const item = node.items[segment] as Node | undefined;
    return item && { node: item, offset: item.range?.[0] };
  }
  if (!isMap(node)) return undefined;
  const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(segment)) as
    | Pair<Node, Node | null>
    | undefined;
  return pair && { node: pair.value ?? undefined, offset: pair.key.range?.[0] };
}

function firstLine(message: string): string {
  return message.split("\n", 1)[0]!;
}

function messageOf(error: unknown): string {
  return firstLine(error instanceof Error ? error.message : String(error));
}
