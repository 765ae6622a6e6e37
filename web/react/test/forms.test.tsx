import { fireEvent, screen } from "@testing-library/dom";
import { version } from "react";
import { beforeEach, describe, expect, test, vi } from "vitest";

import { LoginForm, RegisterForm } from "../src/index.js";
import { ANN, fakeServer, json, later, NOW, pass, problem, settle, show, signedIn } from "./page.js";

beforeEach(() => {
  vi.useFakeTimers({ now: NOW });
});

const REGISTERED = {
  id: ANN.id,
  email: "ann@example.org",
  message: "",
  registration: { id: ANN.id, handle: "h", tag: "k7pm", resend_after: later(30), expires_at: later(86_400) },
};

test("these_tests_run_with_the_react_they_are_meant_for", () => {
  expect(version.split(".")[0]).toBe(process.env["REACT"]);
});

describe("RegisterForm", () => {
  async function fillAndSend(): Promise<void> {
    fireEvent.change(screen.getByLabelText("E-mail address"), { target: { value: "ann@example.org" } });
    fireEvent.change(screen.getByLabelText("Password"), { target: { value: "seven quiet otters" } });
    fireEvent.change(screen.getByLabelText("Password again"), { target: { value: "seven quiet otters" } });
    fireEvent.click(screen.getByRole("button", { name: "Register" }));
    await settle();
  }

  test("sends_what_was_typed_and_hands_on_what_waits", async () => {
    const server = fakeServer({ "POST /auth/register": () => json(REGISTERED, 201) });
    const registered = vi.fn();
    await show(<RegisterForm onRegistered={registered} />, { fetch: server.fetch, user: null });
    await fillAndSend();
    expect(await server.requests[0]?.json()).toEqual({
      email: "ann@example.org",
      password: "seven quiet otters",
      verify_password: "seven quiet otters",
    });
    expect(registered).toHaveBeenCalledWith(
      expect.objectContaining({ email: "ann@example.org", tag: "k7pm" }),
    );
    expect(registered.mock.calls[0]?.[0]).not.toHaveProperty("handle");
  });

  test("says_what_is_wrong_with_a_field_there_and_leads_to_it", async () => {
    const errors = [{ field: "email", code: "email_taken", detail: "This address has an account." }];
    const server = fakeServer({ "POST /auth/register": () => problem(400, "email_taken", { errors }) });
    await show(<RegisterForm />, { fetch: server.fetch, user: null });
    await fillAndSend();
    const email = screen.getByLabelText<HTMLInputElement>("E-mail address");
    expect(email.getAttribute("aria-invalid")).toBe("true");
    expect(document.activeElement).toBe(email);
    expect(document.getElementById(email.getAttribute("aria-describedby") ?? "")?.textContent).toBe(
      "This address has an account.",
    );
    expect(email.value).toBe("ann@example.org");
    expect(screen.getByRole("alert").textContent).toBe("");
  });

  test("can_say_it_in_other_words", async () => {
    const errors = [{ field: "email", code: "email_taken", detail: "This address has an account." }];
    const server = fakeServer({ "POST /auth/register": () => problem(400, "email_taken", { errors }) });
    const texts = { register: "Anmelden", errors: { email_taken: "Diese Adresse hat schon ein Konto." } };
    await show(<RegisterForm once />, { fetch: server.fetch, user: null, texts });
    fireEvent.click(screen.getByRole("button", { name: "Anmelden" }));
    await settle();
    expect(screen.getByText("Diese Adresse hat schon ein Konto.")).toBeTruthy();
  });
});

describe("LoginForm", () => {
  async function signIn(): Promise<void> {
    fireEvent.change(screen.getByLabelText("E-mail address"), { target: { value: "ann@example.org" } });
    fireEvent.change(screen.getByLabelText("Password"), { target: { value: "seven quiet otters" } });
    fireEvent.click(screen.getByRole("button", { name: "Sign in" }));
    await settle();
  }

  test("signs_in", async () => {
    const server = fakeServer({ "POST /auth/login": () => json(signedIn(1)) });
    const done = vi.fn();
    await show(<LoginForm onSignedIn={done} />, { fetch: server.fetch, user: null });
    await signIn();
    expect(done).toHaveBeenCalledWith(expect.objectContaining({ email: ANN.email }));
  });

  test("says_a_refusal_aloud_and_can_be_sent_again", async () => {
    const server = fakeServer({ "POST /auth/login": () => problem(401, "invalid_credentials") });
    await show(<LoginForm />, { fetch: server.fetch, user: null });
    await signIn();
    expect(screen.getByRole("alert").textContent).toBe("It is invalid_credentials.");
    expect(screen.getByRole<HTMLButtonElement>("button").disabled).toBe(false);
    expect(server.asked).toEqual(["POST /auth/login"]);
  });

  test("is_not_sent_twice_by_two_presses", async () => {
    const server = fakeServer({ "POST /auth/login": () => new Promise(() => {}) });
    await show(<LoginForm />, { fetch: server.fetch, user: null });
    await signIn();
    fireEvent.click(screen.getByRole("button", { name: "Sign in" }));
    await pass(1);
    expect(server.count("POST /auth/login")).toBe(1);
  });
});
