# SPDX-License-Identifier: Apache-2.0
"""Documents of today's and of earlier programs are read; anything else is refused with its reason."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from cosmogony_steps.documents import (
    ABSENT,
    CountStatus,
    Document,
    DocumentError,
    GateReport,
    GateVerdict,
    Manifest,
    NewerFormatError,
    PartMarker,
    Plan,
    ReleaseState,
    RunResult,
    RunSummary,
    SourceMarker,
    Statistics,
    WarningKind,
    to_json,
)
from cosmogony_steps.documents.document import convert_document
from cosmogony_steps.documents.schemas import DOCUMENTS, make_schemas
from cosmogony_steps.errors import StepError
from cosmogony_steps.settings import Settings
from jsonschema import Draft202012Validator, FormatChecker

_FOLDER = Path(__file__).parent / "documents"
# written by the programs of the commit before these types were there
_EXAMPLES: list[tuple[str, type[Document], str]] = [
    ("source-marker", SourceMarker, "source-marker"),
    ("part-marker", PartMarker, "part-marker"),
    ("part-marker-cut", PartMarker, "part-marker"),
    ("manifest-without-format", Manifest, "manifest"),
    ("gate-report-without-format", GateReport, "gate-report"),
    ("run-summary", RunSummary, "run-summary"),
    ("run-summary-blocked", RunSummary, "run-summary"),
    ("run-summary-nothing", RunSummary, "run-summary"),
]


def read(name: str) -> Any:
    return json.loads((_FOLDER / f"{name}.json").read_text(encoding="utf-8"))


def validate(document: Any, schema: str) -> None:
    Draft202012Validator(make_schemas()[schema], format_checker=FormatChecker()).validate(document)


@pytest.mark.parametrize(("name", "kind", "schema"), _EXAMPLES)
def test_documents_of_earlier_programs_keep_their_content(name: str, kind: type[Document], schema: str) -> None:
    document = read(name)
    written = kind.from_json(document, "some/key.json").to_json()
    assert written["format"] == kind.FORMAT
    assert_holds(written, document)
    validate(document, schema)
    validate(written, schema)


def assert_holds(written: Any, document: Any) -> None:
    """All of a document is in another one, which has nothing else but what says nothing."""
    if not isinstance(document, dict):
        if isinstance(document, list):
            for ours, theirs in zip(written, document, strict=True):
                assert_holds(ours, theirs)
        else:
            assert written == document or written == document.replace("+00:00", "Z")
        return
    assert written.keys() >= document.keys()
    for key, value in written.items():
        if key in document:
            assert_holds(value, document[key])
        else:
            assert key == "format" or value in (None, [], 0)


@pytest.mark.parametrize(("name", "kind", "schema"), _EXAMPLES)
def test_reads_document_without_format_number(name: str, kind: type[Document], schema: str) -> None:
    document = read(name)
    without = {key: value for key, value in document.items() if key != "format"}
    assert kind.from_json(without, "key") == kind.from_json(document, "key")
    validate(without, schema)


@pytest.mark.parametrize("kind", DOCUMENTS.values())
def test_a_newer_format_is_refused(kind: type[Document]) -> None:
    with pytest.raises(NewerFormatError) as refused:
        kind.from_json({"format": 7, "anything": "else"}, "some/key.json")
    assert str(refused.value) == (
        f"{kind.TITLE} some/key.json has format 7, this program reads up to {kind.FORMAT}: a newer version wrote it;"
        f" deploy that version again, or {kind.REMEDY}"
    )
    assert isinstance(refused.value, StepError) and refused.value.exit_code == 1


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"size": "740765"}, 'field size: expected int, got str, found "740765"'),
        ({"size": -1}, "field size: expected int >= 0, found -1"),
        ({"version": None}, "field version: expected object, got null, found null"),
        ({"version": {"etag": "e"}}, "field version.url is missing"),
        ({"version": {"url": "u", "md5": 5}}, "field version.md5: expected str | null, got int, found 5"),
        ({"fetched": "yesterday"}, 'field fetched: invalid RFC3339 encoded datetime, found "yesterday"'),
        ({"format": "1"}, 'field format: a whole number is expected, found "1"'),
        ({"format": True}, "field format: a whole number is expected, found true"),
    ],
)
def test_a_wrong_field_is_named_with_what_was_found(changes: dict[str, Any], problem: str) -> None:
    with pytest.raises(DocumentError) as refused:
        SourceMarker.from_json(read("source-marker") | changes, "osm/x.json")
    assert str(refused.value) == f"source marker osm/x.json: {problem}; {SourceMarker.REMEDY}"


@pytest.mark.parametrize("name", ["url", "file", "version", "version_date", "sha256", "md5", "size", "etag", "seconds"])
def test_a_missing_field_is_named(name: str) -> None:
    document = {key: value for key, value in read("source-marker").items() if key != name}
    with pytest.raises(DocumentError, match=f"^source marker osm/x.json: field {name} is missing; remove it and run"):
        SourceMarker.from_json(document, "osm/x.json")


def test_a_wrong_entry_of_a_list_is_named() -> None:
    document = read("manifest-without-format") | {"format": 1}
    document["sources"][1]["zones"] = "many"
    with pytest.raises(DocumentError, match=r'field sources\[1\]\.zones: expected int, got str, found "many"'):
        Manifest.from_json(document, "key")
    document = read("manifest-without-format") | {"format": 1}
    document["warnings"][0]["kind"] = "odd"
    with pytest.raises(DocumentError, match=r'field warnings\[0\]\.kind: invalid enum value \'odd\', found "odd"'):
        Manifest.from_json(document, "key")


@pytest.mark.parametrize(("data", "found"), [([], "a list"), (None, "null"), ("text", '"text"'), (3, "3")])
def test_refuses_document_that_is_not_an_object(data: object, found: str) -> None:
    with pytest.raises(DocumentError, match=f"^manifest some/key: a JSON object is expected, found {found}; run an"):
        Manifest.from_json(data, "some/key")


def test_unknown_keys_are_ignored() -> None:
    document = read("source-marker")
    assert SourceMarker.from_json({**document, "colour": "red"}, "key") == SourceMarker.from_json(document, "key")


def test_the_inputs_of_a_release_keep_their_digest() -> None:
    document = read("manifest-without-format")
    manifest = Manifest.from_json(document, "key")
    assert manifest.inputs is not None
    inputs = to_json(manifest.inputs)
    assert inputs == document["inputs"]
    text = json.dumps(inputs, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert hashlib.sha256(text.encode()).hexdigest() == document["inputs_digest"]


def test_states_are_plain_strings_in_json() -> None:
    manifest = Manifest.from_json(read("manifest-without-format"), "key")
    assert manifest.state is ReleaseState.MERGED
    assert {warning.kind for warning in manifest.warnings} == {
        WarningKind.NO_MD5,
        WarningKind.INCOMPLETE,
        WarningKind.BROKEN_GEOMETRY,
    }
    summary = RunSummary.from_json(read("run-summary"), "key")
    assert (summary.result, summary.webhook, summary.counts.loaded) == (RunResult.DONE, ABSENT, ABSENT)


def test_the_manifests_of_zones_from_a_file_and_of_an_original_database() -> None:
    for document in (
        {"id": "legacy", "counts": {"zones": 2, "by_type": {"city": 2}}},
        {"id": "20261122t221000-3f9ab2c1", "counts": {"zones": 1, "by_type": {}, "by_country": {"": {"city": 1}}}},
        {"id": "legacy", "state": "published", "published": "2026-11-22T22:10:00+00:00"},
    ):
        manifest = Manifest.from_json(document, "key")
        assert (manifest.id, manifest.inputs, manifest.sources, manifest.left_out) == (document["id"], None, (), None)
        validate(document, "manifest")


def test_rows_with_other_keys_of_a_manifest_without_a_number_are_left_out() -> None:
    document = read("manifest-without-format")
    row = {"reason": "no_name", "country_code": None, "count": 3, "examples": ["node:1"]}
    document |= {"left_out": [row, "no row", {"reason": "no_rule"}], "incomplete": [{"source": "a", "zone": "b"}]}
    manifest = Manifest.from_json(document, "key")
    assert manifest.left_out is not None and [found.reason for found in manifest.left_out] == ["no_name"]
    assert manifest.incomplete == ()
    with pytest.raises(DocumentError, match=r'field left_out\[1\]: expected object, got str, found "no row"'):
        Manifest.from_json(document | {"format": 1, "incomplete": []}, "key")


def test_a_gate_report_without_a_number_keeps_its_verdict() -> None:
    document = {
        "verdict": "blocked",
        "findings": ["all zones: 3 zones, 9 in the live release"],
        "notes": [],
        "at": "2026-11-22T22:10:00+00:00",
        "limits": {"max_loss_percent": 5.0},
        "figures": {"zones": 3, "compared_with": None, "outside": "no figures"},
    }
    report = GateReport.from_json(document, "release 1")
    assert (report.verdict, report.figures) == (GateVerdict.BLOCKED, None)
    assert report.limits == {"max_loss_percent": 5.0}
    figures = {"zones": 3, "compared_with": None, "parents": {"missing": 0, "cycles": 0, "in_cycles": 0}}
    report = GateReport.from_json(document | {"figures": figures}, "release 1")
    assert report.to_json()["figures"] == figures
    with pytest.raises(DocumentError, match="field verdict: invalid enum value 'perhaps'"):
        GateReport.from_json(document | {"verdict": "perhaps"}, "release 1")


def test_a_summary_takes_the_gate_report_of_an_earlier_version() -> None:
    document = read("run-summary-blocked")
    document["gate"] |= {"figures": {"outside": "no figures"}, "limits": {"max_outside": ["1%"]}}
    summary = RunSummary.from_json(document, "runs/x.json")
    assert summary.gate is not None
    assert (summary.gate.verdict, summary.gate.figures, summary.gate.limits) == (GateVerdict.BLOCKED, None, None)
    with pytest.raises(DocumentError, match=r"field gate\.figures\.outside: expected object, got str"):
        RunSummary.from_json(document | {"gate": {**document["gate"], "limits": None, "format": 1}}, "runs/x.json")


def test_a_plan_keeps_the_settings_of_its_run() -> None:
    document = read("plan")
    plan = Plan.from_json(document, "runs/x/plan.json")
    assert plan.settings == Settings.from_json(document["settings"], "runs/x/plan.json")
    assert plan.to_json() | {"settings": document["settings"]} == document
    validate(document, "plan")
    assert plan.settings.languages == ("en", "fr")
    assert [item.has_query for item in plan.items] == [False, False, True, False]
    document["settings"]["tiles"]["max_stored_zoom"] = 99
    with pytest.raises(
        DocumentError, match=r"runs/x/plan\.json: field settings\.tiles\.max_stored_zoom: .* found 99; run"
    ):
        Plan.from_json(document, "runs/x/plan.json")


def test_statistics_keep_the_shape_of_the_original() -> None:
    text = (_FOLDER / "test-results.json").read_text(encoding="utf-8")
    statistics = Statistics.from_json(json.loads(text), "key")
    assert json.dumps(statistics.to_json(), ensure_ascii=False) + "\n" == text
    assert {status: statistics.count_with_status(status) for status in CountStatus} == {"ok": 2, "ko": 0, "skip": 4}
    validate(statistics.to_json(), "test-results")
    whole_numbers = json.loads(text.replace("17.0", "17"))
    assert Statistics.from_json(whole_numbers, "key") == statistics
    rows = statistics.to_json()
    del rows[1]["total"]
    with pytest.raises(DocumentError, match=r"^statistics some/key: field \[1\]\.total is missing; run the stats step"):
        Statistics.from_json(rows, "some/key")


def test_a_wrong_value_in_a_dictionary_is_named() -> None:
    with pytest.raises(DocumentError, match=r"field \[\.\.\.\]: .*, found that in one of its entries; again"):
        convert_document({"a": ["1%"]}, dict[str, int], "x", "again")
