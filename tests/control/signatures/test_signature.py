"""When two failures are the same, and when they are not."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringtest.control.signatures.model import (
    Failure,
    group_failures,
    mask,
    own_frames,
    sign,
    stage_failure,
    telling_line,
)

MASKED = [
    ("at 0x7f3a9c and 0xDEADBEEF", "at <addr> and <addr>"),
    ("job 3f2504e0-4f89-11d3-9a0c-0305e82c3301 lost", "job <uuid> lost"),
    ("commit 9fceb02d0ae598e95dc970b74767f19372d61af8", "commit <n>"),
    ("commit 1234567890", "commit <n>"),
    ("2026-01-15T09:30:12.613009Z failed at 09:30:12,5", "<time> failed at <time>"),
    ("Jan 15 09:30:12 host", "<time> host"),
    ("timed out after 30 seconds (12ms)", "timed out after <duration> (<duration>)"),
    ("got 12 KiB of 3.5 MB", "got <size> of <size>"),
    ("/tmp/pytest-of-root/pytest-3/test_a0/ring.conf", "<path>/ring.conf"),
    ("open /home/lab-7/work/tmpab12cd34 failed", "open <path> failed"),
    (r"C:\work\7\ring.conf is gone", "<path>/ring.conf is gone"),
    ("left tmpx8f_2kq1 behind", "left <tmp> behind"),
    ("cannot reach 10.0.0.17:8443", "cannot reach <ip>"),
    ("cannot reach fe80::1ff:fe23:4567:890a", "cannot reach <ip>"),
    ("GET https://lab-b.example:8443/v1/jobs/17?x=1 said no", "GET <url>/v1/jobs/<n> said no"),
    ("assert 3 == -4.5e-3", "assert <n> == <n>"),
    ("needs ring>=1.2.3rc1, not 1.10", "needs ring>=<n>, not <n>"),
    ("“open” `shut` \"ajar\"", "'open' 'shut' 'ajar'"),
    ("90% of 1,024 rings", "<n> of <n> rings"),
    ("tests/test_a.py::TestA::test_b[1-a b] is old", "<test> is old"),
]  # fmt: skip
KEPT = [
    "module7 is not module8",
    "test_12 needs libfoo2 and sha256",
    "command failed with exit code 2",
    "exited with 127",
    "[Errno 13] Permission denied",
    "HTTP 404 and HTTP/1.1 503 and status=500",
    "and/or, n/a, 3rd",
    "std::string is not std::vector",
]


@pytest.mark.parametrize(("text", "expected"), MASKED)
def test_what_varies_is_masked(text: str, expected: str) -> None:
    assert mask(text) == expected


@pytest.mark.parametrize("text", KEPT)
def test_what_carries_meaning_stays(text: str) -> None:
    assert mask(text) == text


PYTEST_LONG = """
    def test_close():
        ring = Ring()
>       ring.close()

tests/test_ring.py:14:
_ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _

    def close(self):
>       raise ValueError("open")
E       ValueError: open

tests/helpers.py:3: ValueError
"""
PYTHON = """Traceback (most recent call last):
  File "/srv/a/work/tests/test_ring.py", line 14, in test_close
    ring.close()
  File "/srv/a/venv/lib/python3.11/site-packages/ring/core.py", line 99, in close
    raise KeyError(3)
KeyError: 3

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "/srv/a/work/tests/test_ring.py", line 15, in test_close
    pass
  File "/usr/lib/python3.11/json/__init__.py", line 346, in loads
  File "<frozen importlib._bootstrap>", line 1, in _find
  File "/srv/a/work/tests/helpers.py", line 4, in shut
ValueError: open
"""


def test_frames_come_from_every_form_of_traceback_without_libraries() -> None:
    assert own_frames(PYTHON) == ("test_ring.py test_close", "helpers.py shut")
    assert own_frames(PYTEST_LONG) == ("test_ring.py test_close", "helpers.py close")
    assert own_frames("tests/test_ring.py:14: in test_close\n    ring.close()") == (
        "test_ring.py test_close",
    )


def test_recursion_does_not_make_a_signature_long() -> None:
    deep = "".join(f'  File "r.py", line {n}, in f{n % 2}\n' for n in range(1000))
    assert len(own_frames(deep)) == 8


def failed(message: str, detail: str = "", where: str = "c t", kind: str | None = None) -> Failure:
    return Failure("test", message, where, exception_type=kind, detail=detail)


SAME = [
    (failed("ValueError: 3 rings"), failed("ValueError: 44 rings")),
    (failed("3 rings", kind="ValueError"), failed("ValueError: 44 rings")),
    (failed("ValueError: x"), failed("ring.errors.ValueError: x", kind="ValueError")),
    (failed("boom", PYTHON), failed("boom", PYTHON.replace("line 14", "line 99"))),
    (failed("boom", PYTHON), failed("boom", PYTHON.replace("/srv/a/", "/home/lab-b/"))),
    (failed("", PYTHON), failed("ValueError: open", PYTHON)),
    (failed("assert x", where="c t[1]"), failed("assert x", where="c t[2]")),
    (failed("one two\nthree\nfour\nfive"), failed("one two\nthree\nfour\nsix")),
    (failed("\x1b[31mValueError: x\x1b[0m"), failed("ValueError: x")),
    (failed("ring is shut", "a.py:1: in test_a", "c test_a"),
     failed("ring is shut", "b.py:2: in test_b", "c test_b[1]")),
]  # fmt: skip
DIFFERENT = [
    (failed("ValueError: open"), failed("TypeError: open")),
    (failed("ValueError: open"), failed("ValueError: shut")),
    (failed("module7 missing"), failed("module8 missing")),
    (failed("exit code 1 of tool"), failed("exit code 2 of tool")),
    (failed("boom", PYTHON), failed("boom", PYTHON.replace("test_close", "test_open"))),
    (failed("assert 1 == 2", where="c one"), failed("assert 1 == 3", where="c two")),
    (failed("", where="c one"), failed("", where="c two")),
    (failed("assert 1", "a.py:1: in test_a", "c test_a"),
     failed("assert 2", "b.py:2: in test_b", "c test_b")),
    (failed("ImportError: x"), Failure("stage", "ImportError: x", "prepare")),
]  # fmt: skip


@pytest.mark.parametrize(("one", "other"), SAME)
def test_the_same_failure_has_the_same_signature_and_template(one: Failure, other: Failure) -> None:
    assert sign(one).key == sign(other).key


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_different_failures_have_different_signatures(one: Failure, other: Failure) -> None:
    assert sign(one).key != sign(other).key


@given(st.text(max_size=300), st.text(max_size=300))
def test_any_text_has_a_signature_that_tells_all_it_hashes(message: str, detail: str) -> None:
    """Equal keys mean equal templates: the template of a group is everybody's."""
    one = sign(failed(message, detail))
    assert one == sign(failed(message, detail))
    assert len(one.template) < 5000


PIP = """Collecting ring==2.1.0
  Downloading ring-2.1.0.tar.gz (9 kB)
ERROR: Could not find a version that satisfies the requirement chain>=3 (from versions: none)
ERROR: No matching distribution found for chain>=3
[notice] A new release of pip is available
"""
COLLECT = """==== ERRORS ====
ImportError while importing test module '/w/tests/test_ring.py'.
E   ImportError: cannot import name 'soft_unicode' from 'markupsafe'
=========== short test summary info ===========
ERROR tests/test_ring.py
!!!!! Interrupted: 1 error during collection !!!!!
"""
EVIDENCE = [
    (PIP, "ERROR: No matching distribution found for chain>=3"),
    (COLLECT, "E   ImportError: cannot import name 'soft_unicode' from 'markupsafe'"),
    ("a.c:3:1: error: unknown type name 'ring'\nmake: *** [all] Error 1\n",
     "a.c:3:1: error: unknown type name 'ring'"),
    ("/bin/sh: 1: ringctl: not found\n", "/bin/sh: 1: ringctl: not found"),
    ("one\ntwo\n\n  \n", "two"),
    ("", ""),
]  # fmt: skip


@pytest.mark.parametrize(("evidence", "line"), EVIDENCE)
def test_the_telling_line_of_a_stage(evidence: str, line: str) -> None:
    assert telling_line(evidence) == line


def test_a_stage_is_the_same_in_two_labs_and_names_its_exception() -> None:
    one = sign(stage_failure("test", "exit 4", COLLECT))
    other = sign(stage_failure("test", "exit 2", "x\n" + COLLECT.replace("/w/", "/lab/b/")))
    assert one == other
    assert one.exception_type == "ImportError"
    assert one.template.startswith("cannot import name 'soft_unicode' from 'markupsafe'")


def test_a_job_counts_cases_by_signature() -> None:
    boom = [
        Failure(
            "test", f"ValueError: {n} rings", "c t", test_id=n % 3, detail="first" if n == 0 else ""
        )
        for n in range(10)
    ]
    (group,) = group_failures(boom)
    assert (group.cases, group.test_ids) == (10, {0, 1, 2})
    assert group.sample == "ValueError: 0 rings\nfirst"


def test_the_most_frequent_failures_of_a_job_are_grouped_and_no_more() -> None:
    many = [failed(f"reason{n} of all") for n in range(1000) for _ in range(1 + n // 900)]
    groups = group_failures(many)
    assert len(groups) == 200
    assert [group.signature.key for group in groups] == sorted(g.signature.key for g in groups)
    assert sum(group.cases == 2 for group in groups) == 100
    assert group_failures(reversed(many))[0].signature == groups[0].signature


@pytest.mark.parametrize("text", ["\n" * 60_000, "a:" * 30_000, "/a" * 30_000, "E " * 30_000])
def test_hostile_text_costs_little(text: str) -> None:
    """Quadratic patterns would take minutes; the limit is for slow machines."""
    begun = time.process_time()
    sign(failed(text, text))
    telling_line(text)
    assert time.process_time() - begun < 2
