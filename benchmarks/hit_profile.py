"""Where the microseconds of a hit go: each part of it timed alone, on the chain of ``hit_latency.py``.

python benchmarks/hit_profile.py [--json]
"""

import argparse
import json
import timeit
from collections.abc import Callable
from typing import Any

from hit_latency import ANSWER, PROFILE, PROMPT, USER
from langchain_core.language_models.fake_chat_models import FakeListChatModel
from langchain_core.output_parsers import StrOutputParser
from langchain_core.runnables import ensure_config

from langcache import Cache
from langcache.core.encoding import canonical, digest
from langcache.core.entry import Entry
from langcache.core.events import Event
from langcache.core.reading import read_request
from langcache.langchain.announce import Announcer
from langcache.langchain.chain_work import ChainWork
from langcache.langchain.listening import listening
from langcache.runtime.steps import drive
from langcache.storage.codec import open_sealed


def parts() -> dict[str, Callable[[], Any]]:
    """Each part of a hit, ready to be called on its own."""
    cache = Cache("memory://")
    wrapped = cache.wrap(PROMPT | FakeListChatModel(responses=[ANSWER]) | StrOutputParser(), profile=PROFILE)
    wrapped.invoke(USER)
    chain, config = wrapped.chain, ensure_config(None)
    announcer = Announcer("x", config, heard=False)
    work = ChainWork(chain, USER, config, {}, announcer)
    record = cache.store.get(cache.namespace, work.key, now=cache.clock.now())
    assert record is not None
    assert work.request is not None
    request = work.request
    payload = open_sealed(work.key, record.value)
    entry = Entry.from_bytes(payload)
    return {
        WHOLE: lambda: wrapped.invoke(USER),
        "config of the call": lambda: ensure_config(None),
        "does anything listen?": lambda: listening(config),
        "the request": lambda: ChainWork(chain, USER, config, {}, announcer),
        "  has the chain changed?": chain.identity,
        "  read the profile": lambda: read_request(PROFILE.declaration, USER, {}),
        "  encode and hash the key": lambda: digest(request.identity.prefix + canonical(request._parts())),
        "  directives": work._directives,
        "the flow": lambda: drive(cache.engine.answer(work)),
        "  store get (memory)": lambda: cache.store.get(cache.namespace, work.key, now=1.0),
        "  check the seal": lambda: open_sealed(work.key, record.value),
        "  parse the entry": lambda: Entry.from_bytes(payload),
        "  fill the template": lambda: work.fill(entry),
        "  count the event": lambda: cache.ledger.record(Event("x")),
    }


WHOLE = "whole hit"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    times = {name: min(timeit.repeat(call, number=500, repeat=9)) / 500 for name, call in parts().items()}
    whole = times.pop(WHOLE)
    top = sum(taken for name, taken in times.items() if not name.startswith(" "))
    times["between them"] = whole - top
    if asked.json:
        print(json.dumps({"whole_s": whole, "parts_s": times}))
        return
    for name, taken in times.items():
        print(f"{name:32} {taken * 1e6:6.1f} us   {taken / whole:5.0%}")
    print(f"{WHOLE:32} {whole * 1e6:6.1f} us")


if __name__ == "__main__":
    main()
