# SPDX-License-Identifier: Apache-2.0
"""The settings that role workflows writes for the steps, and the programs that read them."""

from __future__ import annotations

import ast
import importlib
import json
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, get_type_hints

import pytest
from ansible_collections.cosmogony.stack.plugins.filter.step_settings import make_steps_document
from ansible_collections.cosmogony.stack.plugins.plugin_utils._settings import check_and_complete_settings
from checkout import CHECKOUT
from cosmogony_steps.settings import Settings

RELEASE = "20261122t221000-3f9ab2c1"
#: A command of each program, which asks for credentials once it has its settings.
PROGRAMS = {
    "pipeline": ("cosmogony_pipeline", "merge", "--started=2026-11-22T22:10:00Z"),
    "dashboard": ("cosmogony_dashboard", "stats", f"--release={RELEASE}"),
    "importer": ("cosmogony_importer", "load", f"--release={RELEASE}"),
}
#: Settings of the document that no program reads.
OTHERS = {"tiles.engine": "role tile_cache finds it in the ConfigMap"}
GIVEN: dict[str, Any] = {
    "storage": {"endpoint": "minio.example.org:9000", "access_key": "hush-hush"},
    "sources": {"extracts": [{"url": "https://example.org/land.osm.pbf", "country_code": "LI", "languages": ["de"]}]},
    "languages": ["de", "fr"],
    "gate": {"max_loss_percent": 3, "max_outside": "20"},
}


@pytest.fixture
def document() -> dict[str, Any]:
    """The content of the ConfigMap."""
    made: dict[str, Any] = json.loads(json.dumps(make_steps_document(check_and_complete_settings(GIVEN))))
    return made


def run(program: str, file: Path) -> int:
    package, *arguments = PROGRAMS[program]
    code: int = importlib.import_module(f"{package}.cli").main([*arguments, f"--settings={file}"])
    return code


def test_the_document_of_the_role_is_what_the_programs_read(document: dict[str, Any]) -> None:
    found = Settings.from_json(document, "settings.json")
    assert found.to_json() == document, "nothing is missing, and nothing has another default"
    assert (found.gate.max_loss_percent, found.sources.extracts[0].languages) == (3.0, ("de",))
    assert "hush-hush" not in json.dumps(document)


def test_without_settings_both_sides_have_the_same_defaults() -> None:
    assert Settings().to_json() == json.loads(json.dumps(make_steps_document(check_and_complete_settings({}))))


@pytest.mark.parametrize("program", PROGRAMS)
def test_every_program_reads_the_document(
    program: str,
    document: dict[str, Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name in ("S3_ENDPOINT", "S3_ACCESS_KEY", "S3_SECRET_KEY"):
        monkeypatch.delenv(name, raising=False)
    file = tmp_path / "settings.json"
    file.write_text(json.dumps(document))
    assert run(program, file) == 2
    assert "environment variable S3_ACCESS_KEY, S3_SECRET_KEY not set" in capsys.readouterr().err
    file.write_text(json.dumps({**document, "gate": {"max_lost": 1}}))
    assert run(program, file) == 2
    assert f"{file}: setting gate.max_lost is unknown" in capsys.readouterr().err


def test_every_setting_of_the_steps_is_read_by_a_program() -> None:
    read = set(_find_read_settings())
    unread = {path for path, _ in _list_settings(Settings)} - read
    assert unread == set(OTHERS), "take x-steps from its schema, or remove the setting"


def _list_settings(kind: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield the path of each setting, and the name of the class that has it."""
    hints = get_type_hints(kind)
    for field in fields(kind):
        here = f"{path}.{field.name}" if path else field.name
        if is_dataclass(hints[field.name]):
            yield from _list_settings(hints[field.name], here)
        else:
            yield here, kind.__name__


def _find_read_settings() -> Iterator[str]:
    """Yield the settings that programs read: of `….SECTION.NAME`, or of a parameter that has a section's type."""
    wanted = dict(_list_settings(Settings))
    for program in ("base", "pipeline", "importer", "dashboard"):
        for file in (CHECKOUT / "images" / program / "src").rglob("*.py"):
            for function in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(function, ast.FunctionDef):
                    read = set(_list_attributes(function))
                    yield from (
                        path
                        for path, kind in wanted.items()
                        if (kind, path.rpartition(".")[2]) in read
                        or (path.rpartition(".")[0] or "settings", path.rpartition(".")[2]) in read
                    )


def _list_attributes(function: ast.FunctionDef) -> Iterator[tuple[str, str]]:
    """Yield attributes that are read, after the attribute or variable, or the types of the parameter, that has them."""
    types = {
        argument.arg: [node.id for node in ast.walk(argument.annotation) if isinstance(node, ast.Name)]
        for argument in (*function.args.args, *function.args.kwonlyargs)
        if argument.annotation
    }
    for node in ast.walk(function):
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
            if isinstance(node.value, ast.Attribute):
                yield node.value.attr, node.attr
            elif isinstance(node.value, ast.Name):
                yield node.value.id, node.attr
                for kind in types.get(node.value.id, ()):
                    yield kind, node.attr
