"""A place to look: what the cache saved and what to do next, in a browser (extra ``dashboard``)."""

from typing import TYPE_CHECKING, Any

from langcache.errors import DeclarationError

if TYPE_CHECKING:
    from langcache.dashboard.app import create_app
    from langcache.dashboard.serving import serve

__all__ = ["create_app", "serve"]

EXTRA = ("starlette", "uvicorn", "jinja2")


def __getattr__(name: str) -> Any:
    """The public names, loaded when first used: what they stand on comes with an extra."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        from langcache.dashboard import app, serving
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] not in EXTRA:
            raise
        message = f'the dashboard needs {error.name}: pip install "langcache-middleware[dashboard]"'
        raise DeclarationError(message) from None
    return {"create_app": app.create_app, "serve": serving.serve}[name]
