interface Dated {
  metadata: { name: string; namespace?: string; creationTimestamp?: string };
}

/** Milliseconds since the epoch; 0, the oldest, for a resource from a file that says nothing of its age. */
export function createdMs({ metadata }: Dated): number {
  const time = Date.parse(metadata.creationTimestamp ?? "");
  return Number.isNaN(time) ? 0 : time;
}

/** The older first, then the lower namespace/name: who comes first wins a conflict. */
export function compareAge(a: Dated, b: Dated): number {
  const byTime = createdMs(a) - createdMs(b);
  if (byTime !== 0) return byTime;
  const [nameA, nameB] = [fullName(a), fullName(b)];
  return nameA < nameB ? -1 : nameA > nameB ? 1 : 0;
}

function fullName({ metadata: { namespace = "", name } }: Dated): string {
  return `${namespace}/${name}`;
}
