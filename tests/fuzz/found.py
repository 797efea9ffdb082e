"""Inputs that once made a target fail, by target: each is tried again in every run."""

from typing import Final

FOUND: Final[dict[str, tuple[bytes, ...]]] = {}
