/**
 * Milliseconds of processor time that this thread spends until `work` is done. For bounds on what a computation may cost:
 * other processes of a busy machine add nothing to it, as they do to the time that passes.
 */
export async function measureCpuMs(work: () => unknown): Promise<number> {
  const before = process.threadCpuUsage();
  await work();
  const { user, system } = process.threadCpuUsage(before);
  return (user + system) / 1000;
}
