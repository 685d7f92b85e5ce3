"""Secrets leave a log, whole and the same way, wherever its bytes are cut."""

import random
from collections.abc import Iterable, Sequence
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ringtest.language.redaction import LONGEST, Held, Redactor
from ringtest.language.secret_rules import Literals, PatternError, Rules, compiled

WORD = b"lab-own-api-secret-0123456789"
KEY = (
    b"-----BEGIN OPENSSH PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\n"
    b"b3BlbnNzaC1rZXktdjEAAAAABG5vbmU=\nAAAABG5vbmUAAAAAAAAAAQ==\n"
    b"-----END OPENSSH PRIVATE KEY-----\n"
)
SECRETS: dict[bytes, bytes] = {
    b"export PASSWORD=hunter22 now": b"hunter22",
    b'{"password": "two words", "a": 1}': b"two words",
    b"db passphrase: correct-horse": b"correct-horse",
    b"client_secret=0a1b2c3d4e5f": b"0a1b2c3d4e5f",
    b"clone https://bob:s3cr3t@host.example/x.git": b"s3cr3t",
    b"curl -H 'Authorization: Bearer abcdefghijklmnopqrstuvw' x": b"abcdefghijklmnopqrstuvw",
    b"> authorization: DCI2-HMAC-SHA256 Credential=remoteci/1/2, Signature=ab12cd": b"ab12cd",
    b"key id AKIAIOSFODNN7EXAMPLE.": b"AKIAIOSFODNN7EXAMPLE",
    b"aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLE": b"wJalrXUtnFEMI",
    b"ghp_" + b"a1" * 18: b"ghp_a1",
    b"oc login --token sha256~" + b"Zz0" * 14 + b"Q": b"Zz0",
    b"jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl end": b"c2lnbmF0dXJl",
    b"made rt_" + b"A" * 43: b"rt_A",
    b"DCI_API=" + WORD + b" ok": WORD,
    KEY: b"AAAABG5vbm",
    b'"key": "' + KEY.strip().replace(b"\n", b"\\n") + b'"': b"AAAABG5vbm",
}
REDACTOR = Redactor(words={WORD: "api secret"})


def redacted(pieces: Iterable[bytes], redactor: Redactor = REDACTOR) -> bytes:
    held = Held()
    out = []
    for piece in pieces:
        more, held = redactor.feed(piece, held)
        out.append(more)
    return b"".join(out) + redactor.close(held)


def split(data: bytes, cuts: Sequence[int]) -> list[bytes]:
    return [data[a:b] for a, b in pairwise([0, *sorted(cuts), len(data)])]


@pytest.mark.parametrize("text", SECRETS, ids=lambda text: text[:24].decode())
def test_a_secret_is_gone_wherever_its_line_is_cut(text: bytes) -> None:
    data = b"before\n" + text + b"\nafter\n"
    whole = redacted([data])
    assert SECRETS[text] not in whole
    assert b"[redacted " in whole
    assert whole.startswith(b"before\n") and whole.endswith(b"\nafter\n")
    for at in range(len(data) + 1):
        assert redacted(split(data, [at])) == whole, at
    assert redacted([data[at : at + 1] for at in range(len(data))]) == whole


def test_the_kind_of_secret_is_stated() -> None:
    assert REDACTOR.text("a https://u:pw@h/ b") == "a https://u:[redacted password]@h/ b"
    assert REDACTOR.text(KEY.decode() + "x") == "[redacted private key]\nx"
    assert REDACTOR.text(f"id {WORD.decode()}.") == "id [redacted api secret]."


@pytest.mark.parametrize(
    "line",
    ["password=None", "PASSWORD=$SECRET", "password: ********", "token=<token>", "secret={{ s }}",
     "https://host:8080/path", "unexpected token: else", "2 tokens, 3 secrets", "passed: 12",
     "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABgQ", "-----BEGIN CERTIFICATE-----",
     "sha256 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"],
)  # fmt: skip
def test_what_is_no_secret_stays(line: str) -> None:
    assert REDACTOR.text(line) == line


def test_a_key_without_an_end_takes_only_lines_that_look_like_one() -> None:
    body = "A" * 64 + "\n"
    text = f"-----BEGIN PRIVATE KEY-----\n{body * 3}FAILED in 3 s\n{body}"
    assert REDACTOR.text(text) == f"[redacted private key]\nFAILED in 3 s\n{body}"
    endless = "-----BEGIN PRIVATE KEY-----\n" + body * 300
    assert REDACTOR.text(endless).count(body) == 100


# what meets the ends of pieces: secrets, almost secrets, keys, very long lines
PARTS = st.one_of(
    st.sampled_from([*SECRETS, WORD, b"password", b"=", b"://", b"a:b@", b"\n", b" ", b"..."]),
    st.sampled_from([KEY[:50], KEY[:80], KEY[90:], b"x" * 3000, b"y " * 5000, b"ghp_"]),
    st.binary(max_size=8),
)
LOGS = st.lists(PARTS, max_size=12).map(b"".join)
CUTS = st.lists(st.integers(0, 2**20), max_size=12)


@settings(deadline=None, max_examples=150)
@given(LOGS, CUTS)
def test_any_cutting_gives_the_same_log(data: bytes, cuts: list[int]) -> None:
    whole = redacted([data])
    assert redacted(split(data, [cut % (len(data) + 1) for cut in cuts])) == whole
    assert WORD not in whole


@settings(deadline=None, max_examples=50)
@given(LOGS, st.integers(1, 5000))
def test_little_is_held_back_of_the_longest_line(data: bytes, size: int) -> None:
    held = Held()
    for at in range(0, len(data), size):
        _, held = REDACTOR.feed(data[at : at + size], held)
        assert len(held.data) <= 2 * LONGEST + 1


def test_a_secret_in_a_line_without_an_end_is_gone_too() -> None:
    filler = bytes(random.Random(4).choices(b"abcdefgh ", k=100_000))
    data = filler[:40_000] + b" password=hunter22 " + filler[40_000:]
    for size in (999, 4096, 50_000):
        out = redacted([data[at : at + size] for at in range(0, len(data), size)])
        assert out == redacted([data])
        assert b"hunter22" not in out and len(out) == len(data) + len("[redacted password]") - 8


def test_what_may_become_a_secret_is_not_shown_while_it_is_held() -> None:
    def shown(data: bytes) -> bytes:
        return REDACTOR.preview(REDACTOR.feed(data, Held())[1])

    assert shown(b"done\ntests ....") == b"tests ...."
    assert shown(b"login --password=hun") == b"login --"
    assert shown(b"use " + WORD[:9]) == b"use "
    assert shown(b"use " + WORD + b" now") == b"use [redacted api secret] now"
    assert shown(KEY[:60]) == b""


def test_own_patterns_are_added_with_their_kind() -> None:
    own = Redactor([("ticket", "LAB-[0-9]{6}"), ("badge", "badge ([0-9]+)")])
    assert own.text("LAB-123456 badge 77 x") == "[redacted ticket] badge [redacted badge] x"
    assert own.preview(Held(b"LAB-12")) == b"", "nobody knows how one's own secrets begin"


@pytest.mark.parametrize("pattern", ["(", "a{2,1}", "(?=look)"])
def test_a_pattern_that_cannot_be_is_refused(pattern: str) -> None:
    with pytest.raises(PatternError):
        compiled(pattern)


OWN = [("ticket", "LAB-[0-9]{6}"), ("two lines", "a[^x]{1,5}b")]


@settings(deadline=None, max_examples=200)
@given(LOGS.map(lambda log: log + b" a\nb LAB-123456 a-b"), st.sampled_from([(), OWN]))
def test_python_finds_what_re2_finds(data: bytes, own: Sequence[tuple[str, str]]) -> None:
    def spans(*, by_re2: bool) -> list[tuple[int, int]]:
        search, at, found = Rules(own, by_re2=by_re2).over(data, 0, len(data)), 0, []
        while match := search(at):
            found.append(match.span())
            at = match.end()
        return found

    assert spans(by_re2=True) == spans(by_re2=False)


OF_EACH_RULE = [
    *(b"-----BEGIN PRIVATE KEY-----", b"-----BEGIN A PRIVATE KEY-----x-----END A PRIVATE KEY-----"),
    *(b"Authorization: abcdef", b'aUTHORIZATION\\" = abcdef', b"AWS_SECRET_KEY=" + b"a/" * 20),
    *(b"awssecretaccess_key: " + b"A" * 40, b"AKIA" + b"Z" * 16, b"ASIA" + b"7" * 16),
    *(b"gh" + bytes([one]) + b"_" + b"aB3" * 11 for one in b"pousr"),
    *(b"github_pat_" + b"a_" * 11, b"glpat-" + b"a-" * 10, b"xoxb-" + b"1-" * 5),
    *(b"npm_" + b"aB" * 18, b"pypi-" + b"a_" * 25, b"hvs." + b"a-" * 10, b"AIza" + b"a" * 35),
    *(b"ya29." + b"a-" * 10, b"sk-" + b"aB" * 16, b"sha256~" + b"a" * 43, b"rt_" + b"-" * 43),
    *(b"eyJaaaaaaaa.eyJbbbbbbbb.", b"BEARER \t" + b"a" * 16, b"x://:pw@", b"x://u:pw@h"),
    *(b"PASSWORD=>x", b"passwd : 'a b'", b"passPhrase=x", b"Secret=x", b"token\\' ='x'"),
    *(b"api_key=x", b"APIKEY = x", b"access_key=x", b'accesskey="x"'),
]


def spans_of(rules: Rules, data: bytes) -> list[tuple[int, int]]:
    search, at, found = rules.over(data, 0, len(data)), 0, []
    while match := search(at):
        found.append(match.span())
        at = match.end()
    return found


@pytest.mark.parametrize("text", OF_EACH_RULE)
def test_python_finds_each_kind_wherever_it_stands(text: bytes) -> None:
    slow, fast = Rules(by_re2=False), Rules(by_re2=True)
    for before in (b"", b" ", b"x", b"-", b"=@~ ", b"\n", text, text[:-1], text[:5]):
        for after in (b"", b" ", b"\n", b"x", b"@", text):
            data = before + text + after
            assert spans_of(slow, data) == spans_of(fast, data), data
    assert spans_of(slow, b" " + text + b"\n")


@settings(deadline=None, max_examples=300)
@given(
    st.lists(
        st.one_of(
            st.sampled_from(OF_EACH_RULE),
            st.sampled_from(OF_EACH_RULE).flatmap(
                lambda text: st.integers(1, len(text)).map(lambda n: text[:n])
            ),
            st.sampled_from(
                [b" ", b"\n", b"=", b"@", b"~", b"'", b"\xff", b"_", b"A", b"a", b"PASS"]
            ),
        ),
        max_size=10,
    ).map(b"".join)
)
def test_python_finds_what_re2_finds_of_what_is_nearly_a_secret(data: bytes) -> None:
    assert spans_of(Rules(by_re2=False), data) == spans_of(Rules(by_re2=True), data)


LONG_WORDS = [b"0123456789abcde", b"abcdefgh" * 4, b"bcdefghabcdefgha", b"\x00" * 16, b"short"]


@settings(deadline=None, max_examples=200)
@given(
    st.lists(st.one_of(st.sampled_from(LONG_WORDS), st.binary(max_size=20)), max_size=8),
    st.integers(0, 20),
    st.integers(0, 20),
)
def test_long_words_are_found_at_every_place(parts: list[bytes], start: int, less: int) -> None:
    data = b"".join(parts)
    start, stop = min(start, len(data)), max(len(data) - less, min(start, len(data)))

    def places(*, by_re2: bool) -> list[tuple[int, bytes]]:
        first, at, found = Literals(LONG_WORDS, by_re2=by_re2).over(data, start, stop), start, []
        while one := first(at):
            found.append(one)
            at = one[0] + 1
        return found

    every = {
        at: word
        for word in sorted(LONG_WORDS, key=len)
        for at in range(start, stop - len(word) + 1)
        if data[at : at + len(word)] == word
    }
    assert dict(places(by_re2=False)) == dict(places(by_re2=True)) == every


@settings(deadline=None, max_examples=200)
@given(
    st.lists(st.binary(min_size=1, max_size=4).filter(lambda word: b"\n" not in word), max_size=9),
    st.lists(st.sampled_from(b"ab\xe9\n.*"), max_size=60).map(bytes),
)
def test_re2_finds_the_words_that_a_search_one_by_one_finds(
    words: list[bytes], text: bytes
) -> None:
    words += [b"a.", b"ab", b"a\xe9", b"*b", b"b"]

    def places(*, by_re2: bool) -> list[tuple[int, bytes]]:
        first, at, found = Literals(words, by_re2=by_re2).over(text, 0, len(text)), 0, []
        while one := first(at):
            found.append(one)
            at = one[0] + 1
        return found

    assert places(by_re2=True) == places(by_re2=False)


def test_a_word_that_meets_a_rules_secret_goes_whole() -> None:
    words = {b"user-token-1": "TOKEN", b"ret@host-2": "OTHER", b"1234@5678": "PLAIN"}
    redactor = Redactor(words=words)
    for text in ("x://user-token-1:pw@h/", "x://u:secret@host-2/", "a 1234@5678 b"):
        out = redactor.text(text)
        assert not any(word.decode() in out for word in words), out
        assert "pw@" not in out and "cret" not in out
    overlapping = Redactor(words={b"abcdefgh": "ONE", b"efghijkl": "TWO"})
    assert overlapping.text("abcdefghijkl.") == "[redacted ONE]."


@settings(deadline=None, max_examples=150)
@given(LOGS, CUTS)
def test_what_is_let_out_early_is_what_would_have_come_out(data: bytes, cuts: list[int]) -> None:
    held, out = Held(), b""
    for piece in split(data, [cut % (len(data) + 1) for cut in cuts]):
        more, held = REDACTOR.feed(piece, held)
        early, held = REDACTOR.let_out(held)
        out += more + early
    assert out + REDACTOR.close(held) == redacted([data])


def test_an_unended_line_is_let_out_up_to_where_a_secret_may_begin() -> None:
    assert REDACTOR.let_out(Held(b"tests " + b"." * 60))[0] == b"tests " + b"." * 44
    assert REDACTOR.let_out(Held(b"." * 40 + b" password=x" + b"." * 40))[0] == b"." * 40 + b" "
    assert REDACTOR.let_out(Held(b"." * 40 + WORD + b"." * 40))[0] == b"." * 40
    assert REDACTOR.let_out(Held(b"." * 40 + WORD[:-1]))[0] == b"." * 40


def test_each_secret_is_told() -> None:
    told: list[str] = []
    REDACTOR.text(f"password=hunter22 {WORD.decode()}", told.append)
    assert told == ["password", "api secret"]
