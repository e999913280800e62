"""What users need to test their own stores and chains; each part is imported when first used."""

from importlib import import_module
from typing import Any

_HOMES = {
    "CassetteError": "cassettes",
    "Delay": "faults",
    "FakeClock": "clock",
    "FaultyStore": "faults",
    "Garbage": "faults",
    "Raise": "faults",
    "StoreContract": "contract",
    "always": "faults",
    "cassette": "cassettes",
    "scan_for_secrets": "secrets",
    "store_machine": "machine",
    "Fault": "provider",
    "Provider": "provider",
    "Reply": "provider",
    "Request": "provider",
    "ToolCall": "provider",
}

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
