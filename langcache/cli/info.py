"""``langcache info``."""

from importlib.metadata import version

from langcache.cli import formats
from langcache.cli.command import Session, command
from langcache.cli.output import Report, figures
from langcache.storage.registry import default_url

__all__ = ["info"]


@command("langcache info --url sqlite:///langcache.db")
def info(session: Session) -> Report:
    """Which cache this is, and how much it holds."""
    with session.cache() as cache:
        usage = cache.store.quick_usage(cache.namespace) or cache.store.usage(cache.namespace)
        data = {
            "url": session.loaded.safe_url or default_url(),
            "from": session.loaded.sources.get("url", "default"),
            "namespace": cache.namespace,
            "entries": usage.entries,
            "size_bytes": usage.size_bytes,
            "store": type(cache.store).__name__,
            "version": version("langcache-middleware"),
        }
    rows = [
        ("store", data["url"]),
        ("named by", data["from"]),
        ("namespace", data["namespace"]),
        ("entries", formats.count(usage.entries)),
        ("size", formats.size(usage.size_bytes)),
        ("langcache", data["version"]),
    ]
    return Report(data, [figures(rows)])
