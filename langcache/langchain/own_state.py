"""Which fields of a model are its own state: counted or collected in while it runs, not set by its user.

A test double that counts its calls, or LangChain's ``FakeListChatModel`` that remembers its place, would otherwise have
another key after every call. Only models that LangChain cannot serialise are looked at; a vendor's model has no such
fields, and what its methods assign are parameters.
"""

from functools import lru_cache
from typing import Any

from langchain_core.language_models import BaseLanguageModel

from langcache.core.changing import changed_names, method_codes

__all__ = ["has_own_state", "own_state"]

_RUN = ["_generate", "_agenerate", "_stream", "_astream", "_call", "_acall"]


def has_own_state(item: Any) -> bool:
    """Whether *item* may change while it runs: anything but a vendor's model."""
    return not (isinstance(item, BaseLanguageModel) and item.is_lc_serializable())


def own_state(model: Any) -> frozenset[str]:
    """Names of *model*'s fields that its own running assigns or grows."""
    if not isinstance(model, BaseLanguageModel) or not has_own_state(model):
        return frozenset()
    return _of_class(type(model))


@lru_cache(maxsize=256)
def _of_class(cls: Any) -> frozenset[str]:
    changed = {name for code in method_codes(cls, _RUN) for name in changed_names(code)}
    return frozenset(changed & set(cls.model_fields))
