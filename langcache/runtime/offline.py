"""A store that could not be opened: every call says why, and the guard turns that into a miss."""

from typing import Any, NoReturn

from langcache.errors import StoreError
from langcache.storage.base import Store

__all__ = ["OfflineStore"]


class OfflineStore(Store):
    """Stands where a store should be.

    Args:
        error: why there is none, such as a file that is not ours; raised by every call but ``close``.
    """

    def __init__(self, error: StoreError) -> None:
        self.error = error

    def _refuse(self, *_: Any, **__: Any) -> NoReturn:
        raise self.error

    def close(self) -> None:
        """Nothing is open."""

    async def aclose(self) -> None:
        """Nothing is open."""

    get = put = delete = scan = clear = acquire = renew = release = usage = purge = _refuse
    aget = aput = adelete = ascan = aclear = aacquire = arenew = arelease = ausage = apurge = _refuse
    quick_usage = add_counts = read_counts = drop_counts = _refuse
    aquick_usage = aadd_counts = aread_counts = adrop_counts = _refuse
