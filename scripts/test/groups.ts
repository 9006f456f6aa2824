/** Test files that run in one process, one after the other. */
export interface TestGroup {
  /** The package that they are of, and which of its groups this is: `packages-engine-3`. */
  name: string;
  files: string[];
}

/** With more, one processor would be idle at the end of a run, and the cause of a crash would be hard to see. */
const MAX_FILES = 16;

/**
 * What belongs to the process rather than to the test: hooks of the file as a whole, which would be those of its
 * neighbours too; the environment, signals and memory; threads and children; a count of all that is open.
 */
const ofTheProcess = [
  /^(before|after)(Each)?\(/m,
  /\bprocess\.(?!nextTick|pid\b|platform|version|arch|cwd|hrtime)/,
  /\b(globalThis|setFlagsFromString)\b/,
  /\bmock\.(timers|module|method)\b/,
  /node:(child_process|cluster|worker_threads|v8)\b/,
  /\b(watchForLeaks|startHeddle)\b/,
];

/** True of the text of a test file that needs a process to itself: its neighbours would feel what it does, or it them. */
export const needsOwnProcess = (text: string): boolean => ofTheProcess.some((pattern) => pattern.test(text));

/**
 * Puts files of one package together, those with sockets apart from those without: to start a process and load what the
 * tests need costs more than most of the tests. Files for which `isAlone` holds come as groups of one.
 */
export function groupTestFiles(files: readonly string[], isAlone: (file: string) => boolean): TestGroup[] {
  const groups: TestGroup[] = [];
  const open = new Map<string, TestGroup>();
  for (const file of files) {
    const folder = file.split("/").slice(0, 2).join("-");
    const kind = file.endsWith(".net.test.ts") ? `${folder}-net` : folder;
    const group = { name: `${kind}-${groups.length + 1}`, files: [file] };
    const joined = isAlone(file) ? undefined : open.get(kind);
    if (joined !== undefined && joined.files.length < MAX_FILES) {
      joined.files.push(file);
      continue;
    }
    groups.push(group);
    if (!isAlone(file)) open.set(kind, group);
  }
  return groups;
}
