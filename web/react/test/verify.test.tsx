import { fireEvent, screen } from "@testing-library/dom";
import { beforeEach, expect, test, vi } from "vitest";

import { type Usher, VerifyForm, createUsher } from "../src/index.js";
import {
  ANN,
  BASE,
  fakeServer,
  json,
  later,
  leave,
  NOW,
  pass,
  problem,
  settle,
  show,
  signedIn,
} from "./page.js";

beforeEach(() => {
  vi.useFakeTimers({ now: NOW });
});

type Routes = Parameters<typeof fakeServer>[0];

const status = (mail: string, more: object = {}) => json({ mail, resend_after: later(30), ...more });

/** A browser that has registered, and its server. */
async function registered(routes: Routes): Promise<{ usher: Usher; server: ReturnType<typeof fakeServer> }> {
  const registration = {
    id: ANN.id,
    handle: "h",
    tag: "k7pm",
    resend_after: later(30),
    expires_at: later(86_400),
  };
  const server = fakeServer({
    "POST /auth/register": () => json({ id: ANN.id, email: ANN.email, registration }, 201),
    "GET /auth/registration": () => status("queued"),
    ...routes,
  });
  const usher = createUsher({ baseUrl: BASE, fetch: server.fetch, user: null });
  await usher.register({ email: ANN.email, password: "seven quiet otters" });
  return { usher, server };
}

async function enter(code: string): Promise<void> {
  fireEvent.change(screen.getByLabelText("Code"), { target: { value: code } });
  fireEvent.click(screen.getByRole("button", { name: "Verify" }));
  await settle();
}

test("says_where_the_mail_goes_and_takes_the_code_from_the_telephone", async () => {
  const { usher } = await registered({});
  await show(<VerifyForm />, { usher });
  expect(screen.getByText(/ann@example\.org.*k7pm/)).toBeTruthy();
  const code = screen.getByLabelText<HTMLInputElement>("Code");
  expect([code.autocomplete, code.inputMode]).toEqual(["one-time-code", "numeric"]);
});

test("the_right_code_signs_in", async () => {
  const { usher } = await registered({
    "POST /auth/verify": () => json({ message: "" }),
    "POST /auth/login": () => json(signedIn(1)),
  });
  const verified = vi.fn();
  await show(<VerifyForm onVerified={verified} />, { usher });
  await enter(" 0427 ");
  expect(verified).toHaveBeenCalledWith(expect.objectContaining({ email: ANN.email }));
});

test("counts_down_to_the_next_mail_and_begins_again_after_it", async () => {
  let resendAfter = later(30);
  const { usher, server } = await registered({
    "GET /auth/registration": () => status("sent", { resend_after: resendAfter }),
    "POST /auth/resend": () => {
      resendAfter = later(75);
      return json({ message: "" }, 202);
    },
  });
  await show(<VerifyForm />, { usher });
  const button = () => screen.getByRole<HTMLButtonElement>("button", { name: /another mail/ });
  expect(button().textContent).toBe("Send another mail in 30 s");
  await pass(12);
  expect([button().textContent, button().disabled]).toEqual(["Send another mail in 18 s", true]);
  await pass(18);
  expect([button().textContent, button().disabled]).toEqual(["Send another mail", false]);
  fireEvent.click(button());
  await settle();
  expect(button().textContent).toBe("Send another mail in 45 s");
  expect(screen.getByRole("status").textContent).toBe("Another mail is on its way.");
  expect(server.count("POST /auth/resend")).toBe(1);
});

test("waits_as_long_as_the_server_asks_when_there_were_too_many", async () => {
  const { usher } = await registered({
    "GET /auth/registration": () => status("sent", { resend_after: later(0) }),
    "POST /auth/resend": () => problem(429, "too_many_requests", {}, { "retry-after": "90" }),
  });
  await show(<VerifyForm />, { usher });
  fireEvent.click(screen.getByRole("button", { name: "Send another mail" }));
  await settle();
  expect(screen.getByRole("alert").textContent).toBe("It is too_many_requests.");
  expect(screen.getByRole("button", { name: "Send another mail in 90 s" })).toBeTruthy();
});

test("looks_after_the_mail_until_it_is_sent_and_counts_the_life_of_its_code", async () => {
  let mail = "queued";
  const { usher, server } = await registered({
    "GET /auth/registration": () => status(mail, { code_expires_at: mail === "sent" ? later(65) : null }),
  });
  await show(<VerifyForm />, { usher });
  expect(screen.getByRole("status").textContent).toBe("The mail is on its way.");
  mail = "deferred";
  await pass(1);
  expect(screen.getByRole("status").textContent).toMatch(/does not take the mail yet/);
  mail = "sent";
  await pass(4);
  expect(screen.getByText("The code is good for 60 s.")).toBeTruthy();
  const looks = server.count("GET /auth/registration");
  await pass(60);
  expect(screen.getByText("The code has expired.")).toBeTruthy();
  expect(server.count("GET /auth/registration")).toBe(looks);
});

test("asks_less_and_less_often_while_the_mail_waits_and_stops_when_the_page_is_left", async () => {
  const { usher, server } = await registered({});
  await show(<VerifyForm />, { usher });
  await pass(60);
  const looks = server.count("GET /auth/registration");
  expect(looks).toBeGreaterThan(5);
  expect(looks).toBeLessThan(15);
  leave();
  await pass(60);
  expect(server.count("GET /auth/registration")).toBe(looks);
});

test("a_wrong_code_is_said_at_the_code", async () => {
  const { usher } = await registered({ "POST /auth/verify": () => problem(400, "code_invalid") });
  await show(<VerifyForm />, { usher });
  await enter("1111");
  const code = screen.getByLabelText("Code");
  expect(code.getAttribute("aria-invalid")).toBe("true");
  expect(document.activeElement).toBe(code);
  expect(screen.getByText("It is code_invalid.")).toBeTruthy();
});

test("asks_for_the_password_where_the_code_does_not_say_who_registered", async () => {
  const { usher, server } = await registered({
    "POST /auth/verify": () => problem(400, "registration_ambiguous"),
    "POST /auth/activate": () => json({ message: "" }),
    "POST /auth/login": () => json(signedIn(1)),
  });
  const verified = vi.fn();
  await show(<VerifyForm onVerified={verified} />, { usher });
  await enter("0427");
  fireEvent.change(screen.getByLabelText("Password"), { target: { value: "seven quiet otters" } });
  await enter("0427");
  expect(server.count("POST /auth/activate")).toBe(1);
  expect(verified).toHaveBeenCalledWith(expect.objectContaining({ email: ANN.email }));
});

test("lets_people_take_another_address", async () => {
  const { usher } = await registered({});
  const startOver = vi.fn();
  await show(<VerifyForm onStartOver={startOver} />, { usher });
  fireEvent.click(screen.getByRole("button", { name: "Use another address" }));
  expect(startOver).toHaveBeenCalledOnce();
  expect(usher.getState().pending).toBeNull();
  expect(screen.getByLabelText("E-mail address")).toBeTruthy();
});

test("asks_for_the_address_in_a_browser_that_knows_of_no_registration", async () => {
  const server = fakeServer({ "POST /auth/resend": () => json({ message: "" }, 202) });
  await show(<VerifyForm />, { fetch: server.fetch, user: null, baseUrl: BASE });
  fireEvent.change(screen.getByLabelText("E-mail address"), { target: { value: "ann@example.org" } });
  fireEvent.click(screen.getByRole("button", { name: "Send another mail" }));
  await settle();
  expect(await server.requests[0]?.json()).toEqual({ email: "ann@example.org" });
});
