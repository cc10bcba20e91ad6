"""The issuer's log: one line for each thing, on stderr. Secrets and tokens are in none of them."""

from __future__ import annotations

import logging

log = logging.getLogger("bithuman_ctypes.issuer")


def to_stderr() -> None:
    """Shows it, and what uvicorn has to say."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    for logger in (log, logging.getLogger("uvicorn.error")):
        logger.addHandler(handler)
        logger.setLevel(logging.INFO)
        logger.propagate = False
