"""Cookies as a session of requests keeps them."""

import unittest

import requests

from people import PASSWORD, URL, verified_person


class Cookies(unittest.TestCase):
    def test_m11_the_cookie_alone_is_a_sign_in(self):
        email = verified_person()
        with requests.Session() as browser:
            browser.headers["Origin"] = URL
            browser.post(f"{URL}/auth/login", json={"email": email, "password": PASSWORD}, timeout=30)
            access = next(cookie for cookie in browser.cookies if cookie.name == "usher_session")
            self.assertTrue(access.has_nonstandard_attr("HttpOnly"))
            self.assertEqual(access.get_nonstandard_attr("SameSite"), "Lax")
            self.assertEqual(browser.get(f"{URL}/auth/me", timeout=30).json()["email"], email)
            self.assertEqual(browser.post(f"{URL}/auth/refresh", timeout=30).status_code, 200)
            self.assertEqual(browser.post(f"{URL}/auth/logout", timeout=30).status_code, 200)
            self.assertNotIn("usher_session", browser.cookies)
            self.assertEqual(browser.get(f"{URL}/auth/me", timeout=30).status_code, 401)

    def test_m11_cookies_change_nothing_on_behalf_of_another_site(self):
        email = verified_person()
        with requests.Session() as browser:
            browser.post(f"{URL}/auth/login", json={"email": email, "password": PASSWORD}, timeout=30)
            for origin in ({}, {"Origin": "https://elsewhere.example"}):
                answer = browser.post(f"{URL}/sessions/terminate-all", headers=origin, timeout=30)
                self.assertEqual((answer.status_code, answer.json()["code"]), (403, "cross_site"))
            self.assertEqual(browser.get(f"{URL}/auth/me", timeout=30).status_code, 200)
