"""Where one version of a model stands."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from serving.status import Code


@dataclass(frozen=True)
class VersionStatus:
    """One version of a served model.

    Args:
        version: its number.
        state: "START", "LOADING", "AVAILABLE", "UNLOADING" or "END".
        code: OK, or why it could not be loaded.
        message: the reason in words; empty if OK.
    """

    version: int
    state: str
    code: Code
    message: str

    @classmethod
    def from_json(cls, status: Mapping[str, Any]) -> "VersionStatus":
        """Read the JSON form of a ModelVersionStatus message."""
        health = status.get("status", {})
        return cls(
            int(status.get("version", 0)),
            status.get("state", "UNKNOWN"),
            Code[health.get("error_code", "OK")],
            health.get("error_message", ""),
        )

    def __str__(self) -> str:
        reason = f" ({self.code.name}: {self.message})" if self.code else ""
        return f"version {self.version} is {self.state}{reason}"
