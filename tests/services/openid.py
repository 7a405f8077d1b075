"""A sign-in service of an authority, by OpenID Connect: it vouches for whom the test says."""

import base64
import contextlib
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

CLIENT_ID, CLIENT_SECRET = "jigai", "shared-with-the-service"


class SignInService:
    """The service: whom it vouches for, and what it was asked."""

    def __init__(self) -> None:
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.person: dict[str, Any] = {}
        self.error = ""
        # For each code that was given out: what the start of that sign-in said.
        self.begun: dict[str, dict[str, str]] = {}
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    def vouches_for(self, email: str, **claims: Any) -> None:
        """Whoever comes next is this person."""
        self.person = {"sub": secrets.token_hex(8), "email": email, "email_verified": True, **claims}

    def answer(self, page: str, asked: dict[str, str]) -> tuple[int, Any]:
        """What stands at an address of the service: a status, and JSON or where to go."""
        if page == "/.well-known/openid-configuration":
            pages = {"authorization_endpoint": "authorize", "token_endpoint": "token"}
            pages |= {"userinfo_endpoint": "userinfo", "jwks_uri": "keys"}
            return 200, {"issuer": self.url, **{name: f"{self.url}/{there}" for name, there in pages.items()}}
        if page == "/authorize":
            return 302, self._authorize(asked)
        if page == "/token":
            return self._token(asked)
        if page == "/userinfo":
            return 200, self.person
        if page == "/keys":
            public = jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key(), as_dict=True)
            return 200, {"keys": [{**public, "kid": "1", "use": "sig"}]}
        return 404, {}

    def _authorize(self, asked: dict[str, str]) -> str:
        if self.error:
            back = {"error": self.error, "state": asked["state"]}
        else:
            code = secrets.token_urlsafe()
            self.begun[code] = asked
            back = {"code": code, "state": asked["state"]}
        return f"{asked['redirect_uri']}?{urlencode(back)}"

    def _token(self, asked: dict[str, str]) -> tuple[int, Any]:
        begun = self.begun.pop(asked.get("code", ""), None)
        verifier = asked.get("code_verifier", "")
        digest = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
        known = (asked.get("client_id"), asked.get("client_secret")) == (CLIENT_ID, CLIENT_SECRET)
        if begun is None or not known or begun.get("code_challenge") != digest:
            return 400, {"error": "invalid_grant"}
        claims = {**self.person, "iss": self.url, "aud": CLIENT_ID, "exp": int(time.time()) + 60}
        token = jwt.encode(claims, self.key, algorithm="RS256", headers={"kid": "1"})
        return 200, {"access_token": secrets.token_hex(), "token_type": "Bearer", "id_token": token}

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        service = self

        class Handler(BaseHTTPRequestHandler):
            """Turns requests into questions."""

            def do_GET(self) -> None:
                self._answer(urlsplit(self.path).query)

            def do_POST(self) -> None:
                self._answer(self.rfile.read(int(self.headers["Content-Length"])).decode())

            def _answer(self, text: str) -> None:
                asked = {name: values[0] for name, values in parse_qs(text).items()}
                status, said = service.answer(urlsplit(self.path).path, asked)
                self.send_response(status)
                if status == 302:
                    self.send_header("Location", said)
                self.send_header("Content-Type", "application/json")
                self.end_headers()
                self.wfile.write(b"" if status == 302 else json.dumps(said).encode())

            def log_message(self, *args: Any) -> None:
                """Nothing."""

        return Handler

    def configuration(self) -> dict[str, Any]:
        """The settings of the product that lead to it."""
        app = {"provider_id": "oidc", "name": "县政务平台", "client_id": CLIENT_ID, "secret": CLIENT_SECRET}
        app["settings"] = {"server_url": self.url}
        return {"openid_connect": {"OAUTH_PKCE_ENABLED": True, "APPS": [app]}}


@contextlib.contextmanager
def signing_in() -> Iterator[SignInService]:
    """The service while it runs."""
    service = SignInService()
    thread = threading.Thread(
        target=service.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
    )
    thread.start()
    yield service
    service.server.shutdown()
    service.server.server_close()
    thread.join()
