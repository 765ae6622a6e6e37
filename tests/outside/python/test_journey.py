"""From a registration to the end of all sessions, with requests."""

import json
import unittest

from people import PASSWORD, bearer, call, login, mailed_code, register, stranger, verified_person


class Journey(unittest.TestCase):
    def test_m01_m04_m08_a_person_registers_verifies_and_signs_in(self):
        email = stranger()
        registered = register(email)
        self.assertEqual(registered.status_code, 201, registered.text)
        self.assertEqual(registered.json()["message"], "Registration successful. Verification email sent.")
        proof = {"email": email, "verification_code": mailed_code(email)}
        verified = call("POST", "/auth/verify", json=proof)
        self.assertEqual(
            verified.json(), {"message": "Email verified successfully. Registration completed."}
        )
        me = call("GET", "/auth/me", headers=bearer(login(email)["access_token"])).json()
        self.assertEqual((me["id"], me["is_verified"]), (registered.json()["id"], True))
        self.assertIsNotNone(me["verified_at"])

    def test_m01_a_body_without_a_content_type_is_json(self):
        email = stranger()
        body = json.dumps({"email": email, "username": email.split("@")[0], "password": PASSWORD})
        answer = call("POST", "/register", data=body.encode())
        self.assertNotIn("Content-Type", answer.request.headers)
        self.assertEqual(answer.status_code, 201, answer.text)

    def test_m05_basic_and_the_code_activate(self):
        for method in ("POST", "PATCH"):
            email = stranger()
            register(email)
            wrong = call(method, "/auth/activate", auth=(email, "not this one"), json={"code": mailed_code(email)})
            self.assertEqual((wrong.status_code, wrong.json()["code"]), (401, "invalid_credentials"))
            right = call(method, "/auth/activate", auth=(email, PASSWORD), json={"code": mailed_code(email)})
            self.assertEqual(right.status_code, 200, right.text)
            self.assertTrue(login(email)["user"]["is_verified"])

    def test_m25_a_refresh_token_brings_the_next_pair(self):
        first = login(verified_person())
        second = call("POST", "/auth/refresh", json={"refresh_token": first["refresh_token"]}).json()
        self.assertEqual(second["session_id"], first["session_id"])
        self.assertNotEqual(second["refresh_token"], first["refresh_token"])
        me = call("GET", "/auth/me", headers=bearer(second["access_token"]))
        self.assertEqual(me.status_code, 200, me.text)

    def test_m15_a_session_that_was_ended_elsewhere_is_refused_at_once(self):
        email = verified_person()
        here, there = login(email), login(email)
        listed = call("GET", "/sessions", headers=bearer(here["access_token"])).json()
        self.assertEqual(listed["total"], 2)
        self.assertEqual(
            [session["session_id"] for session in listed["sessions"] if session["current"]],
            [here["session_id"]],
        )
        ended = call(
            "POST",
            "/sessions/terminate",
            headers=bearer(here["access_token"]),
            json={"session_id": there["session_id"]},
        )
        self.assertTrue(ended.json()["success"], ended.text)
        refused = call("GET", "/auth/me", headers=bearer(there["access_token"]))
        self.assertEqual((refused.status_code, refused.json()["code"]), (401, "session_ended"))
        self.assertEqual(call("GET", "/auth/me", headers=bearer(here["access_token"])).status_code, 200)

    def test_m15_all_sessions_end_with_one_word(self):
        email = verified_person()
        here, there = login(email), login(email)
        others = call("POST", "/sessions/terminate-others", headers=bearer(here["access_token"])).json()
        self.assertEqual(others["terminated"], 1)
        everything = call("DELETE", "/sessions/terminate-all", headers=bearer(here["access_token"])).json()
        self.assertEqual(everything["terminated"], 1)
        for session in (here, there):
            answer = call("GET", "/auth/me", headers=bearer(session["access_token"]))
            self.assertEqual(answer.status_code, 401)
