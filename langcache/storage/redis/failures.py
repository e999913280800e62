"""Whatever goes wrong between us and the server, as one error that holds no stored text."""

from langcache.errors import StoreError


def failed(error: BaseException) -> StoreError:
    """The store's error for *error*.

    A server quotes commands it does not know, arguments and all; of such a message only the start is kept.
    """
    said = str(error).split(", with args", 1)[0]
    failure = StoreError(f"Redis: {type(error).__name__}: {said}"[:300])
    failure.__cause__ = error
    return failure
