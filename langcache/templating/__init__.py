"""Templates: answers with gaps where personal values stood, and the engine that makes and fills them.

Pure: no I/O, clock, environment or LangChain; the standard library only.
"""

from langcache.templating.binary import is_binary
from langcache.templating.fill import fill
from langcache.templating.known import Known
from langcache.templating.lexicon import Lexicon
from langcache.templating.masked import MaskedList, MaskedText
from langcache.templating.placeholders import placeholders, show
from langcache.templating.read import read
from langcache.templating.slots import Personal
from langcache.templating.template import Gap, Template, from_data, to_data
from langcache.templating.within import is_id_with_more

__all__ = [
    "Gap",
    "Known",
    "Lexicon",
    "MaskedList",
    "MaskedText",
    "Personal",
    "Template",
    "fill",
    "from_data",
    "is_binary",
    "is_id_with_more",
    "placeholders",
    "read",
    "show",
    "to_data",
]
