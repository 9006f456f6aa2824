import { canPassDescriptors, type DescriptorChannel } from "@heddle/engine/net";
import type { PurgeRequest } from "./cache-purges.ts";
import { connectToRunning } from "./control-socket.ts";
import { hear, say, START_MS, type RunningProcess } from "./hand-over-messages.ts";

/**
 * Has every heddle that runs with this state folder purge its caches, over its control socket, which is there for the
 * same user alone. Resolves with those that have it in force; throws Error where there is none, or one refuses.
 */
export async function purgeRunning(stateFolder: string, request: PurgeRequest): Promise<RunningProcess[]> {
  if (!canPassDescriptors)
    throw new Error(`Node ${process.versions.node} has no control socket, Node 26 has`);
  const channels = await connectToRunning(stateFolder);
  if (channels.length === 0)
    throw new Error(
      `no heddle runs with the state folder ${stateFolder}; start one, or give the --state of the one that runs`,
    );
  try {
    return await Promise.all(channels.map((channel) => purge(channel, request)));
  } finally {
    for (const channel of channels) channel.close();
  }
}

async function purge(channel: DescriptorChannel, request: PurgeRequest): Promise<RunningProcess> {
  const { pid, version } = await hear(channel, ["running"]);
  say(channel, { kind: "purge", ...request });
  await hear(channel, ["purged"], START_MS);
  return { pid, version };
}
