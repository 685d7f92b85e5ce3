"""Reads a text with a reader, for tests of one format."""

from ringtest.control.ports.result_parser import Cases, Evidence, Note, ParsedCase, ResultParser


def read(parser: ResultParser, data: str | bytes) -> tuple[list[ParsedCase], list[Note]]:
    """Rows and notes."""
    session, cases = parser.open(), Cases()
    cases.extend(session.feed(data.encode() if isinstance(data, str) else data))
    cases.extend(session.close())
    return list(cases.rows()), list(session.notes)


def outcomes(parser: ResultParser, data: str | bytes) -> dict[str, str]:
    """Names of outcomes by suite and name of the case."""
    rows, _ = read(parser, data)
    return {"/".join(filter(None, (row.suite, row.name))): row.outcome.name.lower() for row in rows}


def codes(parser: ResultParser, data: str | bytes) -> list[str]:
    """Codes of the notes."""
    return [note.code for note in read(parser, data)[1]]


def evidence(parser: ResultParser, data: str | bytes, name: str) -> Evidence:
    """What one case left behind."""
    found = next(row.evidence for row in read(parser, data)[0] if row.name == name)
    assert found is not None
    return found
