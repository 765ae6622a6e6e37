import { fireEvent, screen, within } from "@testing-library/dom";
import { beforeEach, expect, test, vi } from "vitest";

import { SessionManager, useLogout, useUser } from "../src/index.js";
import { ANN, fakeServer, json, later, NOW, problem, settle, show } from "./page.js";

beforeEach(() => {
  vi.useFakeTimers({ now: NOW });
});

const session = (id: string, device: string, current = false) => ({
  session_id: id,
  device,
  current,
  ip: "192.0.2.7",
  created_at: later(-60),
  last_accessed_at: later(-5),
  expires_at: later(86_400),
});

/** A server with three devices, of which the first one asks. */
function threeDevices() {
  let devices = [session("1", "Firefox on Linux", true), session("2", "Safari on iOS"), session("3", "curl")];
  return fakeServer({
    "GET /auth/me": () => json(ANN),
    "GET /sessions": () => json({ sessions: devices, total: devices.length }),
    "POST /sessions/terminate": async (request) => {
      const { session_id } = (await request.json()) as { session_id: string };
      devices = devices.filter((device) => device.session_id !== session_id);
      return json({ message: "", success: true });
    },
    "POST /sessions/terminate-others": () => {
      devices = devices.filter((device) => device.current);
      return json({ message: "", success: true, terminated: 2 });
    },
    "POST /sessions/terminate-all": () => json({ message: "", success: true, terminated: 3 }),
  });
}

const devices = (): string[] => screen.getAllByRole("listitem").map((item) => item.textContent ?? "");

async function press(name: string): Promise<void> {
  fireEvent.click(screen.getByRole("button", { name }));
  await settle();
}

test("shows_every_device_and_marks_this_one", async () => {
  await show(<SessionManager />, { fetch: threeDevices().fetch, user: ANN });
  expect(devices()).toHaveLength(3);
  const here = screen.getByText("This device").closest("li");
  expect(here?.getAttribute("aria-current")).toBe("true");
  expect(within(here as HTMLElement).queryByRole("button")).toBeNull();
  expect(here?.querySelector("time")?.dateTime).toBe(later(-5));
});

test("ends_one_only_after_a_second_press_and_says_so", async () => {
  const server = threeDevices();
  await show(<SessionManager />, { fetch: server.fetch, user: ANN });
  await press("End: Safari on iOS");
  expect(server.count("POST /sessions/terminate")).toBe(0);
  expect(document.activeElement?.textContent).toBe("Cancel");
  await press("Yes, end");
  expect(devices().join()).not.toContain("Safari");
  expect(screen.getByRole("status").textContent).toBe("Done. It is signed out.");
  expect(document.activeElement).toBe(screen.getByRole("status"));
});

test("lets_people_think_again", async () => {
  const server = threeDevices();
  await show(<SessionManager />, { fetch: server.fetch, user: ANN });
  await press("End: curl");
  await press("Cancel");
  expect(document.activeElement).toBe(screen.getByRole("button", { name: "End: curl" }));
  await press("End all others");
  fireEvent.keyDown(screen.getByRole("group"), { key: "Escape" });
  expect(server.asked.filter((what) => what.startsWith("POST"))).toEqual([]);
});

test("ends_all_others", async () => {
  await show(<SessionManager />, { fetch: threeDevices().fetch, user: ANN });
  await press("End all others");
  await press("Yes, end");
  expect(devices()).toHaveLength(1);
  expect(screen.queryByRole("button", { name: "End all others" })).toBeNull();
});

test("ends_all_and_is_signed_out", async () => {
  const out = vi.fn();
  await show(<SessionManager onSignedOut={out} />, { fetch: threeDevices().fetch, user: ANN });
  await press("Sign out everywhere");
  await press("Yes, end");
  expect(out).toHaveBeenCalledOnce();
  expect(screen.queryAllByRole("listitem")).toEqual([]);
});

test("a_device_that_was_ended_elsewhere_is_signed_out_on_its_next_action", async () => {
  const server = threeDevices();
  let ended = false;
  const fetch = (request: Request) =>
    ended ? Promise.resolve(problem(401, "session_ended")) : server.fetch(request);
  function Who() {
    return <output>{useUser().status}</output>;
  }
  await show(
    <>
      <Who />
      <SessionManager />
    </>,
    { fetch, user: ANN },
  );
  ended = true;
  await press("End: curl");
  await press("Yes, end");
  expect(screen.getAllByRole("status")[0]?.textContent).toBe("signed-out");
  expect(screen.getByRole("alert").textContent).toBe("It is session_ended.");
});

test("a_list_that_cannot_be_had_can_be_asked_for_again", async () => {
  const server = threeDevices();
  let down = true;
  const fetch = (request: Request) => (down ? Promise.resolve(problem(503, "busy")) : server.fetch(request));
  await show(<SessionManager />, { fetch, user: ANN });
  expect(screen.getByRole("alert").textContent).toBe("It is busy.");
  down = false;
  await press("Try again");
  expect(devices()).toHaveLength(3);
});

test("signing_out_reaches_every_component", async () => {
  const server = fakeServer({ "POST /auth/logout": () => json({ message: "" }) });
  function Corner() {
    const { user } = useUser();
    const { logout } = useLogout();
    return <button onClick={() => void logout()}>{user ? user.email : "nobody"}</button>;
  }
  await show(
    <>
      <Corner />
      <Corner />
    </>,
    { fetch: server.fetch, user: ANN },
  );
  fireEvent.click(screen.getAllByText(ANN.email)[0] as HTMLElement);
  await settle();
  expect(screen.getAllByText("nobody")).toHaveLength(2);
});
