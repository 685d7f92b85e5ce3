"""Fast masking is plain masking; masking twice is masking once; what a product keeps stays."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringtest.control.kernel.errors import BadRequest
from ringtest.control.masks import model
from ringtest.control.masks.model import Masker, Policy, check_policy, mask

PLAIN = re.compile(
    r"(?<!\w)(?:" + "|".join(f"(?P<{name}>{one})" for name, one in model._MASKS.items()) + ")"
)
"""The masks as they are written down: one pass, first match wins, at every start of a word."""

VARYING = st.one_of(
    st.integers(-(10**6), 10**6).map(str),
    st.floats(0, 1e6).map(lambda n: f"{n:.2f}"),
    st.integers(0, 2**64).map(hex),
    st.integers(0, 2**64).map(lambda n: f"{n:x}"),
    st.uuids().map(str),
    st.datetimes().map(str),
    st.datetimes().map(lambda moment: f"{moment:%b %d %H:%M:%S}"),
    st.times().map(str),
    st.ip_addresses().map(str),
    st.sampled_from([
        "/srv/lab-b/runs/7/ring.conf", "~/a/b", r"C:\runs\7\ring.conf", "tmpx8f_2kq1", "1.2.3rc1",
        "https://lab.example:8443/v1/jobs/17?x=1", "12 KiB", "30 seconds", "1.5 s", "90%", "v2.1",
        "exit code 2", "exited with 127", "[Errno 13]", "HTTP/1.1 503", "status=500", "signal: 9",
        "tests/test_a.py::TestA::test_b[1-a b]", "module7", "test_12", "2026-01-15 09:30:12.5",
        "Jan 15 09:30:12 2026", "exit", "code", "s", "5 m", "seconds", "with 3", "=", ": 4",
        "error_code::", "status_code", "case13", "node", "(13",
    ]),
)  # fmt: skip
WORDS = st.sampled_from(["cannot", "open", "ValueError:", "ring", "of", "is", "not", "it", "B", ""])
WRAPPED = st.tuples(st.sampled_from(["", "(", "[", "'", "="]), VARYING,
                    st.sampled_from(["", ")", "]", "'", ",", ":", "."])).map("".join)  # fmt: skip
LINES = st.lists(st.one_of(WRAPPED, WORDS, VARYING), max_size=12).map(" ".join)
SIGNS = st.text("0189afexX tmpv:/\\.-+~_<>[]'=%\n\tµé", max_size=60)


@given(st.one_of(LINES, SIGNS, st.text(max_size=100)))
def test_word_by_word_gives_what_the_masks_say(text: str) -> None:
    plain = PLAIN.sub(model._token, text.translate(model._QUOTES))
    assert mask(text) == plain
    masker = Masker()
    assert [masker.mask(text), masker.mask(text)] == [plain, plain]


@given(LINES)
def test_masking_what_is_masked_changes_nothing(text: str) -> None:
    once = mask(text)
    assert mask(once) == once


@given(LINES)
def test_a_policy_that_fits_nothing_changes_nothing(text: str) -> None:
    assert mask(text, Policy(keep=("no such words, ever",))) == mask(text)


@pytest.mark.parametrize(
    ("keep", "text", "expected"),
    [
        ("port [0-9]+", "port 443 of 10 at /a/b/c", "port 443 of <n> at <path>/c"),
        ("[0-9]+ lanes", "16 lanes, 8 lanes, 3 left", "16 lanes, 8 lanes, <n> left"),
        ("/opt/ring/[a-z.]+", "/opt/ring/a.conf is not /opt/bell/a.conf",
         "/opt/ring/a.conf is not <path>/a.conf"),
        (r"fw \d+\.\d+", "fw 1.2 and fw 1.3, build 1.4", "fw 1.2 and fw 1.3, build <n>"),
    ],
)  # fmt: skip
def test_what_a_product_keeps_stays(keep: str, text: str, expected: str) -> None:
    assert mask(text, Policy(keep=(keep,))) == expected


@pytest.mark.parametrize(
    "policy",
    [
        Policy(keep=("(unclosed",)),
        Policy(keep=(r"(?=ahead)x",)),
        Policy(keep=(r"(a)\1",)),
        Policy(keep=("x*",)),
        Policy(keep=("a" * 301,)),
        Policy(keep=("(a{1,1000}){1,1000}",)),
        Policy(own_code=("",)),
        Policy(own_code=("a\nb",)),
    ],
)
def test_a_pattern_without_sense_or_bound_is_refused(policy: Policy) -> None:
    with pytest.raises(BadRequest, match=r"^(keep|own_code), number 1: "):
        check_policy(policy)
