"""An identity provider on a port of its own, with one user and an RSA key."""

import base64
import hashlib
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlencode, urlsplit

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

CLIENT = "wavekeep"


def encoded(data):
    data = data if isinstance(data, bytes) else json.dumps(data).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def number(value):
    return encoded(value.to_bytes((value.bit_length() + 7) // 8, "big"))


class Provider:
    def __init__(self, user, groups):
        self.user, self.groups = user, groups
        self.codes = {}
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self.handler())
        self.issuer = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def end(self):
        self.server.shutdown()
        self.server.server_close()

    def sign_in(self, location):
        """The user signs in where the server sent the browser: the path and query that the browser comes back with."""
        address = urlsplit(location)
        assert f"{address.scheme}://{address.netloc}{address.path}" == f"{self.issuer}/authorize"
        asked = {name: value for name, [value] in parse_qs(address.query).items()}
        code = f"code-{len(self.codes)}"
        self.codes[code] = asked
        back = urlsplit(asked["redirect_uri"])
        return back, f"{back.path}?{urlencode({'code': code, 'state': asked['state']})}"

    def token(self, form):
        asked = self.codes.pop(form["code"])
        challenge = encoded(hashlib.sha256(form["code_verifier"].encode()).digest())
        assert (asked["code_challenge"], asked["redirect_uri"]) == (challenge, form["redirect_uri"])
        now = int(time.time())
        claims = {"iss": self.issuer, "sub": "1", "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": asked["nonce"]}
        claims |= {"preferred_username": self.user, "groups": self.groups}
        message = f"{encoded({'alg': 'RS256', 'kid': '1'})}.{encoded(claims)}"
        signature = self.key.sign(message.encode(), padding.PKCS1v15(), hashes.SHA256())
        return {"token_type": "Bearer", "access_token": "x", "id_token": f"{message}.{encoded(signature)}"}

    def handler(provider):
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                public = provider.key.public_key().public_numbers()
                self.answer({
                    "/.well-known/openid-configuration": {
                        "issuer": provider.issuer, "authorization_endpoint": f"{provider.issuer}/authorize",
                        "token_endpoint": f"{provider.issuer}/token", "jwks_uri": f"{provider.issuer}/keys",
                    },
                    "/keys": {"keys": [{"kty": "RSA", "kid": "1", "n": number(public.n), "e": number(public.e)}]},
                }[self.path])

            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"])).decode()
                self.answer(provider.token({name: value for name, [value] in parse_qs(body).items()}))

            def answer(self, found):
                body = json.dumps(found).encode()
                self.send_response(200)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        return Handler
