"""What a definition wants of the machine: real git, files, and nothing that has not changed."""

import subprocess
from pathlib import Path

import pytest

from tests.agent.alone.conftest import Ringtest

DEFINITION = """
isolation: none
environment:
  git:
    src:
      url: "{origin}"
      ref: main
      patches: ["{patch}"]
      replace: ['conf.ini: "level=.*" --> "level={{{{LEVEL}}}}"']
  files:
    etc/lab.conf: "arch=x86_64\\n"
stages:
  test: [cat src/conf.ini etc/lab.conf]
"""


def git(*arguments: str, cwd: Path) -> str:
    who = ["-c", "user.name=lab", "-c", "user.email=lab@example.org"]
    done = subprocess.run(
        ["git", *who, *arguments], cwd=cwd, check=True, capture_output=True, text=True
    )
    return done.stdout


@pytest.fixture
def origin(tmp_path: Path) -> Path:
    """A repository with one file, and a patch for it beside it."""
    folder = tmp_path / "origin"
    folder.mkdir()
    git("init", "-q", "-b", "main", cwd=folder)
    (folder / "conf.ini").write_text("level=1\nsize=1\n")
    git("add", ".", cwd=folder)
    git("commit", "-qm", "first", cwd=folder)
    (folder / "conf.ini").write_text("level=1\nsize=2\n")
    git("commit", "-qam", "larger", cwd=folder)
    (tmp_path / "larger.patch").write_text(git("format-patch", "-1", "--stdout", cwd=folder))
    git("reset", "-q", "--hard", "HEAD~1", cwd=folder)
    return folder


def test_the_machine_is_brought_to_what_is_wanted_once(
    ringtest: Ringtest, tmp_path: Path, origin: Path
) -> None:
    definition = DEFINITION.format(origin=origin, patch=tmp_path / "larger.patch")
    first = ringtest(definition, out="first", LEVEL="7")
    assert first.code == 0, first.text
    assert "level=7\nsize=2\narch=x86_64\n" in first.text
    assert "environment: 2 steps" in first.text
    again = ringtest(definition, out="second", LEVEL="7")
    assert "environment: nothing has changed" in again.text
    changed = definition.replace("arch=x86_64", "arch=ppc64le")
    third = ringtest(changed, out="third", LEVEL="7")
    assert "environment: 1 steps" in third.text and "arch=ppc64le\n" in third.text


def test_a_file_that_is_wanted_no_more_is_as_it_was(ringtest: Ringtest, tmp_path: Path) -> None:
    (tmp_path / "own.conf").write_text("mine\n")
    start = "isolation: none\nstages: {test: ['cat *.conf']}\nenvironment:\n  files: "
    assert "ours\n" in ringtest(start + '{own.conf: "ours\\n", b.conf: "b\\n"}\n', out="1").text
    done = ringtest(start + "{}\n", out="2")
    assert done.code == 0, done.text
    assert (tmp_path / "own.conf").read_text() == "mine\n"
    assert not (tmp_path / "b.conf").exists()


def test_a_patch_that_does_not_fit_errors_the_run_and_is_tried_again_next_time(
    ringtest: Ringtest, tmp_path: Path, origin: Path
) -> None:
    patch = tmp_path / "larger.patch"
    right = patch.read_text()
    patch.write_text(right.replace("size=1", "size=9"))
    definition = DEFINITION.format(origin=origin, patch=patch)
    broken = ringtest(definition, out="1", LEVEL="7")
    assert broken.code == 11
    assert f"git: patch {patch} does not fit" in broken.text
    patch.write_text(right)
    assert "size=2" in ringtest(definition, out="2", LEVEL="7").text


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ("{packges: [gcc]}", "there is no key packges; did you mean packages?"),
        ("{packages: {rpm: [gcc]}}", "packages: there is no rpm; there are system, dnf, apt, pip"),
        ("{files: {a: 1}}", "files: a needs a content"),
        ("{git: {a: {ref: x}}}", "git: a: Object missing required field `url`"),
        ("{files: {a: b}, expire_seconds: soon}", "expire_seconds: seconds for each key"),
    ],
)
def test_wishes_that_mean_nothing_are_named(
    ringtest: Ringtest, environment: str, message: str
) -> None:
    done = ringtest(f"isolation: none\nenvironment: {environment}\nstages: {{test: ['true']}}\n")
    assert done.code in (2, 11)
    assert message in done.text


def test_a_record_that_cannot_be_kept_is_told_of(ringtest: Ringtest) -> None:
    done = ringtest(
        "isolation: none\nenvironment: {files: {a: b}}\nstages: {test: [cat a]}\n",
        XDG_CACHE_HOME="/dev/null",
    )
    assert done.code == 11, done.text
    assert "what is on record cannot be kept in /dev/null/" in done.text
    assert "Traceback" not in done.text
