"""What every test here needs: where usher is, a person nobody has met, and their mail."""

import os
import re
import time
import uuid

import requests

URL = os.environ.get("USHER_URL", "http://127.0.0.1:8000")
PASSWORD = "seven quiet otters"
PATIENCE = 20


def stranger():
    return f"{uuid.uuid4().hex[:12]}@python.example"


def call(method, path, **options):
    return requests.request(method, URL + path, timeout=30, **options)


def register(email):
    return call("POST", "/auth/register", json={"email": email, "password": PASSWORD})


def login(email):
    answer = call("POST", "/auth/login", json={"email": email, "password": PASSWORD})
    assert answer.status_code == 200, answer.text
    return answer.json()


def bearer(token):
    return {"Authorization": f"Bearer {token}"}


def mailed_code(email):
    """The newest code for this address, read as clients of MailDev read it."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        mails = call("GET", "/mailbox/email").json()
        own = [mail for mail in mails if email in [to["address"] for to in mail["to"]]]
        codes = [re.search(r"code: (\d+)", mail["subject"]) for mail in sorted(own, key=lambda mail: mail["date"])]
        found = [code.group(1) for code in codes if code]
        if found:
            return found[-1]
        time.sleep(0.02)
    raise AssertionError(f"no code came for {email}")


def verified_person():
    email = stranger()
    answer = register(email)
    assert answer.status_code == 201, answer.text
    proof = {"email": email, "verification_code": mailed_code(email)}
    answer = call("POST", "/auth/verify", json=proof)
    assert answer.status_code == 200, answer.text
    return email
