"""Listens: which address may be without TLS, the server's settings, the metrics' own port."""

from __future__ import annotations

import ipaddress
import signal
import socket
import ssl
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from prometheus_client import start_http_server
from sqlalchemy import Engine

from bithuman_ctypes.errors import InvalidArgumentError, RuntimeNotReadyError
from bithuman_ctypes.issuer.app import Service, Settings
from bithuman_ctypes.issuer.credentials import load_key
from bithuman_ctypes.issuer.ledger import Ledger
from bithuman_ctypes.issuer.log import log, to_stderr
from bithuman_ctypes.issuer.schema import shown


@dataclass(frozen=True)
class Listener:
    """Where to listen. ``behind_proxy``: the address of the proxy that speaks TLS in front."""

    host: str = "127.0.0.1"
    port: int = 8700
    certfile: str | None = None
    keyfile: str | None = None
    behind_proxy: str | None = None
    metrics: tuple[str, int] | None = None


def serve(engine: Engine, key_file: Path, settings: Settings, listener: Listener) -> None:
    """Serves until SIGTERM or Ctrl-C; requests under way are answered first.

    Raises InvalidArgumentError for a network without TLS and a certificate that cannot be used,
    RuntimeNotReadyError where it cannot listen.
    """
    _check_safe(listener)
    service = Service(Ledger(engine), load_key(key_file), settings)
    config = _configure(service, listener)
    with _listen(listener.host, listener.port) as listening:
        to_stderr()
        if listener.metrics is not None:
            _serve_metrics(service, *listener.metrics)
        server = uvicorn.Server(config)
        _stop_on_signals(server)
        scheme = "http" if config.ssl is None else "https"
        host = f"[{listener.host}]" if ":" in listener.host else listener.host
        where = f"{scheme}://{host}:{listening.getsockname()[1]}"
        log.info("serving %s on %s", shown(engine.url), where)
        server.run(sockets=[listening])
    log.info("stopped")


def _check_safe(listener: Listener) -> None:
    if listener.certfile is None and listener.behind_proxy is None and not _is_here(listener.host):
        raise InvalidArgumentError(
            f"secrets do not cross a network in clear: to listen on {listener.host} give "
            "--certfile and --keyfile, or --behind-proxy and the address of the proxy that has them"
        )
    if listener.behind_proxy is not None and not _is_address(listener.behind_proxy):
        raise InvalidArgumentError(
            f"--behind-proxy takes the proxy's address in digits, such as 10.0.0.2, not "
            f"{listener.behind_proxy!r}: what it says of others is believed"
        )


def _stop_on_signals(server: uvicorn.Server) -> None:
    def stop(*_: object) -> None:
        server.should_exit = True

    for number in (signal.SIGTERM, signal.SIGINT):  # uvicorn raises them once more at its end
        signal.signal(number, stop)


def _configure(service: Service, listener: Listener) -> uvicorn.Config:
    config = uvicorn.Config(
        service.application(),
        ssl_certfile=listener.certfile,
        ssl_keyfile=listener.keyfile,
        proxy_headers=listener.behind_proxy is not None,
        forwarded_allow_ips=listener.behind_proxy,
        log_config=None,
        access_log=False,
        server_header=False,
        ws="none",
        timeout_graceful_shutdown=30,
    )
    try:
        config.load()
    except (OSError, ssl.SSLError) as error:
        raise InvalidArgumentError(
            f"the certificate {listener.certfile} or its key cannot be used: {error}"
        ) from None
    if config.ssl is not None:
        config.ssl.minimum_version = ssl.TLSVersion.TLSv1_2
    return config


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        raise RuntimeNotReadyError(f"cannot listen on {host}:{port}: {error.strerror}") from None


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _is_here(host: str) -> bool:
    if host == "localhost":
        return True
    return _is_address(host) and ipaddress.ip_address(host).is_loopback


def _serve_metrics(service: Service, host: str, port: int) -> None:
    try:
        start_http_server(port, host, service.counters.registry)
    except OSError as error:
        raise RuntimeNotReadyError(
            f"cannot listen on {host}:{port} for metrics: {error.strerror}"
        ) from None
