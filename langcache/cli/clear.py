"""``langcache clear``."""

from langcache.cli.command import Confirm, Session, command
from langcache.cli.going import Going, gone
from langcache.cli.output import Report

__all__ = ["clear"]


@command("langcache clear --namespace staging --confirm")
def clear(session: Session, confirm: Confirm = False) -> Report:
    """Remove every entry of the namespace; the account of what it saved stays."""
    with session.cache() as cache:
        going = Going(cache, remove=confirm)
        with session.progress("clearing" if confirm else "looking", cache) as advance:
            going.go(advance)
        if confirm:
            cache.clear()  # and the leases: an answer under way is not stored any more
    return gone(going)
