// A page with the kit on it and a server behind it that a test plays.

import { configure } from "@testing-library/dom";
import { type ReactNode, act } from "react";
import { type Root, createRoot } from "react-dom/client";
import { afterEach, vi } from "vitest";

import { UsherProvider, type UsherProviderProps } from "../src/index.js";

export * from "../../client/test/server.js";

/** When the tests take place. */
export const NOW = Date.parse("2026-11-20T10:00:00Z");

/** A moment so many seconds after the tests begin. */
export const later = (seconds: number): string => new Date(NOW + seconds * 1000).toISOString();

vi.stubGlobal("IS_REACT_ACT_ENVIRONMENT", true);
configure({
  eventWrapper(send) {
    act(() => {
      send();
    });
  },
});

let shown: Root | undefined;

afterEach(() => {
  leave();
  sessionStorage.clear();
  vi.useRealTimers();
});

/** Shows the children signed in as `user`. */
export async function show(children: ReactNode, props: UsherProviderProps): Promise<void> {
  const place = document.body.appendChild(document.createElement("main"));
  const root = createRoot(place);
  shown = root;
  act(() => {
    root.render(
      <UsherProvider baseUrl="http://usher.test" {...props}>
        {children}
      </UsherProvider>,
    );
  });
  await settle();
}

/** Leaves the page. */
export function leave(): void {
  act(() => shown?.unmount());
  shown = undefined;
  document.body.replaceChildren();
}

/** Lets all answers that are on their way arrive. */
export async function settle(): Promise<void> {
  await pass(0);
}

/** Lets time pass on the fake clock. */
export async function pass(seconds: number): Promise<void> {
  await act(async () => {
    await vi.advanceTimersByTimeAsync(seconds * 1000);
  });
}
