"""Errors that say what is wrong, where, and what to do; each carries the exit code of the command line."""

from __future__ import annotations


class OnefunnelError(Exception):
    """A failure a person can act on.

    message: what is wrong; where: file, line, row, column or source; hint: what to do; exit_code: 1 unless a subclass says otherwise.
    """

    exit_code = 1

    def __init__(self, message: str, *, where: str = "", hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.where = where
        self.hint = hint

    def __str__(self) -> str:
        parts = [self.message]
        if self.where:
            parts.append(f"  where: {self.where}")
        if self.hint:
            parts.append(f"  what to do: {self.hint}")
        return "\n".join(parts)


class ConfigError(OnefunnelError):
    """Wrong usage or configuration: nothing was started."""

    exit_code = 2


class MissingColumn(OnefunnelError):
    """A source lacks a column it must have: it stands on its last good load; without one, the configuration is wrong (exit 2)."""

    exit_code = 2


class GateBlocked(OnefunnelError):
    """Built, but a quality gate forbids publication: the last good version stays."""

    exit_code = 3


class LockHeld(OnefunnelError):
    """Another run holds the lock of this home."""
