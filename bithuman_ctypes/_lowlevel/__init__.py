"""The C interface as two Python classes, without policy: ``Fixture`` and ``Runtime``."""

from bithuman_ctypes._lowlevel.fixture import Fixture
from bithuman_ctypes._lowlevel.runtime import Runtime

__all__ = ["Fixture", "Runtime"]
