"""Large uploads keep memory flat, and TLS names and verifies the host although an address is called."""

import hashlib
import io
import socket
import ssl
import threading
import tracemalloc

import pytest

from connectors.sdk.errors import Unreachable
from connectors.sdk.guard import AddressRefused, Guard
from connectors.sdk.http import Api, Limits
from connectors.sdk.wire import GuardedTransport, guarded_client
from tests.unit.sdk.loopback import respond
from tests.unit.sdk.test_http import ANY, manifest, outgoing

LARGE = 64 * 1024 * 1024
OVER_2_GIB = 2 * 1024**3 + 65536
MOST = 4 * 1024 * 1024


class Zeros(io.RawIOBase):
    """A file of zeros that holds nothing."""

    def __init__(self, size):
        self.left = size

    def readable(self):
        return True

    def read(self, size=-1):
        assert 0 < size <= 1024 * 1024
        size = min(size, self.left)
        self.left -= size
        return bytes(size)


def sink(listener, totals):
    """Count a request's bytes without keeping them."""
    conn, _ = listener.accept()
    with conn:
        head, total, length = b"", 0, None
        while length is None or total < length:
            data = conn.recv(1 << 18)
            if not data:
                return
            if length is None:
                head += data
                if b"\r\n\r\n" in head:
                    top, _, rest = head.partition(b"\r\n\r\n")
                    fields = [line for line in top.split(b"\r\n") if line.lower().startswith(b"content-length")]
                    length, total = int(fields[0].split(b":")[1]), len(rest)
            else:
                total += len(data)
        totals.append(total)
        conn.sendall(respond(201))


@pytest.mark.parametrize(
    ("way", "size"), [("raw", LARGE), ("form", LARGE), pytest.param("raw", OVER_2_GIB, marks=pytest.mark.again)]
)
def test_a_large_upload_keeps_memory_flat(way, size):
    digest = hashlib.sha256(b"").hexdigest()
    large = outgoing(size=size, sha256=digest, open=lambda: Zeros(size))
    totals = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        origin = f"http://127.0.0.1:{listener.getsockname()[1]}"
        thread = threading.Thread(target=sink, args=(listener, totals))
        thread.start()
        with guarded_client(Guard(trusted_origins=[origin])) as client:
            api = Api(origin, manifest=manifest(), client=client, limits=Limits(total_s=300))
            tracemalloc.start()
            answer = api.upload("/m", large, headers={}) if way == "raw" else api.upload_form("/m", large)
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
        thread.join()
    assert answer.status == 201
    assert totals[0] >= size
    assert peak < MOST


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A self-signed certificate for one name."""
    import datetime as dt

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "named.example")])
    begin = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(begin).not_valid_after(begin.replace(year=2090))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("named.example")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    folder = tmp_path_factory.mktemp("tls")
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    (folder / "key.pem").write_bytes(pem)
    return folder


@pytest.mark.parametrize(("name", "reached"), [("named.example", True), ("other.example", False)])
def test_tls_names_and_verifies_the_host_that_was_asked_for(certificate, name, reached):
    names = []
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")
    context.sni_callback = lambda sock, sni, ctx: names.append(sni)
    trusting = ssl.create_default_context(cafile=str(certificate / "cert.pem"))

    def handle(listener):
        conn, _ = listener.accept()
        try:
            with context.wrap_socket(conn, server_side=True) as tls:
                tls.recv(65536)
                tls.sendall(respond(body=b'{"a": 1}'))
        except OSError:
            conn.close()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        origin = f"https://{name}:{listener.getsockname()[1]}"
        thread = threading.Thread(target=handle, args=(listener,))
        thread.start()
        guard = Guard(trusted_origins=[origin], resolver=lambda host, port: ["127.0.0.1"])
        with guarded_client(guard, transport=GuardedTransport(guard, tls=trusting)) as client:
            api = Api(origin, manifest=manifest(), client=client, limits=Limits(total_s=5, read_attempts=1))
            if reached:
                assert api.get("/", ANY) == {"a": 1}
            else:
                with pytest.raises(Unreachable):
                    api.get("/", ANY)
        thread.join()
    assert names == [name]


def test_a_local_socket_is_never_called():
    transport = GuardedTransport(Guard())
    with pytest.raises(AddressRefused):
        transport._pool._network_backend.connect_unix_socket("/run/docker.sock")
    transport.close()
