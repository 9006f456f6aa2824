import type { Order } from "./origin.ts";
import type { Origin } from "./origins.ts";

/** One way for an origin to go bad. `begin` returns when it is, `end` when it is well again. */
export interface ChaosFault {
  name: string;
  title: string;
  /** happens to the network of the origin, which must be in a namespace */
  needsLink?: true;
  /** by what it is found out, and the origin left alone from then on; nobody: it is not to be left alone */
  isSeenBy: "checks" | "requests" | "nobody";
  begin: (origin: Origin) => Promise<void> | void;
  end: (origin: Origin) => Promise<void> | void;
}

const mend = async (origin: Origin): Promise<void> => origin.tell({});

const behaves = (
  name: string,
  title: string,
  order: Partial<Order>,
  isSeenBy: ChaosFault["isSeenBy"] = "requests",
): ChaosFault => ({
  name,
  title,
  isSeenBy,
  begin: (origin) => origin.tell(order),
  end: mend,
});

const onLink = (
  name: string,
  title: string,
  begin: (link: NonNullable<Origin["place"]["link"]>) => void,
  isSeenBy: ChaosFault["isSeenBy"] = "checks",
): ChaosFault => ({
  name,
  title,
  needsLink: true,
  isSeenBy,
  begin: ({ place }) => begin(place.link!),
  end: ({ place }) => place.link!.mend(),
});

/** All that an origin of several is put through. */
export const faults: readonly ChaosFault[] = [
  {
    name: "killed",
    title: "SIGKILL, and gone",
    isSeenBy: "checks",
    begin: (origin) => origin.kill(),
    end: (origin) => origin.start(),
  },
  {
    name: "restarted",
    title: "SIGKILL, and started again at once",
    isSeenBy: "nobody",
    begin: async (origin) => {
      await origin.kill();
      await origin.start();
    },
    end: () => {},
  },
  {
    name: "paused",
    title: "SIGSTOP: takes connections, answers nothing",
    isSeenBy: "checks",
    begin: (origin) => origin.pause(),
    end: (origin) => origin.resume(),
  },
  behaves("slow", "answers after a second", { delayMs: 1_000 }, "checks"),
  onLink("slow-link", "netem 300 ms, or 200 kbit/s without netem", (link) => link.slow(), "nobody"),
  onLink("half-open", "what it sends is lost", (link) => link.silence()),
  onLink("unplugged", "its interface is down", (link) => link.unplug()),
  behaves("errors", "503 to all", { manner: "errors" }),
  behaves("resets-head", "RST within the head", { manner: "resets-head" }),
  behaves("resets-body", "RST within the body", { manner: "resets-body" }),
  behaves("announces-more", "closes before Content-Length is reached", { manner: "announces-more" }),
  behaves("announces-less", "goes on after Content-Length", { manner: "announces-less" }, "nobody"),
  behaves("junk", "answers that are no HTTP", { manner: "junk" }),
  behaves("closes-idle", "closes idle connections at random", { closeIdleEveryMs: 10 }, "nobody"),
];
