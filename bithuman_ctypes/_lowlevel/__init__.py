"""The C interface as a few Python classes, without policy."""

from bithuman_ctypes._lowlevel.fixture import Fixture
from bithuman_ctypes._lowlevel.frame import StreamFrame
from bithuman_ctypes._lowlevel.options import StreamOptions
from bithuman_ctypes._lowlevel.runtime import Runtime
from bithuman_ctypes._lowlevel.waiter import Waiter

__all__ = ["Fixture", "Runtime", "StreamFrame", "StreamOptions", "Waiter"]
