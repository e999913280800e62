"""The Redis store through TLS, with a certificate made here."""

import datetime
import ipaddress
import ssl

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from langcache.errors import StoreError
from langcache.storage.registry import open_store
from langcache.testing.contract import NOW, StoreContract, record
from langcache.testing.drivers import drive
from langcache.testing.proxy import running_proxy


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """The file of a certificate for the loopback, with its key."""
    key, name = generate_private_key(SECP256R1()), x509.Name([])
    today = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder(issuer_name=name, subject_name=name, public_key=key.public_key())
        .serial_number(1)
        .not_valid_before(today - datetime.timedelta(days=1))
        .not_valid_after(today + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "certificate.pem"
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(made.public_bytes(Encoding.PEM) + private)
    return path


@pytest.fixture
def tls_port(redis_server, certificate):
    """A port that speaks TLS in front of the server, whether or not that was built with it."""
    redis_server.ask("FLUSHALL")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with running_proxy(redis_server.port, tls=context) as proxy:
        yield proxy.port


class TestTLSStore(StoreContract):
    @pytest.fixture
    def make_store(self, tls_port, certificate):
        return lambda: open_store(f"rediss://127.0.0.1:{tls_port}?ssl_ca_certs={certificate}&timeout_s=60")


@pytest.mark.parametrize("half", ["sync", "async"])
def test_an_unknown_certificate_is_refused(half, tls_port):
    """Certificates are checked unless the user's own say otherwise."""
    store = drive(half, lambda: open_store(f"rediss://127.0.0.1:{tls_port}", timeout_s=60))
    with pytest.raises(StoreError, match=r"certificate|CERTIFICATE"):
        store.get("ns", "k", now=NOW)
    store.finish()


@pytest.mark.parametrize("half", ["sync", "async"])
def test_trusted_certificates_are_read_once(half, tls_port, certificate, monkeypatch):
    """Not for each of many connections: reading them keeps all threads, or the event loop, from anything else."""
    made = []
    make = ssl.create_default_context
    monkeypatch.setattr(ssl, "create_default_context", lambda *args, **more: made.append(1) or make(*args, **more))
    store = drive(half, lambda: open_store(f"rediss://127.0.0.1:{tls_port}?ssl_ca_certs={certificate}&timeout_s=60"))
    store.get("ns", "k", now=NOW)
    gets = [("get", ("ns", "k"), {"now": NOW}) for _ in range(8)]
    assert store.together(gets) == [None] * 8
    assert len(made) == 1
    store.finish()


def test_the_tier_is_told_through_tls(tls_port, certificate):
    """Tracking goes the same way."""
    from langcache.testing.redis_server import wait_until

    store = open_store(f"tiered+rediss://127.0.0.1:{tls_port}?ssl_ca_certs={certificate}&timeout_s=60")
    store.put("ns", "k", record(), now=NOW)
    wait_until(lambda: store.get("ns", "k", now=NOW + 10_000) and store._tier._told, "tracking")
    store.close()
