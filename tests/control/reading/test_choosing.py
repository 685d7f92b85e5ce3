"""Which reader reads a file: the type it is uploaded as, its name, its first bytes."""

import pytest

from ringtest.control import registry
from ringtest.control.reading.service import choose_parser
from tests.conformance.result_parser.samples import FORMATS

PARSERS = registry.result_parsers()
SAMPLES = [(mime, name) for mime, one in FORMATS.items() for name in one.samples]


def chosen(mime: str | None, name: str, head: bytes) -> str | None:
    """The first type of the reader, or None."""
    parser = choose_parser(PARSERS, mime=mime, name=name, head=head)
    return parser.mimes[0] if parser else None


@pytest.mark.parametrize(("mime", "name"), SAMPLES)
def test_every_sample_is_read_by_its_own_reader_whatever_reader_is_meant(
    mime: str, name: str
) -> None:
    head = FORMATS[mime].samples[name][:4096]
    for claimed in PARSERS:
        assert chosen(claimed, "file", head) == mime


@pytest.mark.parametrize("mime", PARSERS)
def test_what_nobody_knows_is_left_to_who_is_meant(mime: str) -> None:
    assert chosen(mime, "x", b"gibberish") == PARSERS[mime].mimes[0]


@pytest.mark.parametrize("mime", [None, "", "text/plain", "Text/XML; charset=utf-8"])
def test_a_name_without_the_bytes_and_bytes_without_the_name_are_not_enough(
    mime: str | None,
) -> None:
    tap = b"TAP version 14\n1..1\nok 1 - a\n"
    assert chosen(mime, "a.tap", tap) == "application/tap"
    assert chosen(mime, "A.TAP", tap) == "application/tap"
    assert chosen(mime, "a.tap", b"tap water\n") is None
    assert chosen(mime, "a.txt", tap) is None


@pytest.mark.parametrize("mime", ["image/png", "application/gzip", "application/x-tar"])
def test_types_that_are_something_else_are_not_looked_at(mime: str) -> None:
    assert chosen(mime, "a.tap", b"TAP version 14\n1..1\nok 1 - a\n") is None


def test_junit_of_a_type_that_says_nothing_is_a_file_as_it_is_to_dci() -> None:
    junit = b'<testsuite name="s"><testcase name="a"/></testsuite>'
    assert chosen("text/xml", "junit.xml", junit) is None
    assert chosen("application/junit", "junit.xml", junit) == "application/junit"


def test_trx_is_known_by_its_name_and_root() -> None:
    trx = FORMATS["application/junit"].samples["run.trx"]
    assert chosen("application/octet-stream", "host.trx", trx[:4096]) == "application/junit"
