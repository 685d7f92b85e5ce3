"""Texts speak of the product: no folder of one machine, no address of one package registry."""

import json
import re
from pathlib import Path

from tests.architecture.sources import ROOT, expect_none, name_of, tracked

FOLDERS = re.compile(r"(?<![\w.$}/])/(?:work|root|home/\w+|Users/\w+)/[\w.-]+")
REGISTRIES = re.compile(
    r"\b(?:pypi|files\.pythonhosted|pythonhosted|test\.pypi|registry\.npmjs|npmjs|registry\.yarnpkg)"
    r"\.(?:org|com)\b"
)
BINARY = {".png", ".jpg", ".ico", ".woff2", ".zip", ".gz", ".zst", ".whl"}


def texts() -> list[tuple[str, str]]:
    return [
        (name_of(path), path.read_text(errors="replace"))
        for path in tracked()
        if path.suffix not in BINARY and path != Path(__file__)
    ]


def test_no_text_names_a_folder_of_one_machine() -> None:
    found = {name: match[0] for name, text in texts() if (match := FOLDERS.search(text))}
    expect_none(f"{name}: {text}" for name, text in found.items())


def test_no_text_names_the_host_of_a_package_registry() -> None:
    found = {name: match[0] for name, text in texts() if (match := REGISTRIES.search(text))}
    expect_none(f"{name}: {text}" for name, text in found.items())


def test_pins_and_locks_hold_no_address() -> None:
    assert "://" not in (ROOT / "constraints.txt").read_text()
    lock = ROOT / "web" / "package-lock.json"
    packages = json.loads(lock.read_text())["packages"] if lock.exists() else {}
    expect_none(name for name, package in packages.items() if "resolved" in package)


def test_texts_end_with_a_newline_and_lines_without_blanks() -> None:
    bad = [
        name
        for name, text in texts()
        if name.endswith((".py", ".md", ".sql", ".toml", ".yaml", ".yml", ".ts", ".tsx"))
        and text
        and (not text.endswith("\n") or re.search(r"[ \t]+$", text, re.M))
    ]
    expect_none(bad)
