"""Tokens as libraries see them: Authlib asks for them, PyJWT verifies them without asking anybody."""

import unittest

import jwt
import requests
from authlib.integrations.requests_client import OAuth2Session

from people import PASSWORD, URL, login, verified_person


class Tokens(unittest.TestCase):
    def test_m10_the_password_form_of_oauth_2_signs_in(self):
        email = verified_person()
        with OAuth2Session(token_endpoint_auth_method="none") as session:
            token = session.fetch_token(f"{URL}/auth/access-token", username=email, password=PASSWORD)
            self.assertEqual(token["token_type"], "bearer")
            me = session.get(f"{URL}/auth/me")
            self.assertEqual((me.status_code, me.json()["email"]), (200, email))

    def test_m10_a_client_that_introduces_itself_is_served_too(self):
        email = verified_person()
        for method in ("client_secret_post", "client_secret_basic"):
            session = OAuth2Session("some-client", "its secret", token_endpoint_auth_method=method)
            token = session.fetch_token(f"{URL}/auth/access-token", username=email, password=PASSWORD)
            self.assertIn("access_token", token)

    def test_m10_an_access_token_is_verified_offline(self):
        signed_in = login(verified_person())
        token = signed_in["access_token"]
        keys = jwt.PyJWKClient(f"{URL}/.well-known/jwks.json")
        key = keys.get_signing_key_from_jwt(token)
        needed = {"require": ["iss", "aud", "exp", "iat", "sub", "sid", "jti"]}
        claims = jwt.decode(
            token, key, algorithms=["EdDSA"], audience="usher", issuer=URL, options=needed
        )
        self.assertEqual(jwt.get_unverified_header(token)["typ"], "at+jwt")
        self.assertEqual((claims["sub"], claims["sid"]), (signed_in["user"]["id"], signed_in["session_id"]))
        self.assertEqual(claims["exp"] - claims["iat"], signed_in["expires_in"])

        def refused(error, token, audience="usher", issuer=URL):
            with self.assertRaises(error):
                jwt.decode(token, key, algorithms=["EdDSA"], audience=audience, issuer=issuer)

        refused(jwt.InvalidAudienceError, token, audience="another")
        refused(jwt.InvalidIssuerError, token, issuer="https://another.example")
        head, _, signature = token.split(".")
        _, payload, _ = jwt.encode(claims | {"sub": "0"}, "x" * 32).split(".")
        refused(jwt.InvalidSignatureError, f"{head}.{payload}.{signature}")

    def test_m10_the_server_refuses_what_the_library_refuses(self):
        token = login(verified_person())["access_token"]
        claims = jwt.decode(token, options={"verify_signature": False})
        keyless = jwt.encode(claims, None, algorithm="none")
        homemade = jwt.encode(claims, "x" * 32, headers=jwt.get_unverified_header(token) | {"alg": "HS256"})
        for forged in (keyless, homemade):
            answer = requests.get(f"{URL}/auth/me", headers={"Authorization": f"Bearer {forged}"}, timeout=30)
            self.assertEqual((answer.status_code, answer.json()["code"]), (401, "not_authenticated"))
