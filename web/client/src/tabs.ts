// What the tabs of one browser tell each other. Where the browser cannot, every tab is alone.

/** `changed`: somebody signed in or out. `renewed`: there is a fresh access token. */
export type TabMessage = "changed" | "renewed";

/** The other tabs. */
export interface Tabs {
  tell(message: TabMessage): void;
  /** Starts to listen; the answer stops it. */
  listen(hear: (message: TabMessage) => void): () => void;
}

/** The tabs that share the channel of this name. */
export function createTabs(name: string): Tabs {
  let channel: BroadcastChannel | undefined;
  return {
    tell: (message) => channel?.postMessage(message),
    listen(hear) {
      if (typeof BroadcastChannel === "undefined") return () => {};
      const own = new BroadcastChannel(name);
      own.onmessage = (event: MessageEvent<TabMessage>) => hear(event.data);
      channel = own;
      return () => {
        own.close();
        if (channel === own) channel = undefined;
      };
    },
  };
}
