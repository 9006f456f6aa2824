import { Worker } from "node:worker_threads";
import type { Inspection, InspectionTask } from "./filter-inspector.ts";

/** A module that does not load in this time is not going to. */
const TASK_MS = 10_000;

/** Looks at modules one after the other, in a thread that is ended afterwards. Never rejects on what is in them. */
export async function inspectFilters(tasks: readonly InspectionTask[]): Promise<Inspection[]> {
  const found: Inspection[] = [];
  let thread: Worker | null = null;
  for (const task of tasks) {
    thread ??= new Worker(new URL("./filter-inspector.ts", import.meta.url), {
      name: "heddle-filters",
      execArgv: [],
    });
    const outcome = await askThread(thread, task);
    if ("died" in outcome) {
      void thread.terminate();
      thread = null;
      found.push({ files: filesOf(task), problem: outcome.died, reason: "ModuleFailed", isMissing: false });
    } else found.push(outcome);
  }
  await thread?.terminate();
  return found;
}

const filesOf = ({ specifier }: InspectionTask): string[] =>
  specifier.startsWith("file:") ? [decodeURI(new URL(specifier).pathname)] : [];

function askThread(thread: Worker, task: InspectionTask): Promise<Inspection | { readonly died: string }> {
  const { promise, resolve } = Promise.withResolvers<Inspection | { readonly died: string }>();
  const onMessage = (answer: Inspection) => resolve(answer);
  const onError = (error: unknown) =>
    resolve({ died: `module does not load: ${error instanceof Error ? error.message : String(error)}` });
  const onExit = () => resolve({ died: "module does not load: it ended its thread" });
  const timer = setTimeout(
    () => resolve({ died: `module does not load: it was not done within ${TASK_MS / 1_000} s` }),
    TASK_MS,
  );
  thread.on("message", onMessage).on("error", onError).on("exit", onExit);
  thread.postMessage(task);
  return promise.finally(() => {
    clearTimeout(timer);
    thread.off("message", onMessage).off("error", onError).off("exit", onExit);
    // What it throws from here on is nobody's.
    thread.on("error", () => {});
  });
}
