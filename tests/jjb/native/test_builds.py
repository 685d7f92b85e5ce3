"""What builders, conditions and wrappers do in a build."""

import os
import stat
import zipfile
from pathlib import Path
from typing import Any

import pytest

from ringtest.jjb.native.builds import held
from tests.jjb.native.conftest import Runs


def test_a_shell_runs_as_jenkins_runs_it(runs: Runs) -> None:
    done = runs(builders=[{"shell": "echo $JOB_NAME-$BUILD_NUMBER; pwd\necho $BUILD_TAG"}])
    assert done.lines[:3] == ["j-1", str(done.workspace), "jenkins-j-1"]
    assert "+ echo j-1" in done.log
    assert (done.state.result, done.stages["test"]) == ("SUCCESS", True)
    assert runs(builders=[{"shell": "echo $BUILD_NUMBER"}]).lines[0] == "2"


def test_a_script_may_name_its_own_interpreter(runs: Runs) -> None:
    done = runs(builders=[{"shell": "#!/usr/bin/env python3\nprint(6 * 7)"}])
    assert done.lines[0] == "42"


def test_what_follows_a_failure_is_left_out(runs: Runs) -> None:
    done = runs(builders=[{"shell": "false; echo no"}, {"shell": "echo never"}])
    assert done.state.result == "FAILURE"
    assert "never" not in done.log
    assert done.stages == {"prepare": True, "test": False, "collect": True}


def test_one_exit_code_may_mean_unstable(runs: Runs) -> None:
    step = {"shell": {"command": "exit 3", "unstable-return": 3}}
    done = runs(builders=[step, {"shell": "echo goes on"}])
    assert done.state.result == "UNSTABLE"
    assert "goes on" in done.lines


def test_variables_of_text_and_of_files_are_there_for_what_follows(runs: Runs) -> None:
    done = runs(
        builders=[
            {"shell": "printf 'A=from file\\nB = $A!\\n' > my.properties"},
            {"inject": {"properties-file": "my.properties", "properties-content": "C=$A/${B}"}},
            {"shell": 'echo "$C"'},
        ]
    )
    assert "from file/from file!" in done.lines


def test_parameters_are_stronger_than_properties_of_the_job(runs: Runs) -> None:
    done = runs(
        {"A": "given"},
        parameters=[{"string": {"name": "A", "default": "x"}}],
        properties=[{"inject": {"properties-content": "A=property\nB=property"}}],
        builders=[{"shell": "echo $A $B"}],
    )
    assert "given property" in done.lines


def test_a_missing_properties_file_fails_the_build(runs: Runs) -> None:
    done = runs(builders=[{"inject": {"properties-file": "nowhere"}}])
    assert done.state.result == "FAILURE"


def test_a_script_may_print_variables(runs: Runs) -> None:
    script = "echo COLOUR=blue\necho PATH+MINE=/mine"
    done = runs(
        wrappers=[{"env-script": {"script-content": script}}],
        builders=[{"shell": 'echo "$COLOUR ${PATH%%:*}"'}],
    )
    assert "blue /mine" in done.lines


CONDITIONS: list[tuple[dict[str, Any], bool]] = [
    ({"condition-kind": "always"}, True),
    ({"condition-kind": "never"}, False),
    ({"condition-kind": "boolean-expression", "condition-expression": "$YES"}, True),
    ({"condition-kind": "boolean-expression", "condition-expression": "nearly"}, False),
    ({"condition-kind": "strings-match", "condition-string1": "$YES", "condition-string2": "TRUE",
      "condition-case-insensitive": True}, True),
    ({"condition-kind": "strings-match", "condition-string1": "$N", "condition-string2": "b"},
     False),
    ({"condition-kind": "regex-match", "regex": "t.*e", "label": "$YES"}, True),
    ({"condition-kind": "regex-match", "regex": "t", "label": "$YES"}, False),
    ({"condition-kind": "num-comp", "lhs": "$N", "rhs": "10", "comparator": "greater-than"}, False),
    ({"condition-kind": "num-comp", "lhs": "$N", "rhs": "9", "comparator": "equal"}, True),
    ({"condition-kind": "shell", "condition-command": "test -e there"}, True),
    ({"condition-kind": "shell", "condition-command": "test -e here"}, False),
    ({"condition-kind": "file-exists", "condition-filename": "there",
      "condition-basedir": "workspace"}, True),
    ({"condition-kind": "files-match", "include-pattern": ["**/*.x"],
      "condition-basedir": "workspace"}, False),
    ({"condition-kind": "execution-node", "nodes": ["lab-7"]}, True),
    ({"condition-kind": "build-cause", "cause": "TIMER_CAUSE"}, False),
    ({"condition-kind": "current-status", "condition-worst": "UNSTABLE"}, True),
    ({"condition-kind": "day-of-week", "day-selector": "select-days"}, False),
    ({"condition-kind": "time", "earliest-hour": "00", "earliest-min": "00", "latest-hour": "23",
      "latest-min": "59"}, True),
    ({"condition-kind": "not", "condition-operand": {"condition-kind": "never"}}, True),
    ({"condition-kind": "and", "condition-operands": [
        {"condition-kind": "always"}, {"condition-kind": "never"}]}, False),
    ({"condition-kind": "or", "condition-operands": [
        {"condition-kind": "always"}, {"condition-kind": "never"}]}, True),
]  # fmt: skip


def test_conditions_decide_as_jenkins_would(runs: Runs) -> None:
    steps = [
        {"conditional-step": {**condition, "steps": [{"shell": f"touch done-{index}"}]}}
        for index, (condition, _) in enumerate(CONDITIONS)
    ]
    injected = {"inject": {"properties-content": "YES=true\nN=9"}}
    done = runs(builders=[{"shell": "touch there"}, injected, *steps])
    assert done.state.result == "SUCCESS"
    found = [(done.workspace / f"done-{index}").exists() for index in range(len(CONDITIONS))]
    assert found == [wanted for _, wanted in CONDITIONS]


@pytest.mark.parametrize(
    ("fault", "result", "ran"),
    [
        ("fail", "FAILURE", False),
        ("mark-unstable", "UNSTABLE", False),
        ("run-and-mark-unstable", "UNSTABLE", True),
        ("run", "SUCCESS", True),
        ("dont-run", "SUCCESS", False),
    ],
)
def test_what_an_unclear_condition_means_is_said(
    runs: Runs, fault: str, result: str, ran: bool
) -> None:
    step = {
        "condition-kind": "num-comp",
        "lhs": "nine",
        "rhs": "1",
        "on-evaluation-failure": fault,
        "steps": [{"shell": "touch ran"}, {"shell": "true"}],
    }
    done = runs(builders=[{"conditional-step": step}])
    assert (done.state.result, (done.workspace / "ran").exists()) == (result, ran)


@pytest.mark.parametrize(
    "limit", [{"type": "absolute", "timeout": 0}, {"type": "no-activity", "timeout": 0}]
)
def test_builders_that_take_too_long_are_ended(runs: Runs, limit: dict[str, object]) -> None:
    after = {"postbuildscript": {"builders": [
        {"build-on": ["ABORTED"], "build-steps": [{"shell": "echo tidied up"}]}]}}  # fmt: skip
    done = runs(
        wrappers=[{"timeout": limit}],
        builders=[{"shell": "sleep 60"}, {"shell": "echo never"}],
        publishers=[after],
    )
    assert done.state.result == "ABORTED"
    assert "tidied up" in done.lines
    assert "never" not in done.lines


def test_the_time_that_builders_have_is_a_variable_in_milliseconds(runs: Runs) -> None:
    limit = {"timeout": 3, "timeout-var": "LIMIT"}
    done = runs(wrappers=[{"timeout": limit}], builders=[{"shell": "echo $LIMIT"}])
    assert "180000" in done.lines


def test_a_timeout_may_be_a_failure_with_a_description(runs: Runs) -> None:
    limit = {"timeout": 0, "fail": True, "write-description": "too slow: $JOB_NAME"}
    done = runs(wrappers=[{"timeout": limit}], builders=[{"shell": "sleep 60"}])
    assert (done.state.result, done.state.description) == ("FAILURE", "too slow: j")


def secrets(folder: Path) -> Path:
    """A file of credentials with one of each kind."""
    (folder / "config").write_text("in a file")
    with zipfile.ZipFile(folder / "many.zip", "w") as archive:
        archive.writestr("inner.txt", "unzipped\n")
    (folder / "token").write_text("t0ken-of-file\n")
    path = folder / "credentials.yaml"
    path.write_text(
        "login: {username: ci, password: {env: LAB_PASSWORD}}\n"
        f"token: {{text: {{file: {folder / 'token'}}}}}\n"
        f"config: {{file: {folder / 'config'}}}\n"
        f"many: {{file: {folder / 'many.zip'}}}\n"
    )
    return path


def test_credentials_are_bound_hidden_and_gone_at_the_end(
    runs: Runs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LAB_PASSWORD", "hunter-two")
    bindings = [
        {
            "username-password-separated": {
                "credential-id": "login",
                "username": "U",
                "password": "P",
            }
        },
        {"username-password": {"credential-id": "login", "variable": "UP"}},
        {"text": {"credential-id": "token", "variable": "T"}},
        {"file": {"credential-id": "config", "variable": "F"}},
        {"zip-file": {"credential-id": "many", "variable": "Z"}},
    ]
    script = """
        echo "$U $P $T"; cat $F $Z/inner.txt; echo; echo $F > where; stat -c %a $F
        test "$UP" = "ci:$P" && echo both; echo "source: ${LAB_PASSWORD:-not seen}"
        printf '%s' "$P" | fold -w 1 | wc -l
    """
    done = runs(
        credentials=secrets(tmp_path),
        wrappers=[{"credentials-binding": bindings}],
        builders=[{"shell": script}],
    )
    assert done.state.result == "SUCCESS"
    for line in ("ci **** ****", "in a fileunzipped", "600", "both", "source: not seen"):
        assert line in done.lines
    left = [path for path in done.out.rglob("*") if path.is_file()]
    assert not [path for path in left if "t0ken" in _text(path)]
    assert not [path for path in left if "hunter" in _text(path)]
    assert not Path((done.workspace / "where").read_text().strip()).exists()


def _text(path: Path) -> str:
    return path.read_bytes().decode(errors="replace")


def test_passwords_of_parameters_never_reach_log_or_report(runs: Runs, tmp_path: Path) -> None:
    done = runs(
        {"KEY": "s3cret-key"},
        parameters=[{"password": {"name": "KEY", "default": "x"}}],
        wrappers=["mask-passwords"],
        builders=[{"shell": 'echo "key: $KEY"'}],
    )
    assert "key: ****" in done.lines
    assert not [one for one in done.out.rglob("*") if one.is_file() and "s3cret" in _text(one)]


def test_an_agent_holds_the_keys_that_a_job_names(runs: Runs, tmp_path: Path) -> None:
    key = tmp_path / "id_lab"
    os.system(f"ssh-keygen -q -t ed25519 -N 'pass phrase' -C lab-key -f {key}")
    path = tmp_path / "credentials.yaml"
    path.write_text(f"lab: {{key_file: {key}, passphrase: pass phrase}}\n")
    done = runs(
        credentials=path,
        wrappers=[{"ssh-agent-credentials": {"users": ["lab"]}}],
        builders=[{"shell": "ssh-add -l; echo $SSH_AGENT_PID > pid"}],
    )  # fmt: skip
    assert done.state.result == "SUCCESS"
    assert "lab-key" in done.log
    command = Path("/proc", (done.workspace / "pid").read_text().strip(), "cmdline")
    assert not command.exists() or not command.read_text()


def test_managed_files_come_from_a_folder(runs: Runs, tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept/settings").write_text("job=$JOB_NAME\n")
    files = [
        {"file-id": "settings", "target": "conf/mine", "replace-tokens": True},
        {"file-id": "settings", "variable": "WHERE"},
    ]
    done = runs(
        managed=tmp_path / "kept",
        wrappers=[{"config-file-provider": {"files": files}}],
        builders=[{"shell": "cat conf/mine\necho ''\ncat $WHERE\necho "}],
    )
    assert {"job=j", "job=$JOB_NAME"} <= set(done.lines)


def test_maven_is_started_with_what_the_job_says(
    runs: Runs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "bin/mvn"
    program.parent.mkdir()
    program.write_text('#!/bin/sh\necho "$@" "[$MAVEN_OPTS]"\n')
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    step = {"goals": "clean verify -DskipTests", "pom": "sub/pom.xml", "properties": ["a=b c"],
            "java-opts": ["-Xmx1g"]}  # fmt: skip
    done = runs(builders=[{"maven-target": step}])
    assert "-f sub/pom.xml -Da=b c clean verify -DskipTests [-Xmx1g]" in done.lines


def test_descriptions_are_found_in_what_was_printed(runs: Runs) -> None:
    step = {"description-setter": {"regexp": r"built (\S+) of (\S+)", "description": r"\2: \1"}}
    done = runs(builders=[{"shell": "echo built 1.2 of ring"}, step])
    assert done.state.description == "ring: 1.2"


def test_processes_in_the_background_do_not_hold_a_step_open(runs: Runs) -> None:
    done = runs(builders=[{"shell": "sleep 30 & echo $! > pid"}, {"shell": "kill $(cat pid)"}])
    assert done.state.result == "SUCCESS"


def test_a_file_parameter_is_in_the_workspace_after_the_checkout(
    runs: Runs, tmp_path: Path
) -> None:
    (tmp_path / "given").write_text("what was given\n")
    done = runs(
        {"in/put.txt": str(tmp_path / "given")},
        parameters=[{"file": {"name": "in/put.txt"}}],
        builders=[{"shell": "cat in/put.txt"}],
    )
    assert "what was given" in done.lines


def test_two_builds_at_once_have_a_workspace_each(tmp_path: Path) -> None:
    wanted = tmp_path / "workspace/j"
    with held(wanted) as first, held(wanted) as second:
        assert (first, second) == (wanted, tmp_path / "workspace/j@2")
    with held(wanted) as again:
        assert again == wanted


def test_what_nobody_foresaw_is_a_failure(runs: Runs) -> None:
    finder = {"regexp": "(", "also-check-console-output": True}
    done = runs(publishers=[{"text-finder": finder}])
    assert done.state.result == "FAILURE"
