"""What is stored, as people look at it: the entries, one of them, what is near a request, what is wrong; and carrying
entries from one store to another.

The command line and the dashboard show what these functions return. Each has an ``a``-prefixed twin.
"""

from langcache.runtime.inspection.checkup import (
    Checkup,
    Finding,
    acheck_entries,
    ais_encrypted,
    check_entries,
    is_encrypted,
)
from langcache.runtime.inspection.detail import EntryDetail, aentry_detail, aresolve_key, entry_detail, resolve_key
from langcache.runtime.inspection.leaves import Leaf
from langcache.runtime.inspection.listing import EntryRow, alist_entries, list_entries
from langcache.runtime.inspection.nearest import Near, Neighbours, anearest_entries, nearest_entries
from langcache.runtime.inspection.transfer import (
    Imported,
    aexport_lines,
    aimport_lines,
    carried_lines,
    export_lines,
    import_lines,
)

__all__ = [
    "Checkup",
    "EntryDetail",
    "EntryRow",
    "Finding",
    "Imported",
    "Leaf",
    "Near",
    "Neighbours",
    "acheck_entries",
    "aentry_detail",
    "aexport_lines",
    "aimport_lines",
    "ais_encrypted",
    "alist_entries",
    "anearest_entries",
    "aresolve_key",
    "carried_lines",
    "check_entries",
    "entry_detail",
    "export_lines",
    "import_lines",
    "is_encrypted",
    "list_entries",
    "nearest_entries",
    "resolve_key",
]
