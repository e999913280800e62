"""Finding what looks like a credential in a text file, such as a cassette about to be committed."""

import math
import re
from collections import Counter
from pathlib import Path

__all__ = ["scan_for_secrets"]

_KNOWN = {
    "an API key": re.compile(r"\b(?:sk|pk|rk|gsk|xai|pplx)-[A-Za-z0-9_-]{8,}"),
    "a bearer token": re.compile(r"\bBearer\s+\S{4,}", re.IGNORECASE),
    "an AWS key": re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"),
    "a Google key": re.compile(r"\bAIza[A-Za-z0-9_-]{30,}"),
    "a GitHub token": re.compile(r"\bgh[oprsu]_[A-Za-z0-9]{20,}"),
    "a Slack token": re.compile(r"\bxox[abprs]-[A-Za-z0-9-]{10,}"),
    "a JSON web token": re.compile(r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\."),
    "a private key": re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----"),
    "an auth header": re.compile(
        r"^\s*[\"']?(?:authorization|x-api-key|api-key|cookie|set-cookie|proxy-authorization)[\"']?\s*:",
        re.IGNORECASE | re.MULTILINE,
    ),
}
_TOKEN = re.compile(r"[A-Za-z0-9+/_=-]{32,}")
# Names of objects, not keys: both vendors put them into every answer.
_OBJECT_ID = re.compile(r"(?:chatcmpl-|call_|fp_|msg_|req_|toolu_)[A-Za-z0-9_]+")
# Bits per character: random base64 of 32 characters has about 4.5, words joined by dashes fewer than 4.
_RANDOM_BITS = 4.0


def scan_for_secrets(path: str | Path) -> list[str]:
    """What in the file *path* looks like a credential: kind and line, never the text itself.

    Known prefixes (``sk-``, ``Bearer``, ``AKIA``, ``ghp_`` and more), auth headers, and tokens of 32
    characters or more that are hexadecimal, or mix cases and digits as only chance does.

    Raises:
        OSError: the file cannot be read.
    """
    text = Path(path).read_text(encoding="utf-8")
    found = [(match.start(), kind) for kind, pattern in _KNOWN.items() for match in pattern.finditer(text)]
    found += [(match.start(), "a random token") for match in _TOKEN.finditer(text) if _is_random(match[0])]
    return [f"{kind} in line {text.count(chr(10), 0, at) + 1}" for at, kind in sorted(found)]


def _is_random(token: str) -> bool:
    if _OBJECT_ID.fullmatch(token):
        return False
    mixed = re.search(r"[A-Z]", token) and re.search(r"[a-z]", token) and re.search(r"[0-9]", token)
    is_hex = re.fullmatch(r"[0-9a-f]{32,}|[0-9A-F]{32,}", token) and re.search(r"[0-9]", token)
    return bool(is_hex) or (bool(mixed) and _bits_per_character(token) > _RANDOM_BITS)


def _bits_per_character(text: str) -> float:
    """Shannon entropy of the characters of *text*."""
    shares = [count / len(text) for count in Counter(text).values()]
    return -sum(share * math.log2(share) for share in shares)
