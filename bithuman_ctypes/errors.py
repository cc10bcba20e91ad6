"""Everything that this package raises on purpose.

    BithumanError
    └── AvatarError
        ├── InvalidAvatar
        │   ├── ModelNotFoundError           also a ModelError
        │   └── ModelLoadError               also a ModelError
        ├── NotSupported
        │   └── ExpressionModelNotSupported  also a ModelError
        ├── NotAuthorised
        │   ├── ModelSecurityError           also a ModelError
        │   └── TokenError
        │       ├── TokenExpiredError
        │       ├── TokenValidationError
        │       ├── TokenRequestError
        │       └── AccountStatusError
        ├── Failed
        │   ├── RuntimeNotReadyError
        │   ├── InvalidArgumentError         also a ValueError
        │   │   └── WrongTypeError           also a TypeError
        │   ├── OutOfMemoryError             also a MemoryError
        │   ├── AudioError                   also a ValueError
        │   ├── AudioNotFoundError           also an OSError (FileNotFoundError)
        │   └── OutputError                  also an OSError
        └── ModelError

Two generations of callers are served by one tree: those who catch ``AvatarError`` and its four
kinds, and those who catch ``BithumanError`` and the model and token errors. Wrong types and values
of Python arguments are plain ``TypeError`` and ``ValueError`` where a program passes them, and
``WrongTypeError`` and ``InvalidArgumentError`` (or ``AudioError``) where they may come from
outside, as audio of a live stream does: those are both, and carry a code.
"""

from __future__ import annotations

TYPE_CHECKING = False  # importing typing would take longer than everything else here
if TYPE_CHECKING:
    from typing import ClassVar

__all__ = [
    "AccountStatusError",
    "AudioError",
    "AudioNotFoundError",
    "AvatarError",
    "BithumanError",
    "ExpressionModelNotSupported",
    "Failed",
    "InvalidArgumentError",
    "InvalidAvatar",
    "ModelError",
    "ModelLoadError",
    "ModelNotFoundError",
    "ModelSecurityError",
    "NotAuthorised",
    "NotSupported",
    "OutOfMemoryError",
    "OutputError",
    "RuntimeNotReadyError",
    "TokenError",
    "TokenExpiredError",
    "TokenRequestError",
    "TokenValidationError",
    "WrongTypeError",
]

DOCS_URL = "docs/errors.md"
"""The page that explains the codes; each code is an anchor in it."""

EXIT_CODES = {
    "execution_provider_refused": 64,
    "invalid_argument": 64,
    "audio_unreadable": 65,
    "material_unsuitable": 65,
    "model_load_failed": 65,
    "audio_not_found": 66,
    "model_not_found": 66,
    "not_supported": 69,
    "runtime_not_ready": 69,
    "stopped": 69,
    "inference_failed": 70,
    "internal": 70,
    "unknown": 70,
    "out_of_memory": 71,
    "output_unwritable": 73,
    "queue_full": 75,
    "token_request_failed": 75,
    "account_status": 77,
    "model_security_violation": 77,
    "not_authorised": 77,
    "token_expired": 77,
    "token_invalid": 77,
}
"""What a process that dies of a code exits with: the numbers of BSD's sysexits.h."""


class BithumanError(Exception):
    """The root. ``code`` is a stable word for programs, the text is one sentence for people."""

    default_code: ClassVar[str] = "unknown"

    def __init__(self, message: str = "", *, code: str | None = None) -> None:
        super().__init__(message)
        self.code = code or self.default_code

    @property
    def docs_url(self) -> str:
        """Where the code is explained."""
        return f"{DOCS_URL}#{self.code}"

    @property
    def exit_code(self) -> int:
        """The exit status of a program that ends because of this error, 64 to 78."""
        return EXIT_CODES.get(self.code, EXIT_CODES["unknown"])


class AvatarError(BithumanError):
    """Something about an avatar or its playing went wrong; one of four kinds."""


class InvalidAvatar(AvatarError):
    """The avatar file is absent, damaged, or not of this engine."""

    default_code = "model_load_failed"


class NotSupported(AvatarError):
    """This build, or this installation, cannot do what was asked."""

    default_code = "not_supported"


class NotAuthorised(AvatarError):
    """The avatar asks for an authorisation that was not given or was refused."""

    default_code = "not_authorised"


class Failed(AvatarError):
    """The engine could not finish; the request itself was understood."""


class ModelError(AvatarError):
    """Any trouble with an avatar file."""


class ModelNotFoundError(ModelError, InvalidAvatar):
    """There is no such file, or it cannot be opened."""

    default_code = "model_not_found"


class ModelLoadError(ModelError, InvalidAvatar):
    """The file was opened, and cannot be played."""

    default_code = "model_load_failed"


class ModelSecurityError(ModelError, NotAuthorised):
    """The file's signature is broken, of a key that is not trusted here, or absent where one is
    needed; or it was asked for what its studio does not allow."""

    default_code = "model_security_violation"


class ExpressionModelNotSupported(ModelError, NotSupported):
    """The file is an avatar of a kind that this engine does not play."""


class TokenError(NotAuthorised):
    """Something about the authorisation token."""

    default_code = "token_invalid"


class TokenExpiredError(TokenError):
    """The token was good once."""

    default_code = "token_expired"


class TokenValidationError(TokenError):
    """The token is not one, or is for something else."""


class TokenRequestError(TokenError):
    """The issuer could not be asked; trying again may help."""

    default_code = "token_request_failed"


class AccountStatusError(TokenError):
    """The issuer refused for good: no credit, or suspended."""

    default_code = "account_status"


class RuntimeNotReadyError(Failed):
    """Asked too early (no frame is ready: push more audio), too late (stopped), or too much (the
    queue is full); or a library is not installed."""

    default_code = "runtime_not_ready"


class InvalidArgumentError(Failed, ValueError):
    """The engine refuses a value that it was given."""

    default_code = "invalid_argument"


class WrongTypeError(InvalidArgumentError, TypeError):
    """Something that is not of the type that is asked for."""


class OutOfMemoryError(Failed, MemoryError):
    """The engine could not get the memory that it needs."""

    default_code = "out_of_memory"


class AudioError(Failed, ValueError):
    """The audio cannot be read as audio."""

    default_code = "audio_unreadable"


class AudioNotFoundError(Failed, FileNotFoundError):
    """There is no such audio file, or it cannot be opened."""

    default_code = "audio_not_found"


class OutputError(Failed, OSError):
    """The output cannot be written."""

    default_code = "output_unwritable"
