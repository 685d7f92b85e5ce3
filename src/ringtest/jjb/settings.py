"""What an ini file of jenkins-job-builder says about loading and rendering."""

from configparser import ConfigParser
from configparser import Error as IniError
from dataclasses import dataclass, field
from pathlib import Path

from ringtest.jjb.problems import Failure


@dataclass(frozen=True, slots=True)
class Settings:
    """Options of `[job_builder]`, and the sections of plugins.

    include_path: where includes are looked for, before the folder of the including file.
    retain_anchors: whether anchors of one file are known in those loaded after it.
    filter_modules: Python modules with filters for Jinja templates.
    strict_includes: whether an include may leave the working folder and the include path.
    sections: section → option → value, of all sections.
    """

    keep_descriptions: bool = False
    include_path: tuple[str, ...] = (".",)
    recursive: bool = False
    exclude: tuple[str, ...] = (".*",)
    allow_duplicates: bool = False
    allow_empty_variables: bool = False
    retain_anchors: bool = False
    filter_modules: tuple[str, ...] = ()
    print_job_urls: bool = False
    update: str | None = None
    strict_includes: bool = False
    sections: dict[str, dict[str, str]] = field(default_factory=dict)


_FLAGS = (
    "keep_descriptions",
    "recursive",
    "allow_duplicates",
    "allow_empty_variables",
    "retain_anchors",
    "print_job_urls",
)


def read(path: Path) -> Settings:
    """The settings of an ini file; raises Failure when it cannot be read."""
    parser = ConfigParser()
    try:
        with path.open(encoding="utf-8") as file:
            parser.read_file(file)
        sections = {name: dict(parser.items(name)) for name in parser.sections()}
        given = sections.get("job_builder", {})
        flags = {name: parser.getboolean("job_builder", name) for name in _FLAGS if name in given}
    except (OSError, UnicodeDecodeError, IniError, ValueError) as error:
        raise Failure("settings", f"{path}: {error}") from error
    if "hipchat" in sections and 'plugin "hipchat"' not in sections:
        sections['plugin "hipchat"'] = sections["hipchat"]
    if 'plugin "hipchat"' in sections:
        url = sections.get("jenkins", {}).get("url", "http://localhost:8080/")
        sections['plugin "hipchat"'].setdefault("url", url)
    return Settings(
        **flags,
        include_path=tuple(given.get("include_path", ".").split(":")),
        exclude=tuple(given.get("exclude", ".*").split(":")),
        filter_modules=tuple(filter(None, given.get("filter_modules", "").split(" "))),
        update=given.get("update"),
        sections=sections,
    )


def find() -> Path | None:
    """Where the original looks when it is told of no file: of the user, then of the system."""
    user = Path("~/.config/jenkins_jobs/jenkins_jobs.ini").expanduser()
    system = Path("/etc/jenkins_jobs/jenkins_jobs.ini")
    return next((path for path in (user, system) if path.is_file()), None)
