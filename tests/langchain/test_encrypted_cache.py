"""Encryption at rest, from the door: nothing readable in the file, and everything works as without."""

from pathlib import Path

from support.chains import SAY, Applicant, chain, founder
from support.models import CountingModel

from langcache import Cache
from langcache.storage.encrypted import generate_key


def test_ciphertext_holds_no_plaintext_of_an_answer_and_rotation_keeps_it_readable(tmp_path: Path) -> None:
    """An old key still reads; without it, the answer is fetched anew."""
    url, old, new = f"sqlite:///{tmp_path / 'x.db'}", generate_key(), generate_key()
    model = CountingModel(say=SAY)
    for keys, calls in (([old], 1), ([new, old], 1), ([old], 1), ([new], 2)):
        with Cache(url, encryption_keys=keys) as cache:
            wrapped = cache.wrap(chain(model), profile=Applicant, name="plan", tags=["mail"])
            assert wrapped.invoke(founder()) == "Pitch PathAI to MIT and CMU."
            assert model.calls == calls
    at_rest = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert [word for word in (b"Pitch", b"founder", b"mail") if word in at_rest] == []
    with Cache(url, encryption_keys=[new]) as cache:
        assert cache.invalidate(tags="mail") == 1
