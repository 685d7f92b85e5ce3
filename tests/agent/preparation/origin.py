"""A repository with requests and changes, as hosting services keep them."""

from pathlib import Path

from tests.agent.preparation.machines import call

WHO = ("-c", "user.name=lab", "-c", "user.email=lab@example.org")


class Origin:
    """A repository with requests, as hosting services keep them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.work = folder.parent / "author"
        folder.mkdir()
        self.work.mkdir()
        self.git("init", "-q", "-b", "main", where=self.folder, bare=True)
        self.git("init", "-q", "-b", "main")
        self.commit("a", "one\n")
        self.push("refs/heads/main")

    def git(self, *argv: str, where: Path | None = None, bare: bool = False) -> str:
        more = ("--bare",) if bare else ()
        return call("git", *WHO, *argv, *more, cwd=where or self.work)

    def commit(self, name: str, text: str) -> None:
        (self.work / name).write_text(text)
        self.git("add", ".")
        self.git("commit", "-qm", f"{name} is {text.strip()}")

    def push(self, ref: str) -> None:
        """What is committed is offered under a ref, and the author goes back."""
        self.git("push", "-q", str(self.folder), f"+HEAD:{ref}")
        if ref != "refs/heads/main":
            self.git("reset", "-q", "--hard", "HEAD~1")

    @classmethod
    def make(cls, folder: Path) -> "Origin":
        """Pull requests 7 and 9, which conflicts with most, merge request 8 and a change."""
        made = cls(folder)
        for ref, name, text in (
            ("refs/pull/7/head", "pull", "7\n"),
            ("refs/merge-requests/8/head", "merge", "8\n"),
            ("refs/changes/34/1234/5", "change", "5\n"),
            ("refs/pull/9/head", "a", "nine\n"),
        ):
            made.commit(name, text)
            made.push(ref)
        return made
