"""The part of the live API that concerns authorisation and names.

An avatar that asks for no authorisation takes all of it and uses none: nothing here ever opens a
connection.
"""

from __future__ import annotations

import uuid

NEVER = 253402300799
"""The last second of the year 9999: when the right to an open avatar ends."""


class TokenMixin:
    """What callers of metered avatars set and ask."""

    _token: str | None
    _identity: str | None
    _agent_code: str | None
    _billing_type: str | None
    _transaction_id: str

    def _is_loaded(self) -> bool:
        raise NotImplementedError

    def set_token(self, token: str) -> None:
        """Keeps a token; an open avatar does not need one."""
        self._token = token

    def is_token_validated(self) -> bool:
        """Whether frames may be given: true as soon as an open avatar is loaded."""
        return self._is_loaded()

    def get_expiration_time(self) -> int:
        """When the right to frames ends, in seconds since 1970: for an open avatar never, which is
        253402300799."""
        return NEVER

    async def _initialize_token(self) -> None:
        """Asks for a token where one is needed; an open avatar needs none."""

    def start_token_refresh(self) -> None:
        """Nothing of an open avatar has to be refreshed, so nothing is started."""

    def stop_token_refresh(self) -> None:
        """Nothing is running."""

    def is_token_refresh_running(self) -> bool:
        """False: nothing of an open avatar has to be refreshed."""
        return False

    @property
    def transaction_id(self) -> str:
        """The name of this conversation, a UUID."""
        return self._transaction_id

    def _regenerate_transaction_id(self) -> None:
        """A new conversation begins on a runtime that was made in advance."""
        self._transaction_id = str(uuid.uuid4())

    @property
    def identity(self) -> str | None:
        """What the session is called in logs and metrics."""
        return self._identity

    def set_identity(self, identity: str | None) -> None:
        """Names the session in logs and metrics."""
        self._identity = identity

    def set_agent_code(self, agent_code: str | None) -> None:
        """Keeps whose agent it is, for metered avatars."""
        self._agent_code = agent_code

    def set_billing_type(self, billing_type: str | None) -> None:
        """Keeps how metered avatars are billed."""
        self._billing_type = billing_type
