# SPDX-License-Identifier: Apache-2.0
"""The report of a run: what is in it, where it is kept, and what becomes of it at the webhook."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import psycopg
import pytest
from importer_support.helpers import ID, Bucket, Importer, expected_count, grid, manifest_inputs, manifest_source
from services import free_port

DOCUMENTS = Path(__file__).parents[2] / "base/tests/documents"
STARTED = "2026-11-22T22:10:00Z"
RUN = "cosmogony-update-x7k2p"
TOKEN = "T0KEN-of-a-chat"
SOURCES = json.dumps(
    [{"url": "http://download.example.org/land.osm.pbf"}, {"url": "http://download.example.org/old.osm.pbf"}]
)


@dataclass
class Receiver:
    """A real server on this machine that takes what is posted, or answers as the test wants."""

    answers: list[int] = field(default_factory=list)
    posts: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    delay: float = 0.0

    def __post_init__(self) -> None:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                assert self.headers["Content-Type"] == "application/json"
                receiver.posts.append((self.path, json.loads(body)))
                status = receiver.answers.pop(0) if receiver.answers else 200
                if status == 0:  # hang up
                    self.connection.close()
                    return
                self.send_response(status)
                if status == 302:
                    self.send_header("Location", receiver.url + "/elsewhere")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/hook/{TOKEN}"

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    running = Receiver()
    monkeypatch.setenv("WEBHOOK_URL", running.url)
    monkeypatch.setattr("cosmogony_importer.reports.webhook.PAUSE", 0.01)
    yield running
    running.stop()


@pytest.fixture(autouse=True)
def no_webhook(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("WEBHOOK_URL", "WEBHOOK_NAME"):
        monkeypatch.delenv(name, raising=False)


def markers(bucket: Bucket, name: str, fetched: str, extracted: str) -> None:
    file = {
        "url": f"http://download.example.org/{name}",
        "file": name,
        "size": 7,
        "sha256": "ab",
        "md5": "cd",
        "version_date": "2026-11-22",
        "seconds": 3.5,
    }
    version = {"url": file["url"], "size": 7}
    source = {"name": name, **file, "version": version, "etag": "ef", "fetched": fetched}
    bucket.put(f"osm/{name}.json", json.dumps(source).encode())
    part = {
        "name": name,
        "digest": "01",
        "source": file,
        "rules": "23",
        "extractor": "45",
        "languages": ["fr"],
        "country_code": "",
        "disable_voronoi": False,
        "size": 70,
        "sha256": "67",
        "etag": "89",
        "zones": 17,
        "extracted": extracted,
        "seconds": 12.5,
    }
    bucket.put(f"cosmogony-data/parts/{name}.json", json.dumps(part).encode())


@pytest.fixture
def merged(bucket: Bucket) -> Bucket:
    """What fetch, extract, merge and stats of the run left; one source is of an earlier run."""
    markers(bucket, "land.osm.pbf", "2026-11-22T22:10:20Z", "2026-11-22T22:11:00Z")
    markers(bucket, "old.osm.pbf", "2026-11-20T02:00:00Z", "2026-11-20T02:01:00Z")
    dropped = [{"osm_id": f"relation:{n}", "source": "a", "kept_source": "b"} for n in range(60)]
    bucket.release(
        grid(4),
        ID,
        inputs=manifest_inputs(languages=["fr"]),
        sources=[manifest_source("land.osm.pbf"), manifest_source("old.osm.pbf")],
        dropped=dropped,
        durations={"fetch": 99, "extract": 99, "merge": 0.0},
    )
    statistics = json.dumps([expected_count(status) for status in ("ok", "ko", "ok")]).encode()

    bucket.client.put_object(
        bucket.name,
        f"releases/{ID}/test_results.json",
        io.BytesIO(statistics),
        len(statistics),
        metadata={"seconds": "1.4"},
    )
    return bucket


def report(importer: Importer, status: str, *more: str, failures: list[dict] | None = None) -> dict[str, Any]:
    """The report as the exit handler calls it; Argo quotes the failures once more."""
    parameters = [{"name": "mode", "value": "full"}, {"name": "override", "value": ""}]
    importer.run(
        "report",
        f"--run={RUN}",
        f"--status={status}",
        f"--started={STARTED}",
        "--duration=83.123456",
        f"--parameters={json.dumps(parameters)}",
        f"--failures={json.dumps(json.dumps(failures))}",
        f"--set=sources.extracts={SOURCES}",
        *more,
    )
    assert TOKEN not in importer.out + importer.err
    return json.loads(importer.out[importer.out.index("{\n") : importer.out.rindex("\n}") + 2])


def failed(name: str, message: str, at: str = "22:12:00", template: str = "main") -> dict[str, Any]:
    return {
        "displayName": name,
        "message": message,
        "templateName": template,
        "phase": "Failed",
        "podName": f"{RUN}-main-1",
        "finishedAt": f"2026-11-22T{at}Z",
    }


def test_report_of_a_published_release(importer: Importer, merged: Bucket, receiver: Receiver) -> None:
    importer.run("load", "--release", ID)
    importer.run("tiles", "--release", ID, "--max-zoom", 3)
    importer.run("gate", "--release", ID)
    importer.run("publish", "--release", ID)
    importer.run("clean")
    summary = report(importer, "Succeeded")
    assert (summary["result"], summary["release"], summary["live"]["id"]) == ("published", ID, ID)
    assert summary["text"] == f"{RUN}: release {ID} is published, 17 zones of 2 sources in 0:01:23"
    sources = {one["name"]: (one["fetched"], one["extracted"], one["seconds"]) for one in summary["inputs"]["sources"]}
    assert sources == {
        "land.osm.pbf": (True, True, {"fetch": 3.5, "extract": 12.5}),
        "old.osm.pbf": (False, False, {"fetch": 0, "extract": 0}),
    }
    assert summary["skipped"] == ["old.osm.pbf"]
    assert (summary["dropped"]["number"], len(summary["dropped"]["zones"])) == (60, 50)
    assert summary["counts"]["expected"] == {"ok": 2, "ko": 1, "skip": 0}
    assert (summary["counts"]["zones"], summary["counts"]["loaded"]) == (17, 17)
    durations = summary["durations"]
    assert set(durations) == {
        *("fetch", "extract", "merge", "load", "stats", "tiles", "gate", "publish", "clean"),
        "total",
    }
    assert (durations["fetch"], durations["merge"], durations["stats"], durations["total"]) == (3.5, 0.0, 1.4, 83.1)
    assert summary["gate"]["verdict"] == "passed"
    assert summary["gate"]["figures"]["outside"]["outside"] == 0
    assert (summary["failures"], summary["warnings"]) == ([], [])
    assert (summary["inputs"]["languages"], summary["inputs"]["as_original"]) == (["fr"], False)
    assert (summary["left_out"], summary["repaired"]) == (None, None), "a manifest of an earlier program has none"
    assert summary["webhook"] == {"posted": True, "status": 200, "attempts": 1}
    assert merged.get(f"runs/{RUN}/summary.json") == merged.get(f"releases/{ID}/summary.json") == summary
    ((path, posted),) = receiver.posts
    assert path == f"/hook/{TOKEN}"
    assert posted["text"] == summary["text"] and posted["run"] == RUN and posted["durations"] == durations


def test_report_lists_left_out_and_repaired_objects(importer: Importer, bucket: Bucket) -> None:
    rows = [
        {"reason": "no_name", "country_code": "AA", "admin_level": 8, "place": None, "count": n, "examples": ["node:1"]}
        for n in range(60)
    ]
    broken = rows[0] | {"reason": "broken_geometry", "count": 1, "examples": ["relation:7"]}
    bucket.release(
        grid(4), ID, inputs=manifest_inputs(as_original=True), left_out=[broken, *rows, "no row"], repaired=[]
    )
    importer.run("load", "--release", ID)
    importer.run("gate", "--release", ID)
    summary = report(importer, "Succeeded")
    assert summary["inputs"]["as_original"] is True
    assert summary["left_out"]["by_reason"] == {"broken_geometry": 1, "no_name": sum(range(60))}
    assert [row["count"] for row in summary["left_out"]["rows"]] == [*range(59, 9, -1)]
    assert summary["left_out"]["rows"][0] == rows[59]
    assert summary["repaired"] == {"by_reason": {}, "rows": []}
    assert summary["warnings"] == ["1 left out as broken_geometry: relation:7", "no release is live"]


def test_report_of_a_run_without_changes(importer: Importer, bucket: Bucket) -> None:
    markers(bucket, "land.osm.pbf", "2026-11-20T02:00:00Z", "2026-11-20T02:01:00Z")
    markers(bucket, "old.osm.pbf", "2026-11-20T02:00:00Z", "2026-11-20T02:01:00Z")
    live = importer.load(importer.folder / write(importer))
    importer.run("publish")
    summary = report(importer, "Succeeded")
    assert (summary["result"], summary["release"], summary["live"]["id"]) == ("current", None, live)
    assert summary["text"] == f"{RUN}: nothing is new, release {live} stays live in 0:01:23"
    assert summary["skipped"] == ["land.osm.pbf", "old.osm.pbf"]
    assert summary["webhook"] is None
    assert bucket.get(f"runs/{RUN}/summary.json") == summary
    assert not [key for key in bucket.keys("releases/") if key.endswith("summary.json")]


def write(importer: Importer) -> str:
    (importer.folder / "live.jsonl").write_text("".join(json.dumps(one) + "\n" for one in grid(5)))
    return "live.jsonl"


def test_report_of_a_blocked_release(importer: Importer, merged: Bucket, receiver: Receiver) -> None:
    live = importer.load(importer.folder / write(importer))
    importer.run("publish")
    importer.run("load", "--release", ID)
    importer.run("gate", "--release", ID, code=1)
    nodes = [
        failed("gate(0)", f"main: Error (exit code 1): release {ID} is blocked"),
        failed("gate", "retryStrategy.expression evaluated to false"),
        failed("release", "", template="release"),
        failed(RUN, ""),
    ]
    summary = report(importer, "Failed", failures=nodes)
    assert (summary["result"], summary["status"], summary["live"]["id"]) == ("blocked", "Failed", live)
    assert f"the gate blocks release {ID} (all zones: 17 zones, 26 in the live release" in summary["text"]
    assert f"release {live} stays live" in summary["text"]
    assert summary["failures"] == [
        {
            "step": "gate",
            "message": f"main: Error (exit code 1): release {ID} is blocked",
            "pod": f"{RUN}-main-1",
            "finished": "2026-11-22T22:12:00Z",
        }
    ]
    assert summary["gate"]["verdict"] == "blocked"
    assert receiver.posts[0][1]["result"] == "blocked"
    assert f"releases/{ID}/summary.json" not in merged.keys("releases/")


def test_report_of_an_overridden_release_has_the_reason(importer: Importer, merged: Bucket) -> None:
    importer.load(importer.folder / write(importer))
    importer.run("publish")
    importer.run("load", "--release", ID)
    importer.run("gate", "--release", ID, "--override", "cities were merged")
    importer.run("publish", "--release", ID)
    summary = report(importer, "Succeeded")
    assert summary["result"] == "published"
    assert summary["warnings"][0].startswith("overridden: all zones: 17 zones, 26 in the live")
    assert summary["gate"]["verdict"] == "overridden"


def test_report_warns_of_gate_report_of_newer_version(
    importer: Importer, merged: Bucket, db: psycopg.Connection
) -> None:
    importer.run("load", "--release", ID)
    db.execute("UPDATE cosmogony_catalog.releases SET gate = %s", ('{"format": 99, "verdict": "passed"}',))
    importer.run("publish", "--release", ID)
    summary = report(importer, "Succeeded")
    assert (summary["result"], summary["gate"]) == ("published", None)
    assert summary["warnings"][0].startswith(f"gate report of release {ID} has format 99")


def test_report_of_a_run_that_failed_early(importer: Importer, bucket: Bucket) -> None:
    """Attempts that a retry made good are not the cause, and those of two sources stay apart."""
    markers(bucket, "old.osm.pbf", "2026-11-20T02:00:00Z", "2026-11-20T02:01:00Z")
    nodes = [
        failed("plan(0)", "main: Error (exit code 75): S3 is away", "22:10:05"),
        failed("fetch(0)", 'main: Error (exit code 1): source "land": HTTP 404', "22:10:30"),
        failed("fetch(0)", "main: Error (exit code 1): source old: wrong md5", "22:10:31"),
        failed("fetch", "retryStrategy.expression evaluated to false", "22:10:32"),
        failed("source(0:name:land.osm.pbf)", "", "22:10:32", "source"),
    ]
    summary = report(importer, "Failed", failures=nodes)
    assert (summary["result"], summary["release"], summary["live"]) == ("failed", None, None)
    assert [cause["message"] for cause in summary["failures"]] == [
        'main: Error (exit code 1): source "land": HTTP 404',
        "main: Error (exit code 1): source old: wrong md5",
    ]
    assert summary["text"].startswith(
        f'{RUN}: failed at fetch: main: Error (exit code 1): source "land": HTTP 404; no release'
    )
    assert [source["name"] for source in summary["inputs"]["sources"]] == ["land.osm.pbf", "old.osm.pbf"]


def test_report_accepts_unset_argo_variables(importer: Importer, bucket: Bucket) -> None:
    """Variables without a value stay unchanged; quoting in Go's way is understood."""
    importer.run(
        "report",
        f"--run={RUN}",
        "--status=Error",
        "--started={{workflow.creationTimestamp}}",
        "--duration={{workflow.duration}}",
        "--parameters={{workflow.parameters.json}}",
        "--failures=" + '"[{\\"displayName\\":\\"x\\",\\"message\\":\\"\\U000e0001 odd\\"}]"',
    )
    summary = json.loads(importer.out[importer.out.index("{\n") : importer.out.rindex("\n}") + 2])
    assert (summary["started"], summary["durations"]["total"], summary["mode"]) == (None, None, None)
    assert summary["failures"] == [{"step": "x", "message": "\U000e0001 odd"}]


@pytest.mark.parametrize("cut", [900, 1200, 1500])
@pytest.mark.parametrize("quoted", [True, False])
def test_report_reads_truncated_list_of_failures(importer: Importer, bucket: Bucket, cut: int, quoted: bool) -> None:
    nodes = [failed("fetch(4)", f'source "{n}.osm.pbf": HTTP 404') for n in range(20)]
    text = json.dumps(nodes, separators=(",", ":"))
    importer.run(
        "report", f"--run={RUN}", "--status=Failed", f"--failures={(json.dumps(text) if quoted else text)[:cut]}"
    )
    summary = json.loads(importer.out[importer.out.index("{\n") : importer.out.rindex("\n}") + 2])
    assert summary["failures"][0]["message"] == 'source "0.osm.pbf": HTTP 404'
    assert 3 <= len(summary["failures"]) < 20
    assert all(cause["step"] == "fetch" for cause in summary["failures"])


def test_report_takes_sources_from_the_plan_without_a_release(importer: Importer, bucket: Bucket) -> None:
    plan = json.loads((DOCUMENTS / "plan.json").read_text(encoding="utf-8"))
    bucket.put(f"runs/{RUN}/plan.json", json.dumps(plan).encode())
    summary = report(importer, "Failed", failures=[])
    assert [source["name"] for source in summary["inputs"]["sources"]] == [item["name"] for item in plan["items"]]


@pytest.mark.parametrize(
    ("answers", "posts", "error"),
    [
        ([500, 503, 200], 3, None),
        ([0, 200], 2, None),
        ([429, 200], 2, None),
        ([500, 500, 500, 500, 200], 4, "it answered HTTP 500"),
        ([404, 200], 1, "it answered HTTP 404"),
        ([302, 200], 1, "it answered HTTP 302"),
    ],
)
def test_webhook_retries_transient_errors(
    importer: Importer, bucket: Bucket, receiver: Receiver, answers: list[int], posts: int, error: str | None
) -> None:
    receiver.answers = list(answers)
    summary = report(importer, "Succeeded")  # ends well in any case
    assert len(receiver.posts) == posts == summary["webhook"]["attempts"]
    assert summary["webhook"]["posted"] is (error is None)
    assert summary["webhook"].get("error") == error
    if error:
        assert (
            f"the webhook did not accept the summary ({error}); this does not change the result of the run"
            in summary["warnings"]
        )
        assert f" WARN the webhook did not accept the summary ({error})" in importer.err
    assert bucket.get(f"runs/{RUN}/summary.json") == summary
    assert TOKEN not in json.dumps(summary)


@pytest.mark.parametrize(
    ("url", "error"),
    [
        ("http://127.0.0.1:{closed}/{token}", "the connection was refused"),
        ("http://no-such-host.invalid/{token}", "the name of its host is unknown"),
        ("https://127.0.0.1:{plain}/{token}", "its certificate is not trusted, or it does not speak TLS"),
        ("ftp://127.0.0.1/{token}", "its key url is not an http(s) URL"),
        ("{token}", "its key url is not an http(s) URL"),
        ("http://127.0.0.1:99999/{token}", "its key url is not an http(s) URL"),
    ],
)
def test_unreachable_webhook_is_a_warning(
    importer: Importer,
    bucket: Bucket,
    receiver: Receiver,
    monkeypatch: pytest.MonkeyPatch,
    url: str,
    error: str,
) -> None:
    port = receiver.server.server_port
    monkeypatch.setenv("WEBHOOK_URL", url.format(closed=free_port(), plain=port, token=TOKEN))
    summary = report(importer, "Succeeded")
    assert summary["webhook"]["error"] == error
    assert TOKEN not in json.dumps(bucket.get(f"runs/{RUN}/summary.json"))


def test_webhook_gets_the_first_of_many_sources(importer: Importer, bucket: Bucket, receiver: Receiver) -> None:
    plan = json.loads((DOCUMENTS / "plan.json").read_text(encoding="utf-8"))
    names = [f"source-{number:04}.osm.pbf" for number in range(1000)]
    plan["items"] = [plan["items"][0] | {"name": name} for name in names]
    bucket.put(f"runs/{RUN}/plan.json", json.dumps(plan).encode())
    for name in names[:10]:
        markers(bucket, name, STARTED, STARTED)
    stored = report(importer, "Failed", failures=[])
    assert [source["name"] for source in stored["inputs"]["sources"]] == names
    assert [source["fetched"] for source in stored["inputs"]["sources"]] == [True] * 10 + [False] * 990
    assert bucket.get(f"runs/{RUN}/summary.json") == stored
    ((_, posted),) = receiver.posts
    shown = posted["inputs"]["sources"]
    assert shown == stored["inputs"]["sources"][: len(shown)]
    assert 30 < len(shown) < 200
    assert len(json.dumps(posted)) < 64 * 1024
    warning = f"{1000 - len(shown)} of 1000 sources are left out here; the complete summary is runs/{RUN}/summary.json"
    assert warning in posted["warnings"]
    assert warning not in stored["warnings"]


def test_missing_webhook_secret_is_a_warning(
    importer: Importer, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WEBHOOK_NAME", "no-webhook")
    assert report(importer, "Succeeded")["warnings"] == ["no release is live"]
    monkeypatch.setenv("WEBHOOK_NAME", "chat")
    summary = report(importer, "Succeeded")
    assert "nothing is posted: Secret chat, or its key url, is not in the namespace" in summary["warnings"]


def test_report_works_without_store_and_database(
    importer: Importer, bucket: Bucket, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("urllib3.util.retry.Retry.sleep", lambda *_: None)
    monkeypatch.setattr("cosmogony_importer.database.sessions.connect.__defaults__", (0.5,))
    monkeypatch.setenv("S3_ENDPOINT", f"127.0.0.1:{free_port()}")
    monkeypatch.setenv("POSTGRES_PORT", str(free_port()))
    summary = report(importer, "Failed", failures=[failed("load(0)", "lost"), failed("load", "No more retries left")])
    warnings = " | ".join(summary["warnings"])
    assert "the S3 store could not be reached for this summary" in warnings
    assert "the database could not be reached for this summary" in warnings
    assert "the summary is not stored" in warnings
    assert summary["failures"][0]["step"] == "load"
    assert summary["live"] is None and "no release is live" not in summary["warnings"]
    assert [post["result"] for _, post in receiver.posts] == ["failed"]


def test_posts_a_stored_summary_again(
    importer: Importer, bucket: Bucket, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    report(importer, "Succeeded")
    receiver.posts.clear()
    importer.run("report", "--run", RUN)
    assert [post["run"] for _, post in receiver.posts] == [RUN]
    receiver.answers = [404]
    assert "it answered HTTP 404" in importer.run("report", "--run", RUN, code=1)
    receiver.answers = [503] * 4
    assert "it answered HTTP 503" in importer.run("report", "--run", RUN, code=75)
    bucket.put("runs/former.json", json.dumps(bucket.get(f"runs/{RUN}/summary.json")).encode())
    receiver.posts.clear()
    importer.run("report", "--run", "former")
    assert [post["run"] for _, post in receiver.posts] == [RUN], "one from before there were plans beside summaries"
    assert "no summary of run other is stored" in importer.run("report", "--run", "other", code=1)
    assert "is not the name of a workflow" in importer.run("report", "--run", "../x", code=2)
    monkeypatch.delenv("WEBHOOK_URL")
    assert "no webhook is set" in importer.run("report", "--run", RUN, code=1)
