"""`ringtest jenkins test` and `jenkins-jobs test`: the same files under the same names."""

import logging
import subprocess
import sys
import warnings
from pathlib import Path

import pytest
from jenkins_jobs.cli.entry import JenkinsJobs
from typer.testing import CliRunner, Result

from benchmarks.jjb_repositories import realistic
from ringtest.cli import jenkins_files
from ringtest.cli.jenkins import app
from ringtest.jjb.engine import render
from tests.jjb.fixtures_of import inside

JOBS = """\
- job: {name: plain, builders: [{shell: 'echo "hi"'}]}
- job: {name: inner, folder: outer/more}
- job-template: {name: 'made-{n}', publishers: [{email-ext: {recipients: x}}]}
- project: {name: p, n: [1, 2, 10], jobs: ['made-{n}']}
- view: {name: everything, regex: '.*'}
"""
PLUGINS = "- {shortName: email-ext, version: '2.38'}\n"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody's ini file, nobody's cache."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home/cache"))


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Two folders of jobs, one of them in the other, and a plugin list."""
    folder = tmp_path / "repository"
    (folder / "jobs/deep").mkdir(parents=True)
    (folder / "jobs/a.yaml").write_text(JOBS)
    (folder / "jobs/deep/b.yml").write_text("- job: {name: deep}\n")
    (folder / "jobs/deep/ignored.txt").write_text("- job: {name: ignored}\n")
    (folder / "plugins.yaml").write_text(PLUGINS)
    (folder / "jjb.ini").write_text("[job_builder]\nkeep_descriptions = true\nrecursive = true\n")
    return folder


def ours(*words: str, text: str | None = None) -> Result:
    """Our command, in this process."""
    return CliRunner().invoke(app, ["test", *words], input=text)


def theirs(*words: str) -> None:
    """The original's command, in this process."""
    logging.disable(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            JenkinsJobs(list(words)).execute()
    finally:
        logging.disable(logging.NOTSET)


def tree(folder: Path) -> dict[str, bytes]:
    """All files below a folder."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.mark.parametrize(
    "words",
    [
        ("jobs",),
        ("-r", "jobs"),
        ("-r", "-x", "deep", "jobs"),
        ("jobs/a.yaml:jobs/deep/b.yml",),
        ("--config-xml", "jobs"),
        ("-p", "plugins.yaml", "jobs"),
        ("jobs", "made-*"),
        ("-r", "jobs", "made-1", "deep", "every*"),
        ("jobs", "nothing-fits"),
    ],
    ids=" ".join,
)
def test_the_same_files_as_the_original(
    words: tuple[str, ...], repository: Path, tmp_path: Path
) -> None:
    with inside(repository):
        theirs("test", *words, "-o", str(tmp_path / "theirs"))
        done = ours(*words, "-o", str(tmp_path / "ours"))
    assert done.exit_code == 0, done.output
    assert tree(tmp_path / "ours") == tree(tmp_path / "theirs")


def test_options_of_the_ini_file_count(repository: Path, tmp_path: Path) -> None:
    with inside(repository):
        theirs("--conf", "jjb.ini", "test", "jobs", "-o", str(tmp_path / "theirs"))
        ours("--conf", "jjb.ini", "jobs", "-o", str(tmp_path / "ours"))
    assert tree(tmp_path / "ours") == tree(tmp_path / "theirs")
    assert b"<description>" not in tree(tmp_path / "ours")["deep"]


def test_a_realistic_repository_comes_out_the_same_twice(tmp_path: Path) -> None:
    realistic(tmp_path / "repository", 32)
    with inside(tmp_path / "repository"):
        theirs("test", "-r", ".", "-o", str(tmp_path / "theirs"))
        for _ in range(2):
            done = ours("-r", ".", "-o", str(tmp_path / "ours"))
            assert done.exit_code == 0
            assert tree(tmp_path / "ours") == tree(tmp_path / "theirs")
    assert len(tree(tmp_path / "ours")) == 34


def test_files_that_were_touched_are_written_again(repository: Path, tmp_path: Path) -> None:
    out = tmp_path / "ours"
    with inside(repository):
        ours("jobs", "-o", str(out))
        wanted = tree(out)
        (out / "plain").write_bytes(wanted["plain"].replace(b"hi", b"ho"))
        (out / "made-1").unlink()
        ours("jobs", "-o", str(out))
    assert tree(out) == wanted


def test_files_that_hold_the_same_are_left_alone(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jenkins_files, "_CLOCK_STEP", 0)
    made = render([repository / "jobs"]).jobs
    counts = [
        jenkins_files.write(made, tmp_path / "out", False, tmp_path / "cache") for _ in range(2)
    ]
    assert counts == [5, 0]


def test_without_a_folder_all_xml_goes_to_the_screen(repository: Path) -> None:
    with inside(repository):
        done = ours("jobs", "plain", "inner", "--name", "outer/*")
        piped = ours(text="- job: {name: piped}\n")
    assert done.stdout.count("<?xml") == 2
    assert piped.stdout.count("<project>") == 1


def test_files_that_a_shell_names_are_paths(repository: Path) -> None:
    with inside(repository):
        done = ours("jobs/a.yaml", "jobs/deep/b.yml", "deep", "plain")
    assert done.stdout.count("<?xml") == 2


def test_an_error_ends_with_one_and_the_others_are_written(
    repository: Path, tmp_path: Path
) -> None:
    (repository / "jobs/bad.yaml").write_text(
        "- job:\n    name: bad\n    builders: [{shell: '{missing}'}]\n- job: {nam: x}\n"
    )
    with inside(repository):
        done = ours("jobs", "-o", str(tmp_path / "ours"))
    assert done.exit_code == 1
    assert "jobs/bad.yaml:3:24: error: " in done.stderr
    assert "jobs/bad.yaml:4:8: error: Missing required element: 'name'" in done.stderr
    assert "job 'bad'" in done.stderr
    assert {"plain", "made-10", "everything"} <= set(tree(tmp_path / "ours"))


@pytest.mark.parametrize("name", ["../out", "/tmp/out", "a/../../out", ".."])
def test_a_name_does_not_lead_out_of_the_folder(name: str, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(f"- job: {{name: '{name}'}}\n")
    done = ours(str(tmp_path / "a.yaml"), "-o", str(tmp_path / "made/ours"))
    assert done.exit_code == 2
    assert "leads out" in done.stderr
    assert not tree(tmp_path / "made")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("nowhere",), "nowhere: no such file"),
        (("-p", "jobs/a.yaml2", "jobs"), "a.yaml2"),
        (("-p", "jjb.ini", "jobs"), "jjb.ini"),
        (("--conf", "plugins.yaml", "jobs"), "plugins.yaml"),
    ],
)
def test_wrong_usage_is_told(words: tuple[str, ...], said: str, repository: Path) -> None:
    with inside(repository):
        done = ours(*words)
    assert done.exit_code == 2
    assert said in done.stderr


def test_help_loads_nothing_that_help_does_not_need() -> None:
    code = (
        "import sys\n"
        "sys.argv = ['ringtest', 'jenkins', '--help']\n"
        "from ringtest.cli.main import app\n"
        "try:\n    app()\nexcept SystemExit:\n    pass\n"
        "print({'rich', 'pydantic', 'yaml', 'httpx', 'jinja2'} & sys.modules.keys())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout
    assert "Render job files to XML" in done
    assert done.splitlines()[-1] == "set()"
