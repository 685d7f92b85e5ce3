"""Finding and reading files: paths given, folders, includes; each file is read once."""

import fnmatch
import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TextIO

from ringtest.jjb.loading.composer import compose
from ringtest.jjb.loading.values import Scope, Tagged
from ringtest.jjb.problems import Failure, Problem, Severity
from ringtest.jjb.settings import Settings
from ringtest.language.places import Place

MAX_FILE = 64 << 20
_YAML = (".yml", ".yaml")


class Sources:
    """The files of one run, and what was asked of the file system.

    digests: path → digest of its content, or None of a file that is not there.
    opened: file of the command line → paths that tags in it, or in what it includes, asked
        for; whoever wants to know whether a run would come out the same compares these.
    repeatable: whether that can be known at all.
    """

    def __init__(self, settings: Settings, report: Callable[[Problem], None]) -> None:
        self.settings = settings
        self.report = report
        self.digests: dict[str, str | None] = {}
        self.opened: dict[str, set[str]] = {}
        self.warnings: dict[str, list[Problem]] = {}
        self.repeatable = not settings.retain_anchors and not settings.filter_modules
        self._texts: dict[str, str] = {}
        self._found: dict[tuple[str, ...], tuple[str | None, list[str]]] = {}
        self._base = Scope("<start>", None)
        self._roots: set[Path] | None = None
        self._told: set[tuple[str, str, Place | None]] = set()
        self.given: list[Path] = []

    def warn(self, rule: str, message: str, place: Place | None, root: str = "") -> None:
        """A warning, told once. root: the file of the command line that it belongs to."""
        problem = Problem(Severity.WARNING, rule, message, place)
        self.warnings.setdefault(root, []).append(problem)
        if (rule, message, place) not in self._told:
            self._told.add((rule, message, place))
            self.report(problem)

    def load(self, path: Path | TextIO) -> Any:
        """The document of a file that was named on the command line, or of open text."""
        if isinstance(path, Path):
            scope = Scope(shown(path), path.parent, str(path))
            text = self.text(path)
        else:
            scope = Scope(getattr(path, "name", "<stdin>"), None)
            text = path.read()
        return self._compose(text, scope, self._base)

    def include(self, path: Path, scope: Scope) -> Any:
        """The document of an included file; the same object each time the same text asks."""
        if path not in scope.loaded:
            scope.loaded[path] = self._compose(
                self.text(path), Scope(shown(path), path.parent, scope.root), scope
            )
        return scope.loaded[path]

    def load_text(self, text: str, name: str, scope: Scope) -> Any:
        """The document of a text that a template gave; its includes look where `scope` looks."""
        return self._compose(text, Scope(name, scope.folder, scope.root), scope)

    def _compose(self, text: str, scope: Scope, outer: Scope) -> Any:
        # The original hands its table of anchors on when there is something in it.
        if outer.anchors:
            scope.anchors = outer.anchors
        try:
            return compose(text, scope, partial(self.warn, root=scope.root))
        finally:
            if self.settings.retain_anchors and scope.anchors is not outer.anchors:
                outer.anchors.update(scope.anchors)

    def text(self, path: Path) -> str:
        """A file's text, with line ends as `\\n`; raises Failure."""
        key = str(path)
        if key not in self._texts:
            content = self._content(path)
            try:
                text = content.decode("utf-8")
            except UnicodeDecodeError as error:
                line = content.count(b"\n", 0, error.start) + 1
                column = error.start - (content.rfind(b"\n", 0, error.start) + 1) + 1
                raise Failure(
                    "encoding",
                    f"byte 0x{content[error.start]:02x} is not UTF-8",
                    Place(shown(path), line, column),
                ) from None
            if "\r" in text:
                text = text.replace("\r\n", "\n").replace("\r", "\n")
            self._texts[key] = text
        return self._texts[key]

    def _content(self, path: Path) -> bytes:
        try:
            if path.stat().st_size > MAX_FILE:
                raise Failure("too-large", f"{path}: more than {MAX_FILE >> 20} MiB")
            content = path.read_bytes()
        except OSError as error:
            self.digests[str(path)] = None
            raise Failure("missing-file", f"{path}: {error.strerror or error}") from None
        self.digests[str(path)] = hashlib.sha256(content).hexdigest()
        return content

    def find(self, name: str, scope: Scope, place: Place | None) -> Path:
        """The file that an include means: on the include path, beside the including file, here.

        Raises Failure when there is none.
        """
        folders = [*self.settings.include_path]
        if scope.folder is not None:
            folders.append(str(scope.folder))
        if "." not in folders:
            folders.append(".")
        key = (name, *folders)
        if key not in self._found:
            self._found[key] = self._search(name, folders)
        found, missing = self._found[key]
        asked = self.opened.setdefault(scope.root, set())
        asked.update(missing)
        if found is None:
            where = ", ".join(folders)
            raise Failure(
                "missing-include", f"File {name} is in none of the include folders: {where}", place
            )
        asked.add(found)
        path = Path(found)
        self._stay_inside(path, name, place, scope.root)
        return path

    def _search(self, name: str, folders: Sequence[str]) -> tuple[str | None, list[str]]:
        """The file, and where it was looked for in vain before."""
        missing: list[str] = []
        for folder in folders:
            candidate = os.path.join(os.path.expanduser(folder), name)  # noqa: PTH111, PTH118
            if "\0" not in candidate and os.path.isfile(candidate):  # noqa: PTH113
                return candidate, missing
            missing.append(candidate)
        return None, missing

    def _stay_inside(self, path: Path, name: str, place: Place | None, root: str) -> None:
        if ".." not in name and not name.startswith(("/", "~")) and not path.is_symlink():
            return
        if self._roots is None:
            own = [given if given.is_dir() else given.parent for given in self.given]
            folders = [Path(folder).expanduser() for folder in self.settings.include_path]
            self._roots = {folder.resolve() for folder in [Path(), *own, *folders]}
        real = path.resolve()
        if any(real.is_relative_to(folder) for folder in self._roots):
            return
        said = f"the include {name} leaves the folders of this repository: {real}"
        if self.settings.strict_includes:
            raise Failure("include-outside", said, place)
        self.warn("include-outside", said, place, root)

    def included_text(self, name: str, tagged: Tagged) -> tuple[Path, str]:
        """Path and text of a file that a tag names."""
        path = self.find(name, tagged.scope, tagged.place())
        return path, self.text(path)


def shown(path: Path) -> str:
    """A path as people read it: relative to the working folder when it lies there."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def expanded(
    paths: Iterable[Path | TextIO], report: Callable[[Problem], None]
) -> Iterator[Path | TextIO]:
    """The files of these paths: folders give their YAML files by name; each file comes once."""
    seen: set[Path] = set()
    for path in paths:
        if not isinstance(path, Path):
            yield path
            continue
        if path.is_dir():
            inside = sorted(item for item in path.iterdir() if item.suffix in _YAML)
        else:
            inside = [path]
        for item in inside:
            real = item.resolve()
            if real in seen:
                said = f"{item} is the same file as {real}, and is read once"
                report(Problem(Severity.WARNING, "file-twice", said))
            else:
                seen.add(real)
                yield real


def recursed(path: Path, excludes: Sequence[str]) -> list[Path]:
    """A folder and all below it but those that a pattern excludes, as `-r` finds them.

    Patterns without a slash are held against names, absolute ones against whole paths, others
    against paths relative to the working folder.
    """
    found = [path.resolve()]
    names = [item for item in excludes if "/" not in item]
    absolute = [item for item in excludes if item.startswith("/")]
    relative = [item for item in excludes if "/" in item and not item.startswith("/")]
    for folder, folders, _ in os.walk(found[0]):
        folders.sort()
        folders[:] = [
            name
            for name in folders
            if not _matches(name, names)
            and not _matches(os.path.join(folder, name), absolute)  # noqa: PTH118
            and not (relative and _matches(os.path.relpath(Path(folder) / name), relative))
        ]
        found += [Path(folder) / name for name in folders]
    return found


def _matches(name: str, patterns: Sequence[str]) -> bool:
    return any(fnmatch.fnmatch(name, pattern) for pattern in patterns)
