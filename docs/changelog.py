"""Moves the files of changes/ into CHANGELOG.md: `python -m docs.changelog 0.2.0`."""

import re
import sys
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).parents[1]
KINDS = {
    "feature": "New",
    "change": "Changed",
    "fix": "Fixed",
    "connector": "For authors of connectors",
}


def section(version: str, day: str, fragments: dict[str, str]) -> str:
    """The changelog's section of a release; `fragments` by file name.

    >>> print(section("1.2", "2026-12-01", {"logs.fix.md": "Logs end.", "a.feature.md": "A."}))
    ## 1.2 (2026-12-01)
    <BLANKLINE>
    ### New
    <BLANKLINE>
    - A.
    <BLANKLINE>
    ### Fixed
    <BLANKLINE>
    - Logs end.
    <BLANKLINE>
    """
    lines = [f"## {version} ({day})", ""]
    for kind, title in KINDS.items():
        texts = [text for name, text in sorted(fragments.items()) if name.endswith(f".{kind}.md")]
        if texts:
            lines += [f"### {title}", "", *(f"- {_indented(text)}" for text in texts), ""]
    return "\n".join(lines)


def _indented(text: str) -> str:
    return "\n  ".join(text.strip().splitlines())


def main() -> None:
    """Write the section and remove the files it was made from."""
    if len(sys.argv) != 2 or not re.fullmatch(r"\d+\.\d+\.\d+", sys.argv[1]):
        sys.exit("usage: python -m docs.changelog <version>")
    files = [path for path in (ROOT / "changes").glob("*.md") if path.name != "README.md"]
    day = datetime.now(UTC).date().isoformat()
    new = section(sys.argv[1], day, {path.name: path.read_text() for path in files})
    changelog = ROOT / "CHANGELOG.md"
    head, gap, rest = changelog.read_text().partition("\n## ")
    changelog.write_text(f"{head.rstrip()}\n\n{new}{gap}{rest}" if rest else f"{head}\n{new}")
    for path in files:
        path.unlink()


if __name__ == "__main__":
    main()
