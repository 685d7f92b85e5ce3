"""Secrets in a run without a server: no file of its folder holds them."""

from pathlib import Path

import pytest

from tests.agent.alone.conftest import Ringtest

TOKEN = "s3cr3t-of-the-lab"
TEST = """
import os
def test_it():
    print(os.environ['TOKEN'])
    assert os.environ['TOKEN'] == 1
"""


def test_a_run_alone_leaves_a_folder_without_secrets(ringtest: Ringtest, tmp_path: Path) -> None:
    (tmp_path / "token").write_text(f"{TOKEN}\n")
    (tmp_path / "test_it.py").write_text(TEST)
    done = ringtest(
        "isolation: none\nsecrets: {TOKEN: {file: token}}\n"
        "stages: {test: [{runner: pytest, with: {paths: [test_it.py]}}]}\n"
        "artifacts: [kept.log]\n"
    )
    assert done.code == 10, done.text
    assert TOKEN not in done.text and "[redacted TOKEN]" in done.text
    assert "[redacted TOKEN]" in (done.folder / "report.html").read_text()
    for path in done.folder.rglob("*"):
        assert not path.is_file() or TOKEN.encode() not in path.read_bytes(), path


@pytest.mark.parametrize(
    ("secrets", "message"),
    [
        ("{TOKEN: {env: A, file: b}}", "ringtest.yaml:2:11: TOKEN: a secret has exactly one"),
        ("{TOKEN: {envv: A}}", "did you mean env"),
        ("{TOKEN: value}", "a secret says where its value is"),
        ("{DCI_X: {env: A}}", "are the agent's"),
    ],
)
def test_a_wrong_reference_is_told_with_its_place(
    ringtest: Ringtest, secrets: str, message: str
) -> None:
    done = ringtest(f"stages: {{test: [echo x]}}\nsecrets: {secrets}\n", "--check")
    assert done.code == 2
    assert message in done.text
