"""What is stored, as people look at it: the entries, one of them, what is near a request, what is wrong.

The command line and the dashboard show what these functions return. Each has an ``a``-prefixed twin.
"""

from langcache.runtime.inspection.detail import EntryDetail, aentry_detail, aresolve_key, entry_detail, resolve_key
from langcache.runtime.inspection.leaves import Leaf
from langcache.runtime.inspection.listing import EntryRow, alist_entries, list_entries

__all__ = [
    "EntryDetail",
    "EntryRow",
    "Leaf",
    "aentry_detail",
    "alist_entries",
    "aresolve_key",
    "entry_detail",
    "list_entries",
    "resolve_key",
]
