"""Which authorities the tests' HTTP clients trust."""

from collections.abc import Iterator

import certifi
import pytest

__all__ = ["one_authority"]

END = "-----END CERTIFICATE-----\n"


@pytest.fixture(scope="session", autouse=True)
def one_authority(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """One is enough where no call leaves this machine: loading all was a third of what a client cost."""
    path = tmp_path_factory.mktemp("trust") / "one.pem"
    path.write_text(certifi.contents().partition(END)[0] + END)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SSL_CERT_FILE", str(path))
        yield
