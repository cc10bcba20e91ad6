"""An issuer of authorisations behind real TLS, with an authority of its own, for tests.

What it answers is a function of the test's; everything that it heard is kept.
"""

from __future__ import annotations

import json
import ssl
import subprocess
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Callable

SUBJECTS = {
    "good": "IP:127.0.0.1,DNS:localhost",
    "wrong-host": "DNS:other.example",
    "expired": "IP:127.0.0.1",
}


class Authority:
    """A certificate authority in a folder, made by the openssl command."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.bundle = folder / "ca.pem"
        self._self_signed("ca")
        self._self_signed("self-signed")
        for name in SUBJECTS:
            self._issue(name)

    def context(self, name: str = "good") -> ssl.SSLContext:
        """What a server needs that shows the certificate of this name."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self._folder / f"{name}.pem", self._folder / f"{name}.key")
        return context

    def _self_signed(self, name: str) -> None:
        extension = "subjectAltName=IP:127.0.0.1"
        self._openssl(
            "req", "-x509", *_key(name), "-out", f"{name}.pem", "-days", "2",
            "-subj", f"/CN={name}", "-addext", extension,
        )  # fmt: skip

    def _issue(self, name: str) -> None:
        days = "-1" if name == "expired" else "2"
        (self._folder / "extension").write_text(f"subjectAltName={SUBJECTS[name]}\n")
        self._openssl("req", *_key(name), "-out", "request", "-subj", f"/CN={name}")
        self._openssl(
            "x509", "-req", "-in", "request", "-CA", "ca.pem", "-CAkey", "ca.key",
            "-CAcreateserial", "-days", days, "-extfile", "extension", "-out", f"{name}.pem",
        )  # fmt: skip

    def _openssl(self, *arguments: str) -> None:
        subprocess.run(["openssl", *arguments], cwd=self._folder, check=True, capture_output=True)


def _key(name: str) -> list[str]:
    return ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
            "-keyout", f"{name}.key"]  # fmt: skip


class Request:
    """One request that came, and how to answer it."""

    def __init__(self, handler: BaseHTTPRequestHandler) -> None:
        self._handler = handler
        self.path = handler.path
        self.headers = {key.lower(): value for key, value in handler.headers.items()}
        self.raw = handler.rfile.read(int(self.headers.get("content-length", 0)))

    @property
    def body(self) -> dict[str, Any]:
        """The body's JSON."""
        parsed: dict[str, Any] = json.loads(self.raw)
        return parsed

    def answer(self, code: int, body: bytes = b"", **headers: str) -> None:
        """A whole answer."""
        self._handler.send_response(code)
        for key, value in headers.items():
            self._handler.send_header(key.replace("_", "-"), value)
        self._handler.send_header("content-length", str(len(body)))
        self._handler.end_headers()
        self._handler.wfile.write(body)

    def write(self, data: bytes) -> None:
        """Any bytes instead of one."""
        self._handler.wfile.write(data)

    def hang(self) -> None:
        """Nothing, until the other side leaves."""
        self._handler.rfile.read(1)


def yes(request: Request) -> None:
    """The answer of an issuer that agrees."""
    request.answer(200, b'{"status":"ok"}')


def says(code: int, **headers: str) -> Callable[[Request], None]:
    """One that answers with a code."""
    return lambda request: request.answer(code, b"", **headers)


class Issuer:
    """The server, on a port of 127.0.0.1; use it in a ``with``."""

    def __init__(self, context: ssl.SSLContext | None) -> None:
        self.behave: Callable[[Request], None] = yes
        self.requests: list[Request] = []
        self._came = threading.Condition()
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                self.close_connection = True
                request = Request(self)
                with issuer._came:
                    issuer.requests.append(request)
                    issuer._came.notify_all()
                issuer.behave(request)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def finish_request(self, request: Any, client_address: Any) -> None:
                # The handshake belongs on the connection's own thread; clients that do not trust
                # the certificate break it off, and some leave in mid-answer.
                try:
                    if context is not None:
                        request = context.wrap_socket(request, server_side=True)
                    Handler(request, client_address, self)
                except OSError:
                    pass
                finally:
                    request.close()

        self._server = Server(("127.0.0.1", 0), Handler)
        self.port = self._server.server_address[1]
        self._scheme = "http" if context is None else "https"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))

    def url(self, host: str = "127.0.0.1") -> str:
        """What is given as api_url."""
        return f"{self._scheme}://{host}:{self.port}/v1/runtime-tokens/request"

    def wait(self, count: int, seconds: float = 60) -> None:
        """Until so many requests came."""
        with self._came:
            if not self._came.wait_for(lambda: len(self.requests) >= count, seconds):
                raise AssertionError(f"{len(self.requests)} requests in {seconds} s, not {count}")

    def __enter__(self) -> Issuer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def token(expires_in: float, issued: bool = True) -> str:
    """A JSON web token with times and no valid signature: clients do not look at it."""
    import base64

    now = int(time.time())
    times = {"exp": int(now + expires_in), **({"iat": now} if issued else {})}
    parts = [json.dumps(part).encode() for part in ({"alg": "HS256"}, times)]
    return ".".join(
        base64.urlsafe_b64encode(part).decode().rstrip("=") for part in (*parts, b"signature")
    )
