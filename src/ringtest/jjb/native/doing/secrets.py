"""Credentials of the lab, for the build alone; files that a controller would hand out."""

import os
import re
import shutil
import stat
import subprocess
import zipfile
from pathlib import Path
from typing import Any

from ringtest.jjb.native.credentials import PAIR
from ringtest.jjb.native.doing.build import Build, Failed
from ringtest.jjb.native.doing.registry import Inside

_AGENT = re.compile(r"(SSH_\w+)=([^;]+);")
ASKPASS = """\
#!/bin/sh
case "$1" in
  *sername*) echo "$RINGTEST_ASKED_USER" ;;
  *) echo "$RINGTEST_ASKED" ;;
esac
"""


def bind(given: dict[str, Any], inside: Inside, build: Build) -> None:
    """Variables with secrets, or with the paths of secret files."""
    for one in given["bindings"]:
        credential = one["id"] = build.expand(one["id"])
        for part, name in one.items():
            if part == "id":
                continue
            if part in ("file", "key_file", "unzipped"):
                build.set(name, str(_private(build, credential, part)))
            else:
                build.bind(name, credential, PAIR if part == "pair" else part)
            build.say(f"{name} is bound to {credential}")


def _private(build: Build, credential: str, part: str) -> Path:
    """A copy that goes with the build."""
    source = Path(build.credentials.part(credential, "file" if part == "unzipped" else part))
    target = build.scratch / "secret" / credential.replace("/", "_")
    target.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        if part == "unzipped":
            with zipfile.ZipFile(source) as archive:
                archive.extractall(target)
            return target
        copied = target / source.name
        shutil.copyfile(source, copied)
        copied.chmod(stat.S_IRUSR | stat.S_IWUSR)
    except (OSError, zipfile.BadZipFile) as error:
        raise Failed(f"credential {credential}: {error}") from None
    return copied


def passwords(given: dict[str, Any], inside: Inside, build: Build) -> None:
    """Passwords that the job file holds: variables, and hidden."""
    for name, value in given["pairs"]:
        build.set(name, value)
    build.hide([value for _, value in given["pairs"]])


def ssh_agent(given: dict[str, Any], inside: Inside, build: Build) -> None:
    """An ssh-agent with keys; it ends with the build."""
    try:
        started = subprocess.run(["ssh-agent", "-s"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise Failed(f"ssh-agent does not start: {error}") from None
    found = dict(_AGENT.findall(started.stdout))
    build.state.agents.append(int(found["SSH_AGENT_PID"]))
    for name, value in found.items():
        build.set(name, value)
    for credential in (build.expand(one) for one in given["ids"]):
        if credential not in build.credentials and given["ignore_missing"]:
            build.say(f"there is no credential {credential}: left out, as the job says")
            continue
        key = _private(build, credential, "key_file")
        build.checked(
            ["ssh-add", str(key)],
            more={
                "SSH_ASKPASS": str(askpass(build)),
                "SSH_ASKPASS_REQUIRE": "force",
                "DISPLAY": os.environ.get("DISPLAY", ":0"),
                "RINGTEST_ASKED": build.use(credential, "passphrase"),
            },
        )


def askpass(build: Build) -> Path:
    """A program that answers with what is in its environment."""
    path = build.scratch / "askpass"
    path.write_text(ASKPASS, encoding="ascii")
    path.chmod(0o700)
    return path


def managed_files(given: dict[str, Any], inside: Inside, build: Build) -> None:
    """Files by id, of the folder that was named for them."""
    for one in given["files"]:
        source = Path(build.plan.managed) / build.expand(one["id"])
        target = build.expand(one["target"])
        place = build.workspace / target if target else build.scratch / "managed" / source.name
        if target.endswith("/") or place.is_dir():
            place /= source.name
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            text = source.read_bytes()
            place.write_bytes(build.expand(text.decode()).encode() if one["tokens"] else text)
        except (OSError, UnicodeDecodeError) as error:
            raise Failed(f"managed file {one['id']}: {error}") from None
        if one["variable"]:
            build.set(one["variable"], str(place))
        build.say(f"{one['id']} is at {place}")
