"""A task as a file: named and written as DCI's callback does. Pure."""

import re
from typing import NamedTuple

from ringtest.agent.ansible.told import CommitTold, TaskTold

MIME = "application/x-ansible-output"
LONGEST = 255
"""Characters of a name."""
_WORDS = {
    "ok": "ok",
    "changed": "changed",
    "ignored": "failed (ignored)",
    "failed": "fatal",
    "skipped": "skipping",
    "unreachable": "unreachable",
}


def task_file(task: TaskTold) -> tuple[str, str]:
    """Name and text of a task's file.

    The prefix of the name says how it went on the worst of its hosts: `unreachable/`, `failed/`,
    `skipped/` when no host had to do it, `warn/` after a warning or a failure that is ignored.
    """
    lines = [f"{task.name} {'*' * max(3, 79 - len(task.name))}"]
    for one in task.hosts:
        lines.append(f"{_WORDS[one.status]}: [{one.host}] => {one.text}")
    return short_name(_prefix(task), task.name), "\n".join(lines) + "\n"


def _prefix(task: TaskTold) -> str:
    if task.has("unreachable"):
        return "unreachable/"
    if task.has("failed"):
        return "failed/"
    if task.hosts and all(one.status == "skipped" for one in task.hosts):
        return "skipped/"
    return "warn/" if any(one.warned or one.status == "ignored" for one in task.hosts) else ""


def short_name(prefix: str, name: str) -> str:
    """At most 255 characters: what is too long loses its beginning, which is the path.

    >>> short_name("failed/", "TASK [a : b]")
    'failed/TASK [a : b]'
    >>> len(short_name("failed/", "TASK [" + "x/" * 300 + "last]")), \
        short_name("failed/", "TASK [" + "x/" * 300 + "last]")[-6:]
    (255, '/last]')
    """
    if len(prefix) + len(name) <= LONGEST:
        return prefix + name
    head, bracket, rest = name.partition("[")
    begin = f"{prefix}{head}{bracket}…"
    return begin + rest[-(LONGEST - len(begin)) :]


class Commit(NamedTuple):
    """A checked out commit as a component."""

    type: str
    version: str
    uid: str
    url: str

    @property
    def display_name(self) -> str:
        return f"{self.type} {self.version}"


def commit_component(told: CommitTold) -> Commit:
    """The type is the repository's name, the version the exact tag or seven digits; a person's
    name or password in the address stays here.

    >>> commit_component(CommitTold("https://me:pw@git.example/team/App.git", "0123456789ab", 0))
    Commit(type='app', version='0123456', uid='0123456789ab', \
url='https://git.example/team/App/commit/0123456789ab')
    """
    page = plain_address(told.repo)
    kind = page.rsplit("/", 1)[-1].rsplit(":", 1)[-1].lower() or "git"
    url = f"{page}/commit/{told.commit}" if "://" in page else ""
    return Commit(kind, told.tag or told.commit[:7], told.commit, url)


def plain_address(repo: str) -> str:
    """The address of a repository's page: no user, no `.git`, https in place of ssh.

    >>> plain_address("git@git.example:team/app.git"), plain_address("ssh://git@h/a.git/")
    ('https://git.example/team/app', 'https://h/a')
    >>> plain_address("/srv/git/app.git"), plain_address("file:///srv/app")
    ('/srv/git/app', '/srv/app')
    """
    text = repo.strip().rstrip("/").removesuffix(".git")
    scp = re.fullmatch(r"[\w.-]+@([\w.-]+):(?!/)(.+)", text)
    if scp:
        return f"https://{scp[1]}/{scp[2]}"
    scheme, sign, rest = text.partition("://")
    if not sign:
        return text
    if scheme == "file":
        return rest
    host, slash, path = rest.partition("/")
    host = host.rpartition("@")[2]
    return f"{'https' if scheme in ('ssh', 'git+ssh', 'git') else scheme}://{host}{slash}{path}"
