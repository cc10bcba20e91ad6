"""The part of the live API that concerns authorisation and names.

An avatar that asks for no authorisation takes all of it and uses none: nothing here then ever opens
a connection.
"""

from __future__ import annotations

import abc
import asyncio
import uuid
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bithuman_ctypes.auth import Authorisation, Credentials

NEVER = 253402300799
"""The last second of the year 9999: when the right to an open avatar ends."""


class TokenMixin(abc.ABC):
    """What callers of metered avatars set and ask."""

    _credentials: Credentials
    _identity: str | None

    @abc.abstractmethod
    def _is_loaded(self) -> bool: ...

    @abc.abstractmethod
    def _right(self) -> Authorisation | None:
        """That of the avatar which is loaded; None for an open one."""

    def set_token(self, token: str) -> None:
        """Replaces the token from the next heartbeat on; an open avatar does not need one."""
        self._credentials.token = token
        self._update(token=token)

    def is_token_validated(self) -> bool:
        """Whether frames may be given: true as soon as an open avatar is loaded."""
        right = self._right()
        return self._is_loaded() if right is None else right.info.allowed_us > 0

    def get_expiration_time(self) -> int:
        """When the token ends, in seconds since 1970; where there is none, when the right to frames
        does, without another heartbeat. For an open avatar never, which is 253402300799."""
        right = self._right()
        return NEVER if right is None else right.expires

    async def _initialize_token(self) -> None:
        """Asks the issuer of a metered avatar anew; an open one needs nothing."""
        right = self._right()
        if right is not None:
            await asyncio.get_running_loop().run_in_executor(None, right.authenticate)

    def start_token_refresh(self) -> None:
        """Begins the heartbeat, which renews the token before it ends; loading did that already.
        Nothing of an open avatar has to be refreshed, so nothing is started."""
        right = self._right()
        if right is not None:
            right.start()

    def stop_token_refresh(self) -> None:
        """Ends the heartbeat: the right to frames ends some minutes later."""
        right = self._right()
        if right is not None:
            right.stop()

    def is_token_refresh_running(self) -> bool:
        """Whether there is a heartbeat; never for an open avatar."""
        right = self._right()
        return right is not None and right.info.running

    @property
    def transaction_id(self) -> str:
        """The name of this conversation, a UUID."""
        if self._credentials.transaction_id is None:
            self._credentials.transaction_id = str(uuid.uuid4())
        return self._credentials.transaction_id

    def _regenerate_transaction_id(self) -> None:
        """A new conversation begins on a runtime that was made in advance."""
        self._credentials.transaction_id = str(uuid.uuid4())
        self._update(transaction_id=self._credentials.transaction_id)

    @property
    def identity(self) -> str | None:
        """What the session is called in logs and metrics."""
        return self._identity

    def set_identity(self, identity: str | None) -> None:
        """Names the session in logs and metrics."""
        self._identity = identity

    def set_agent_code(self, agent_code: str | None) -> None:
        """Tells the issuer of a metered avatar whose agent it is: ";agent=CODE" after the tags."""
        self._credentials.agent_code = agent_code
        self._update(tags=self._credentials.labels())

    def set_billing_type(self, billing_type: str | None) -> None:
        """Tells the issuer of a metered avatar how it is billed."""
        self._credentials.billing_type = billing_type
        self._update(billing_type=billing_type)

    def _update(self, **texts: str | None) -> None:
        right = self._right()
        if right is not None:
            right.update(**texts)
