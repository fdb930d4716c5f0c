# SPDX-License-Identifier: Apache-2.0
"""Which error of an S3 server, of the way to it or of its settings ends a program with which exit code."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from cosmogony_steps.errors import MissingObjectError, StepError, TransientError, UsageError
from cosmogony_steps.s3 import S3Server
from cosmogony_steps.s3 import errors as table
from cosmogony_steps.settings import Settings, StorageSettings, apply_environment
from services import free_port
from services.answers import REFUSALS, Answer, s3_error, serving
from services.certificates import make_certificate
from services.connections import find_store


@pytest.fixture(autouse=True)
def _without_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("urllib3.util.retry.Retry.sleep", lambda *_: None)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of 127.0.0.1 that nobody has signed."""
    folder = tmp_path_factory.mktemp("certificate")
    make_certificate(folder, ["localhost"], ["127.0.0.1"])
    return folder


def ask(environment: dict[str, str]) -> StepError:
    """The error that reading an object ends with."""
    with pytest.raises(StepError) as failed:
        find_store(environment).read("osm/a.pbf")
    assert "hush-hush" not in str(failed.value)
    return failed.value


def test_all_permanent_errors_are_tested() -> None:
    permanent = {code for code, (_, exit_code) in REFUSALS.items() if exit_code != 75}
    assert permanent == set(table.REFUSALS)


@pytest.mark.parametrize("code", REFUSALS)
def test_error_code_gives_the_exit_code(code: str) -> None:
    status, exit_code = REFUSALS[code]
    with serving(s3_error(code, status)) as server:
        error = ask(server.environment())
        assert error.exit_code == exit_code
        assert isinstance(error, TransientError) == (exit_code == 75)
        assert f"reading osm/a.pbf at S3 {server.endpoint}/bucket" in str(error)
        assert code in str(error)
        assert "\n" not in str(error)
        assert server.asked == (7 if status in (500, 503) else 1)


def test_unknown_error_code_is_transient() -> None:
    with serving(s3_error("Unheard", 400)) as server:
        assert isinstance(ask(server.environment()), TransientError)


@pytest.mark.parametrize("code", ["NoSuchKey", "NoSuchObject"])
def test_missing_object_is_reported(code: str) -> None:
    with serving(s3_error(code, 404)) as server:
        assert isinstance(ask(server.environment()), MissingObjectError)
        store = find_store(server.environment())
        assert store.find_json("osm/a.pbf.json") is None
        assert store.find_info("osm/a.pbf") is None


@pytest.mark.parametrize(("status", "exit_code"), [(400, 1), (403, 1), (405, 1), (501, 1), (429, 75)])
def test_answer_without_body_is_translated(status: int, exit_code: int) -> None:
    with serving(Answer(status)) as server, pytest.raises(StepError) as failed:
        find_store(server.environment()).find_info("osm/a.pbf")
    assert failed.value.exit_code == exit_code


def test_ignores_long_retry_after() -> None:
    with serving(Answer(503, headers={"Retry-After": "3600"}, then=Answer(404))) as server:
        began = time.monotonic()
        assert find_store(server.environment()).find_info("absent") is None
        assert server.asked == 2
    assert time.monotonic() - began < 60


def test_reads_object_without_content_length() -> None:
    with serving(Answer(200, b'{"a": 1}', without_length=("GET",))) as server:
        assert find_store(server.environment()).find_json("osm/a.pbf.json") == {"a": 1}
    answer = Answer(200, b'{"a": 1}', without_length=("GET", "HEAD"))
    with serving(answer) as server, pytest.raises(StepError, match="have no Content-Length") as caught:
        find_store(server.environment()).find_json("osm/a.pbf.json")
    assert caught.value.exit_code == 1


def test_unreachable_server_is_transient() -> None:
    error = ask({**settings(), "S3_ENDPOINT": f"127.0.0.1:{free_port()}"})
    assert isinstance(error, TransientError)
    assert "is the server up?" in str(error)


def test_other_server_is_reported() -> None:
    with serving(Answer(404, b"<html>not here</html>", "text/html")) as server:
        error = ask(server.environment())
    assert isinstance(error, TransientError)
    assert "is this the S3 port" in str(error)


def test_untrusted_certificate_is_permanent(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    with serving(s3_error("NoSuchKey", 404), certificate) as server:
        error = ask(server.environment(secure=True))
        assert error.exit_code == 1
        assert "certificate is not trusted; add its CA to cosmogony_ca_bundle" in str(error)
        monkeypatch.setenv("CA_BUNDLE", str(certificate / "public.crt"))
        assert isinstance(ask(server.environment(secure=True)), MissingObjectError)


def test_wrong_tls_setting_is_reported() -> None:
    with serving(s3_error("NoSuchKey", 404)) as server:
        error = ask(server.environment(secure=True))
    assert error.exit_code == 1
    assert "set S3_SECURE to false" in str(error)
    with serving(Answer(400, b"Client sent an HTTP request to an HTTPS server.\n", "text/plain")) as server:
        error = ask(server.environment())
    assert error.exit_code == 1
    assert "set S3_SECURE to true" in str(error)


def settings() -> dict[str, str]:
    return {"S3_ENDPOINT": "e:9000", "S3_BUCKET": "bucket", "S3_ACCESS_KEY": "x", "S3_SECRET_KEY": "hush-hush"}


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("S3_ENDPOINT", ":9000", "S3_ENDPOINT ':9000' is not host:port"),
        ("S3_ENDPOINT", "https://e:9000", "S3_ENDPOINT 'https://e:9000' is not host:port"),
        ("S3_ENDPOINT", "http://e:9000/path", "give it without scheme and path"),
        ("S3_ENDPOINT", "", "environment variable S3_ENDPOINT not set"),
        ("S3_BUCKET", "No_Bucket!", "S3_BUCKET 'No_Bucket!' cannot be the name of a bucket"),
        ("S3_SECURE", "perhaps", "S3_SECURE: 'perhaps' is neither true nor false"),
        ("S3_SECRET_KEY", "", "environment variable S3_SECRET_KEY not set"),
    ],
)
def test_refuses_invalid_setting(name: str, value: str, said: str) -> None:
    error = ask({**settings(), name: value})
    assert isinstance(error, UsageError)
    assert error.exit_code == 2
    assert said in str(error)


def test_names_all_missing_variables_of_the_store() -> None:
    error = ask({"S3_ENDPOINT": "e:9000"})
    assert "S3_ACCESS_KEY, S3_SECRET_KEY not set; set it in the step's environment" in str(error)


def source_server(environ: dict[str, str]) -> S3Server:
    return S3Server.from_settings(apply_environment(Settings(), environ).source_storage, environ, "SOURCE_S3_")


def test_messages_name_variables_of_another_server() -> None:
    names = {"SOURCE_S3_ENDPOINT": "e:9000", "SOURCE_S3_SECURE": "no", "SOURCE_S3_REGION": "eu"}
    server = source_server(names)
    assert (server.endpoint, server.secure, server.region, server.access_key) == ("e:9000", False, "eu", None)
    with pytest.raises(UsageError, match="only one of SOURCE_S3_ACCESS_KEY and SOURCE_S3_SECRET_KEY"):
        source_server({**names, "SOURCE_S3_ACCESS_KEY": "x"})
    with pytest.raises(UsageError, match="SOURCE_S3_ENDPOINT 'http://e' is not host:port"):
        source_server({"SOURCE_S3_ENDPOINT": "http://e"}).make_client()


def test_repr_of_server_hides_the_secret() -> None:
    assert "hush-hush" not in repr(S3Server.from_settings(StorageSettings(endpoint="e:9000"), settings()))
