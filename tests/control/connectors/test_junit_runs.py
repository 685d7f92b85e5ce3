"""Runs of plain cases are read without expat, and nobody can tell."""

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ringtest.control.connectors.junit import plain, session
from ringtest.control.connectors.junit.plain import LEAST, RunReader, find_runs
from ringtest.control.connectors.junit.session import JunitParser
from ringtest.control.ports.result_parser import Cases, Note

WORDS = st.text(
    st.sampled_from("ab z.:/[]()é✓>'\u00a0\u2028")
    | st.characters(codec="utf-8", exclude_categories=["C"]),
    max_size=6,
)
KEYS = st.lists(
    st.sampled_from(["name", "classname", "time", "status", "result", "file", "class", "x-y"]),
    unique=True,
    max_size=5,
)
BETWEEN = st.sampled_from(
    ["", "\n", "\r\n\t", " text ", "<!-- c -->", '<![CDATA[<testcase a="b"/>]]>']
)
VALUES = st.one_of(
    WORDS,
    st.sampled_from(["1.5", "1,000", "failed", "skipped", "run", "&amp;", "&#10;", "\n", "\t"]),
)


@st.composite
def cases(draw: st.DrawFn) -> str:
    """Some cases of one look, as different writers write them."""
    keys, quote = draw(KEYS), draw(st.sampled_from(['"', '"', '"', "'"]))
    end = draw(
        st.sampled_from(["/>", " />", "  />", "></testcase>", "><failure>f</failure></testcase>"])
    )
    out = []
    for _ in range(draw(st.integers(1, 12))):
        attributes = [f" {key}={quote}{_escaped(draw(VALUES), quote)}{quote}" for key in keys]
        out.append(f"<testcase{''.join(attributes)}{end}{draw(BETWEEN)}")
    return "".join(out)


def _escaped(value: str, quote: str) -> str:
    if value not in ("&amp;", "&#10;"):
        value = value.replace("&", "&amp;")
    return value.replace("<", "&lt;").replace(quote, "&quot;" if quote == '"' else "&apos;")


def read(data: bytes, size: int, *, runs: bool) -> tuple[Cases, list[Note]]:
    one = JunitParser().open()
    if not runs:
        one._misses = session._MISSES
    found = Cases()
    for at in range(0, len(data), size):
        found.extend(one.feed(data[at : at + size]))
    found.extend(one.close())
    return found, one.notes


@given(parts=st.lists(cases(), min_size=1, max_size=6), size=st.sampled_from([7, 100, 10_000]))
@settings(max_examples=300, deadline=None)
def test_reading_runs_says_what_expat_says(parts: list[str], size: int) -> None:
    suites = [f'<testsuite name="s{n}">{part}</testsuite>' for n, part in enumerate(parts)]
    data = f"<testsuites>{''.join(suites)}</testsuites>".encode()
    assert read(data, size, runs=True) == read(data, size, runs=False)


@pytest.mark.parametrize("context", ["<!-- {} -->", "<![CDATA[{}]]>", "<?x {} ?>"])
def test_what_only_looks_like_a_run_is_no_run(context: str) -> None:
    run = '<testcase name="a" classname="b" time="1"/>' * 20
    data = f'<testsuite name="s"><testcase name="real"/>{context.format(run)}</testsuite>'.encode()
    assert read(data, len(data), runs=True)[0].names == ["real"]


def test_a_run_inside_of_a_text_is_text() -> None:
    run = "<![CDATA[" + '<testcase name="a" classname="b" time="1"/>' * 20 + "]]>"
    data = (
        f'<testsuite name="s"><testcase name="c"><failure>{run}</failure></testcase></testsuite>'
    ).encode()
    found, _ = read(data, len(data), runs=True)
    assert found.names == ["c"]
    assert found.evidence[0].detail and len(found.evidence[0].detail) == len(run) - 12


def test_errors_behind_a_run_are_told_with_their_true_line() -> None:
    run = '<testcase name="a"/>\n' * 20
    data = f'<testsuite name="s">\n{run}<testcase name="b < c"/>\n</testsuite>'.encode()
    with_runs, without = (read(data, len(data), runs=runs)[1][0].message for runs in (True, False))
    assert with_runs == without
    assert "line 22" in with_runs


def test_a_file_without_runs_is_not_searched_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    searched = []

    def counted(data: bytes) -> Iterator[tuple[int, int]]:
        searched.append(len(data))
        return find_runs(data)

    monkeypatch.setattr(session, "find_runs", counted)
    odd = "".join(f'<testcase a{n}="x"/>' for n in range(10)).encode()
    one = JunitParser().open()
    one.feed(b"<testsuite name='s'>")
    for _ in range(200):
        one.feed(odd)
    assert len(searched) <= 40


def test_runs_are_found_between_the_cases_that_have_content() -> None:
    plain_case = b'<testcase name="abc" time="1"/>'
    data = plain_case * 5 + b'<testcase name="x"><failure/></testcase>' + plain_case * 6
    found = [data[start:end] for start, end in find_runs(data)]
    assert found == [plain_case * 5, plain_case * 6]
    assert RunReader().read(plain_case * (LEAST - 1)) is None
    assert plain.RunReader().read(plain_case * LEAST) is not None
