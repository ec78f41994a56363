"""A certificate for the judges of proxies; `cargo test -p wavekeep --test it proxies` runs them."""

import pytest
from serving import certify


@pytest.fixture(scope="session")
def certificate(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tls")
    files = folder / "office.pem", folder / "office.key"
    certify(*files)
    return files
