"""People as locust sees them: whole journeys, a storm of sign-ins, registrations alone.

    pip install -r requirements.txt

With its page (http://127.0.0.1:8089), on a server in development mode that has its limits off:

    USHER_LIMITS__ENABLED=false usher serve
    locust --host http://127.0.0.1:8000

Without it, one kind of people, 40 of them, for half a minute:

    locust --host http://127.0.0.1:8000 --headless --users 40 --spawn-rate 20 --run-time 30s Journey

`cargo xtask bench load` does the latter for all three, on a release build, and prints a table. An answer of 503
with `Retry-After` is a request that was shed: it is counted under its name with "(shed)", not as a failure.
"""

import itertools
import json
import os
import time

from locust import HttpUser, between, constant, task

PASSWORD = "seven quiet otters"
PATIENCE = 20

numbers = itertools.count(1)


def stranger():
    return f"person{os.getpid()}-{next(numbers)}@load.example"


class Person(HttpUser):
    abstract = True

    def ask(self, method, path, expected, name=None, **options):
        """The answer; nothing when it was shed or is not what was expected."""
        name = name or f"{method} {path}"
        with self.client.request(method, path, name=name, catch_response=True, **options) as answer:
            if answer.status_code == 503 and "Retry-After" in answer.headers:
                answer.request_meta["name"] = f"{name} (shed)"
                answer.success()
                return None
            if answer.status_code != expected:
                answer.failure(f"{answer.status_code}: {answer.text[:200]}")
                return None
            answer.success()
            return answer

    def register(self, email):
        return self.ask("POST", "/auth/register", 201, json={"email": email, "password": PASSWORD})

    def code_for(self, email):
        """From the mailbox, as a person would look: again and again, until it is there."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            mails = self.ask("GET", "/mailbox/email", 200)
            for mail in mails.json() if mails else []:
                if mail["to"][0]["address"] == email and "code: " in mail["subject"]:
                    return mail["subject"].rsplit("code: ", 1)[1]
            time.sleep(0.2)
        return None

    def verify(self, email):
        code = self.code_for(email)
        proof = {"email": email, "verification_code": code}
        return code and self.ask("POST", "/auth/verify", 200, json=proof)

    def login(self, email):
        answer = self.ask("POST", "/auth/login", 200, json={"email": email, "password": PASSWORD})
        return answer and answer.json()


class Journey(Person):
    """Registers, reads the code, verifies, signs in, looks around, goes on, and ends all sessions."""

    wait_time = between(0.1, 0.5)

    @task
    def journey(self):
        email = stranger()
        if not self.register(email) or not self.verify(email):
            return
        signed_in = self.login(email)
        if not signed_in:
            return
        self.look_around(signed_in["access_token"])
        token = {"refresh_token": signed_in["refresh_token"]}
        refreshed = self.ask("POST", "/auth/refresh", 200, json=token)
        if refreshed:
            bearer = {"Authorization": f"Bearer {refreshed.json()['access_token']}"}
            self.ask("POST", "/sessions/terminate-all", 200, headers=bearer)

    def look_around(self, token):
        bearer = {"Authorization": f"Bearer {token}"}
        for _ in range(5):
            self.ask("GET", "/auth/me", 200, headers=bearer)
        self.ask("GET", "/sessions", 200, headers=bearer)


class Storm(Person):
    """Everybody signs in at once, and asks who they are."""

    wait_time = constant(0)

    def on_start(self):
        self.email = stranger()
        self.ready = self.register(self.email) and self.verify(self.email)

    @task
    def sign_in(self):
        if not self.ready:
            self.on_start()
            return
        signed_in = self.login(self.email)
        if signed_in:
            bearer = {"Authorization": f"Bearer {signed_in['access_token']}"}
            self.ask("GET", "/auth/me", 200, headers=bearer)


class Registration(Person):
    """Registers and nothing else, with JSON that does not say it is JSON."""

    wait_time = constant(0)

    @task
    def register_only(self):
        email = stranger()
        name = email.split("@", maxsplit=1)[0]
        body = json.dumps({"email": email, "username": name, "password": PASSWORD})
        self.ask("POST", "/register", 201, data=body.encode())
