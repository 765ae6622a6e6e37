"""What schemathesis must be told about usher: how to sign in, and what a pattern cannot say."""

import itertools
import os
import subprocess
import unicodedata

import requests
import schemathesis

PASSWORD = "four green kettles"
UNSEEN = {chr(code) for first, last in [(0x34F, 0x34F), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180F)]
          + [(0x3164, 0x3164), (0xFE00, 0xFE0F), (0xFFA0, 0xFFA0), (0xE0100, 0xE01EF)] for code in range(first, last + 1)}
numbers = itertools.count(1)


def fresh_administrator():
    """An administrator nobody has deleted yet: the run ends sessions and deletes accounts, its own too."""
    email = f"admin{next(numbers)}@outside.example"
    subprocess.run(
        [os.environ["USHER_PROGRAM"], "user", "add", email, "--verified", "--role", "admin"]
        + ["--data-dir", os.environ["USHER_DATA"]],
        input=PASSWORD,
        text=True,
        check=True,
        capture_output=True,
    )
    return email


if "USHER_PROGRAM" in os.environ:

    @schemathesis.auth(refresh_interval=600, retry_on=[401])
    class Administrator:
        def get(self, case, context):
            login = {"email": fresh_administrator(), "password": PASSWORD}
            answer = requests.post(f"{os.environ['USHER_URL']}/auth/login", json=login, timeout=30)
            answer.raise_for_status()
            return answer.json()["access_token"]

        def set(self, case, data, context):
            case.headers["Authorization"] = f"Bearer {data}"


@schemathesis.hook
def filter_body(context, body):
    """Leaves out usernames of which a pattern cannot say whether they are names.

    `\\p{M}` is generated as whole blocks, characters that nobody has assigned included; characters that
    cannot be seen are refused one by one; and what a name unfolds into (NFKC, lower case) must be a name too.
    """
    names = (body.get(field) for field in ("username", "user")) if isinstance(body, dict) else ()
    return all(is_clear(name) for name in names if isinstance(name, str))


def is_clear(name):
    if any(unicodedata.category(letter) == "Cn" or letter in UNSEEN for letter in name):
        return False
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).lower())
    return not is_name(name) or is_name(folded) and len(folded) <= 64


def is_name(text):
    return all(letter in " ._'-" or unicodedata.category(letter)[0] in "LMN" for letter in text)
