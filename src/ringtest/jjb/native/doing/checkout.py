"""A checkout by Git as Jenkins' plugin makes it."""

import fnmatch
import subprocess
from pathlib import Path
from typing import Any

from ringtest.jjb.native.doing.build import Build, Failed
from ringtest.jjb.native.doing.globs import empty
from ringtest.jjb.native.doing.registry import Inside
from ringtest.jjb.native.doing.secrets import askpass

_MINUTES = 10.0
_SHA = 40


def git(given: dict[str, Any], inside: Inside, build: Build) -> None:
    """Fetches, finds the revision, checks it out and tells of it in variables."""
    folder = build.workspace / build.expand(given.get("folder", ""))
    tries = int(given.get("retries", 0))
    for left in range(tries, -1, -1):
        try:
            _Checkout(given, folder, build).make()
            return
        except Failed as error:
            if not left:
                raise
            build.say(f"{error}; tried again")


class _Checkout:
    def __init__(self, given: dict[str, Any], folder: Path, build: Build) -> None:
        self._given = given
        self._folder = folder
        self._build = build
        self._remotes: list[dict[str, str]] = [
            {key: build.expand(value) for key, value in one.items()} for one in given["remotes"]
        ]

    def make(self) -> None:
        """All of it, in the plugin's order."""
        given, build = self._given, self._build
        if given.get("wipe"):
            empty(self._folder)
        self._folder.mkdir(parents=True, exist_ok=True)
        if not (self._folder / ".git").exists():
            self._git("init", "--quiet")
        for key in ("name", "email"):
            if given.get(key):
                self._git("config", f"user.{key}", build.expand(given[key]))
        if "sparse" in given:
            self._git("sparse-checkout", "set", "--no-cone", *map(build.expand, given["sparse"]))
        for remote in self._remotes:
            self._fetch(remote)
        revision, branch = self._find()
        if given.get("clean_before"):
            self._clean(given["clean_before"])
        self._check_out(revision, branch)
        if given.get("clean_after"):
            self._clean(given["clean_after"])
        self._submodules()
        self._tell(self._asked("rev-parse", "HEAD") or revision, branch)

    def _fetch(self, remote: dict[str, str]) -> None:
        name, given = remote["name"], self._given
        known = self._asked("remote")
        verb = ("set-url",) if name in known.split() else ("add",)
        self._git("remote", *verb, name, remote["url"])
        reference = self._build.expand(given.get("reference") or "")
        if reference and Path(reference, "objects").is_dir():
            listed = self._folder / ".git/objects/info/alternates"
            listed.write_text(f"{reference}/objects\n", encoding="utf-8")
        words = ["fetch", "--no-tags" if given.get("no_tags") else "--tags", "--force", "--quiet"]
        words += ["--prune"] if given.get("prune") else []
        words += ["--prune-tags"] if given.get("prune_tags") else []
        words += [f"--depth={given['depth']}"] if given.get("depth") else []
        specs = remote["refspec"] or f"+refs/heads/*:refs/remotes/{name}/*"
        minutes = float(given.get("minutes") or _MINUTES)
        self._git(*words, name, *specs.split(), minutes=minutes, remote=remote)

    def _find(self) -> tuple[str, str]:
        """The revision to build, and the branch as Jenkins names it."""
        # Only a refspec of one reference says what a change is; else branches do.
        one = not any("*" in (remote["refspec"] or "*") for remote in self._remotes)
        changes = ["FETCH_HEAD"] if self._given.get("fetched") and one else []
        for wanted in [*changes, *self._given["branches"]]:
            name = self._build.expand(wanted)
            for candidate, branch in self._candidates(name):
                revision = self._asked(
                    "rev-parse", "--quiet", "--verify", f"{candidate}^{{commit}}"
                )
                if revision:
                    return revision, branch
        said = ", ".join(self._build.expand(one) for one in self._given["branches"])
        raise Failed(f"no revision of {said} was found")

    def _candidates(self, name: str) -> list[tuple[str, str]]:
        """Names that Git knows, with those that Jenkins shows."""
        if "*" in name:
            return self._fitting(name)
        short = name.removeprefix("refs/heads/")
        found = []
        for remote in self._remotes:
            own = short.removeprefix(f"{remote['name']}/")
            found.append((f"refs/remotes/{remote['name']}/{own}", f"{remote['name']}/{own}"))
        tag = short.removeprefix("refs/tags/")
        return [*found, (f"refs/tags/{tag}", tag), (short, "detached" if _is_sha(short) else short)]

    def _fitting(self, pattern: str) -> list[tuple[str, str]]:
        """Branches that a pattern fits, the latest commit first."""
        listed = self._asked(
            "for-each-ref", "--sort=-committerdate", "--format=%(refname)", "refs/remotes"
        )
        pattern = pattern.removeprefix("refs/heads/").replace("**", "*")
        names = [one.removeprefix("refs/remotes/") for one in listed.split()]
        return [
            (f"refs/remotes/{name}", name)
            for name in names
            if fnmatch.fnmatchcase(name, pattern)
            or fnmatch.fnmatchcase(name.partition("/")[2], pattern)
        ]

    def _check_out(self, revision: str, branch: str) -> None:
        given, build = self._given, self._build
        minutes = float(given.get("checkout_minutes") or _MINUTES)
        merge = given.get("merge")
        if merge:
            target = f"refs/remotes/{merge['remote']}/{build.expand(merge['branch'])}"
            self._git("checkout", "--quiet", "--force", "--detach", target, minutes=minutes)
            words = {"FF": "--ff", "FF_ONLY": "--ff-only", "NO_FF": "--no-ff"}[merge["forward"]]
            strategy = merge["strategy"].lower()
            more = [] if strategy in ("", "default") else ["--strategy", strategy]
            self._git("merge", words, *more, revision)
        else:
            self._git("checkout", "--quiet", "--force", "--detach", revision, minutes=minutes)
        if "local" in given:
            name = build.expand(given["local"])
            name = branch.partition("/")[2] if name in ("", "**") else name
            self._git("checkout", "--quiet", "-B", name)
            build.set("GIT_LOCAL_BRANCH", name)
        if given.get("lfs"):
            self._git("lfs", "pull")
        if given.get("tag"):
            tag = build.environment["BUILD_TAG"]
            self._git("tag", "--annotate", "--force", "--message", f"Jenkins {tag}", tag)

    def _clean(self, how: int) -> None:
        self._git("reset", "--hard", "--quiet")
        self._git("clean", "-ffdxq" if how > 1 else "-fdxq")

    def _submodules(self) -> None:
        wanted = self._given.get("submodules")
        if not wanted:
            return
        words = ["submodule", "update", "--init", "--quiet"]
        words += ["--recursive"] if wanted.get("recursive") else []
        words += ["--remote"] if wanted.get("tracking") else []
        reference = self._build.expand(wanted.get("reference") or "")
        words += ["--reference", reference] if reference else []
        self._git(*words)

    def _tell(self, revision: str, branch: str) -> None:
        build = self._build
        build.say(f"checked out {revision} ({branch})")
        build.set("GIT_COMMIT", revision)
        build.set("GIT_BRANCH", branch)
        build.set("GIT_URL", self._remotes[0]["url"])
        if len(self._remotes) > 1:
            for number, remote in enumerate(self._remotes, 1):
                build.set(f"GIT_URL_{number}", remote["url"])
        for key in ("name", "email"):
            if self._given.get(key):
                value = build.expand(self._given[key])
                build.set(f"GIT_AUTHOR_{key.upper()}", value)
                build.set(f"GIT_COMMITTER_{key.upper()}", value)

    def _git(
        self, *words: str, minutes: float | None = None, remote: dict[str, str] | None = None
    ) -> None:
        more = {"GIT_TERMINAL_PROMPT": "0", **self._access(remote)}
        self._build.checked(["git", *words], cwd=self._folder, more=more, minutes=minutes)

    def _access(self, remote: dict[str, str] | None) -> dict[str, str]:
        """How Git gets at a remote with a credential."""
        name = remote["credentials"] if remote else ""
        if not name:
            return {}
        credentials = self._build.credentials
        if not credentials.missing(name, ("key_file",)):
            key = credentials.part(name, "key_file")
            return {"GIT_SSH_COMMAND": f"ssh -i '{key}' -o IdentitiesOnly=yes -o BatchMode=yes"}
        return {
            "GIT_ASKPASS": str(askpass(self._build)),
            "RINGTEST_ASKED_USER": credentials.part(name, "username"),
            "RINGTEST_ASKED": self._build.use(name, "password"),
        }

    def _asked(self, *words: str) -> str:
        """What Git answers, empty when it has no answer."""
        done = subprocess.run(
            ["git", *words],
            cwd=self._folder,
            env=self._build.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        return done.stdout.strip() if done.returncode == 0 else ""


def _is_sha(name: str) -> bool:
    return len(name) == _SHA and all(one in "0123456789abcdef" for one in name.lower())
