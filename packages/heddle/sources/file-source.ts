import path from "node:path";
import { Pace } from "@heddle/engine/base";
import { isSameText } from "./common-text.ts";
import { FileTexts, FileTooLarge } from "./file-texts.ts";
import { configModuleName, listFiles, reasonOf, type FileListing, type ListedFile } from "./list-files.ts";
import { readConfigModule } from "./read-config-module.ts";
import { emptyReading, type Reading, type UnreadableText } from "./reading.ts";
import { readText, TextMemo } from "./read-text.ts";
import { runInSlices } from "./run-in-slices.ts";
import { isBlank, type SourceText } from "./source-text.ts";
import { FileWatcher } from "./watch-files.ts";

export interface FileSourceOptions {
  /** Files and folders, as given. */
  readonly paths: readonly string[];
  /** The port of the listener for `routes` of a heddle.config.ts. */
  readonly routePort: number;
  /** Between steps of reading. Default: other work of the thread has a turn each tenth of a millisecond. */
  readonly pace?: Pace;
  /** Milliseconds of the clock that files are stamped with. Default: `Date.now`. */
  readonly now?: () => number;
}

/** The state of one file: what is in force of it, and what is wrong with it now. */
interface FileState {
  signature: string;
  /** As it was read last; undefined where it could not be. */
  text: SourceText | undefined;
  readonly memo: TextMemo;
  /** The last reading without unreadable text; the first one in any case. */
  good: Reading | undefined;
  /** What is given out: the same object while nothing changed. */
  reading: Reading;
  /** Modules that a heddle.config.ts imports, with their signatures at that time. */
  imports: string;
  importedFiles: readonly string[];
  /** Since when somebody has been writing it, as far as we have seen; undefined while nobody is. */
  writtenSinceMs: number | undefined;
}

/** A file as it was read, or why it was not. */
type WholeFile = { text: SourceText; failure: undefined } | { text: undefined; failure: UnreadableText };

/** A file that was written this short a time ago may change again without a new time stamp. */
const racyMs = 2_000;
/**
 * A file that was written this short a time ago may be half of what it will be: its writer cuts it to nothing first, and
 * then writes. Shorter than what the watcher waits. One that is written all the time is read all the same.
 */
const settleMs = 25;
const longestWritingMs = 500;
const maxFileBytes = 64 * 1024 * 1024;

/** The files and folders of `-f`: read when asked, again only where something changed. */
export class FileSource {
  private readonly options: FileSourceOptions;
  private states = new Map<string, FileState>();
  private complaints = new Map<string, Reading>();
  private readonly now: () => number;
  private readonly pace: Pace;
  private readonly texts: FileTexts;
  private watcher: FileWatcher | null = null;

  constructor(options: FileSourceOptions) {
    this.options = options;
    this.now = options.now ?? Date.now;
    this.pace = options.pace ?? new Pace({ napMs: 0 });
    this.texts = new FileTexts(this.pace);
  }

  /** Calls `onChange` soon after something in the files may have changed, until `close`. */
  watch(onChange: () => void): void {
    this.watcher ??= new FileWatcher(onChange);
  }

  close(): void {
    this.watcher?.close();
  }

  /**
   * What every file has to give, in the order of the paths, then by name: the same objects as before for what did
   * not change. Never rejects on what is in the files.
   */
  async read(): Promise<Reading[]> {
    const listing = await listFiles(this.options.paths);
    const states = new Map<string, FileState>();
    for (const file of listing.files) {
      const state = this.states.get(file.file) ?? newState();
      states.set(file.file, state);
      await this.refresh(file, state);
    }
    this.keepUnlistable(listing, states);
    this.states = states;
    const imported = Array.from(states.values(), ({ importedFiles }) => importedFiles).flat();
    this.watcher?.follow([...listing.folders, ...imported.map((file) => path.dirname(file))]);
    return [...Array.from(states.values(), ({ reading }) => reading), ...this.complain(listing)];
  }

  private complain({ failures }: FileListing): Reading[] {
    const complaints = new Map<string, Reading>();
    for (const { path: place, message } of failures) {
      const id = `${place} ${message}`;
      const made = { ...emptyReading, unreadable: [{ fileName: place, message }] };
      complaints.set(id, this.complaints.get(id) ?? made);
    }
    this.complaints = complaints;
    return [...complaints.values()];
  }

  /**
   * Files below a folder that cannot be looked at stay in force, and what was given by name although it is not there
   * now: a folder that is being replaced must not take every listener down. Anything else that is gone is gone.
   */
  private keepUnlistable(listing: FileListing, states: Map<string, FileState>): void {
    for (const { path: place, isMissing } of listing.failures) {
      if (isMissing && !this.options.paths.includes(place)) continue;
      for (const [file, state] of this.states) {
        if (file === place || file.startsWith(place + path.sep)) states.set(file, state);
      }
    }
  }

  private async refresh(file: ListedFile, state: FileState): Promise<void> {
    // What a pipe had to give was read: to read it again would wait for a writer.
    if (file.isStream && state.signature !== "") return;
    const ageMs = this.now() - file.modifiedMs;
    const isRacy = ageMs < racyMs;
    const imports = state.importedFiles.length === 0 ? "" : await signatureOf(state.importedFiles);
    if (file.signature === state.signature && imports === state.imports && !isRacy) return;
    const mayWait = this.watcher !== null && state.signature !== "";
    // A time to come is another clock's, which says nothing.
    if (mayWait && ageMs >= 0 && ageMs < settleMs && this.waits(state)) return;
    const { text, failure } = await this.readWhole(file.file);
    if (mayWait && (await hasChanged(file)) && this.waits(state)) {
      if (text !== undefined) this.texts.release(text);
      return;
    }
    state.writtenSinceMs = undefined;
    if (text === undefined) {
      if (state.reading.unreadable[0]?.message !== failure.message) setUnreadable(state, [failure]);
      state.signature = "";
      this.replaceText(state, undefined);
      return;
    }
    if (imports === state.imports && (await this.isKnown(text, state))) this.texts.release(text);
    else await this.take(text, file, state);
    state.signature = file.signature;
  }

  private async isKnown(text: SourceText, state: FileState): Promise<boolean> {
    return state.text !== undefined && (await runInSlices(isSameText(text, state.text), this.pace));
  }

  private async take(text: SourceText, file: ListedFile, state: FileState): Promise<void> {
    if (isBlank(text) && givesSomething(state.reading)) {
      this.replaceText(state, text);
      setUnreadable(state, [{ fileName: file.file, message: emptied }]);
      return;
    }
    const reading = configModuleName.test(path.basename(file.file))
      ? await this.readModule(file.file, state)
      : await runInSlices(readText(text, file.file, state.memo), this.pace);
    this.replaceText(state, text);
    if (reading.unreadable.length === 0 || state.good === undefined) state.good = reading;
    setUnreadable(state, reading.unreadable);
  }

  /** The one before is needed no more, unless it is what is in force. */
  private replaceText(state: FileState, text: SourceText | undefined): void {
    const before = state.text;
    state.text = text;
    if (before !== undefined && !state.memo.holds(before)) this.texts.release(before);
  }

  private async readWhole(file: string): Promise<WholeFile> {
    try {
      return { text: await this.texts.read(file, maxFileBytes), failure: undefined };
    } catch (error) {
      const isTooLarge = error instanceof FileTooLarge;
      const message = isTooLarge
        ? error.message
        : `cannot be read: ${reasonOf(error as NodeJS.ErrnoException)}`;
      return { text: undefined, failure: { fileName: file, message } };
    }
  }

  /** For who is writing it: what is in force of it stays, and the watcher asks again soon. False when that was so for long. */
  private waits(state: FileState): boolean {
    const nowMs = this.now();
    state.writtenSinceMs ??= nowMs;
    if (nowMs - state.writtenSinceMs > longestWritingMs) return false;
    this.watcher?.stir();
    return true;
  }

  private async readModule(file: string, state: FileState): Promise<Reading> {
    const { reading, imports } = await readConfigModule(file, this.options.routePort);
    state.importedFiles = imports;
    state.imports = imports.length === 0 ? "" : await signatureOf(imports);
    return reading;
  }
}

const newState = (): FileState => ({
  signature: "",
  text: undefined,
  memo: new TextMemo(),
  good: undefined,
  reading: emptyReading,
  imports: "",
  importedFiles: [],
  writtenSinceMs: undefined,
});

const emptied =
  "is empty; what it gave before stays in force: remove the file to take that away, or fill it again";

const givesSomething = ({ resources, rejected }: Reading): boolean => resources.length + rejected.length > 0;

function setUnreadable(state: FileState, unreadable: readonly UnreadableText[]): void {
  state.reading = { ...(state.good ?? emptyReading), unreadable };
}

/** Since it was listed. One that is gone is left to the next listing. */
async function hasChanged({ file, signature }: ListedFile): Promise<boolean> {
  const [now] = (await listFiles([file])).files;
  return now !== undefined && now.signature !== signature;
}

async function signatureOf(files: readonly string[]): Promise<string> {
  const { files: found } = await listFiles(files);
  return found.map(({ file, signature }) => `${file} ${signature}`).join("\n");
}
