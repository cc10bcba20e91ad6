"""``bithuman.runtime`` and ``bithuman.runtime_async``, see ``alias``."""

from bithuman_ctypes.aio import AsyncAvatar, AsyncBithuman
from bithuman_ctypes.avatar import Avatar, Bithuman

__all__ = ["AsyncAvatar", "AsyncBithuman", "Avatar", "Bithuman"]
