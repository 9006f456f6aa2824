import { describeStore } from "../contract.suite.ts";
import { openMemoryStore } from "./memory-store.ts";

describeStore({ name: "memory", open: async (historyLimit) => openMemoryStore({ historyLimit }) });
