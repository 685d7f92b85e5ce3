"""What differs from run to run and from lab to lab, and is masked in every message. Pure."""

import fnmatch
import hashlib
import re
from functools import lru_cache
from typing import Annotated, cast

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from ringtest.control.kernel.errors import BadRequest
from ringtest.control.kernel.patterns import LONGEST, any_of, check_pattern, substitute

# Policies --------------------------------------------------------------------

Patterns = Annotated[list[str], Meta(max_length=20)]


class Policy(Struct, frozen=True):
    """What a product's failures need beside the rules of everybody.

    `keep`: patterns of text that is never masked, as digits that carry meaning.
    `own_code`: globs over the paths of source files; with any, frames of these count and of
    no others.
    """

    keep: tuple[str, ...] = ()
    own_code: tuple[str, ...] = ()

    @property
    def version(self) -> str:
        """What tells it from other policies.

        >>> NO_POLICY.version, Policy(keep=("ring[0-9]",)).version
        ('-', 'ca7648d3c3e0')
        """
        if self == NO_POLICY:
            return "-"
        return hashlib.blake2b(msgspec.json.encode(self), digest_size=6).hexdigest()


class SetPolicy(Struct, kw_only=True):
    """Body of `PUT /products/:id/signature_policy`; what is left out stays."""

    keep: Patterns | UnsetType = UNSET
    own_code: Patterns | UnsetType = UNSET


NO_POLICY = Policy()


def check_policy(policy: Policy) -> None:
    """400 for a pattern that nobody can read or pay for.

    >>> check_policy(Policy(keep=("ring-[0-9]+",), own_code=("*/ringlib/*",)))
    """
    for number, pattern in enumerate(policy.keep, 1):
        check_pattern(f"keep, number {number}", pattern)
    for number, glob in enumerate(policy.own_code, 1):
        if not 0 < len(glob) <= LONGEST or not glob.isprintable():
            raise BadRequest(f"own_code, number {number}: 1 to {LONGEST} characters of a path")


@lru_cache(maxsize=100)
def own_paths(globs: tuple[str, ...]) -> re.Pattern[str] | None:
    """What fits the paths of source files that are ours; None: nobody said which."""
    return re.compile("|".join(map(fnmatch.translate, globs))) if globs else None


# Masks -----------------------------------------------------------------------
# One pass, first match wins, only at the start of a word: digits inside a name
# (module7, test_12) carry meaning and stay; so do the numbers that `keep` names, and what
# is masked already.

_MONTHS = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec"
_DATE = (
    r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d)?(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?)?"
    r"|\d{1,2}:\d\d:\d\d(?:[.,]\d+)?"
)
_MONTH = rf"(?:{_MONTHS}) {{1,2}}\d{{1,2}}(?: \d\d:\d\d:\d\d)?(?: \d{{4}}\b)?"
_TIMES = r"[nuµm]?s|secs?|seconds?|m|mins?|minutes?|h|hours?"
_SIZES = r"[kKMGT]i?B|B|[kKMG]?bytes?"
_MASKS = {
    "keep": r"<url>(?:/(?:[^\s'<>)\]]|<n>)*)?"
    r"|(?i:exit(?:ed)?(?: with)?(?: code| status)?|(?:status|error)(?:[ _]code)?|errno"
    r"|http(?:/\d(?:\.\d)?)?|signal)[ :=]*\d{1,3}\b",
    "uuid": r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}",
    "time": rf"{_DATE}|{_MONTH}",
    "url": r"[a-z][a-z0-9+]{1,9}://[^\s'<>)\]]+",
    "test": r"[\w./\\-]+\.py(?:::\w+)+(?:\[[^\]\n]*\])?",
    "path": r"(?:~|\.{1,2}|[A-Za-z]:)?(?:/[\w.+@%=-]+){2,}/?|[A-Za-z]:(?:\\{1,2}[\w.+@%=-]+)+",
    "tmp": r"tmp[a-z0-9][a-z0-9_]{7}\b",
    "ip": r"\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?\b"
    r"|(?=[0-9a-fA-F:]*\d)(?:[0-9a-fA-F]{0,4}:){2,7}[0-9a-fA-F]{1,4}\b",
    "addr": r"0[xX][0-9a-fA-F]+",
    "duration": rf"\d+(?:\.\d+)? ?(?:{_TIMES})\b",
    "size": rf"\d+(?:\.\d+)? ?(?:{_SIZES})\b",
    "hex": r"(?=[0-9a-fA-F]*\d)[0-9a-fA-F]{7,}\b",
    "version": r"[vV]?\d+(?:\.\d+)+(?:[-.+]?[A-Za-z]+\.?\d*)*",
    "n": r"[-+]?\d+(?:[.,]\d+)*(?:[eE][-+]?\d+)?%?(?!\w)",
}
_MAY_BEGIN = (
    r"[^\s\d/\\:]*(?:[\d/\\]|:(?=\S))|tmp"
    rf"|(?i:exit|status|error|errno|http|signal)[ :=]|(?i:exited )|(?:{_MONTHS}) "
)
"""What every mask begins with, told in one look: most words are none."""


def _either(*names: str) -> str:
    return "|".join(f"(?P<{name}>{_MASKS[name]})" for name in names)


_MASK = re.compile(rf"(?<!\w)(?={_MAY_BEGIN})(?:{_either(*_MASKS)})")
_MASK_OF_NUMBERS = re.compile(
    _either("addr", "uuid", "time", "ip", "duration", "size", "hex", "version", "n")
)
"""Those that a word may be which begins with a digit, if it holds no name of a test."""
_PLAIN_NUMBER = re.compile(r"[0-9]{1,6}(?:\.[0-9]+){0,2}|[0-9]+")
_TOKENS = {name: f"<{name}>" for name in _MASKS if name not in ("keep", "path", "url")}
_TOKENS |= {"hex": "<n>", "version": "<n>"}  # a hash may by chance be all digits
_QUOTES = str.maketrans({mark: "'" for mark in '"`´‘’“”'})
SLASH = re.compile(r"[/\\]")
ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_LONE_DIGITS = re.compile(r"(?<![A-Za-z_])\d+(?![A-Za-z_])")
_RANDOM_NAME = re.compile(r"tmp\w{6,}|[0-9a-fA-F-]{7,}|[\d.-]+")


# Letters that stand for the characters of kept text while masks are applied: to every mask
# they are parts of words.
_HIDE = {code: 0x14400 + code for code in range(33, 127)}
_SHOW = {hidden: code for code, hidden in _HIDE.items()}


def mask(text: str, policy: Policy = NO_POLICY) -> str:
    """`text` without what changes from run to run and from lab to lab.

    >>> mask('cannot open "/srv/lab-b/runs/7/ring.conf" after 1.5 s (pid 4711)')
    "cannot open '<path>/ring.conf' after <duration> (pid <n>)"
    >>> mask("<Ring object at 0x7f3a> is not module7, exit code 2")
    '<Ring object at <addr>> is not module7, exit code 2'
    >>> mask("port 443 of 10", Policy(keep=("port [0-9]+",)))
    'port 443 of <n>'
    """
    if policy.keep:
        return Masker(policy).mask(text)
    return _MASK.sub(_token, text.translate(_QUOTES))


class Masker:
    """Masks many texts, each word that comes again at the price of looking it up.

    A mask holds no blank but for a few that join words ("30 seconds"): where two words
    could be joined they are read as one.
    """

    def __init__(self, policy: Policy = NO_POLICY) -> None:
        self._kept = any_of(policy.keep)
        self._alone: dict[str, str] = {}  # what is never a mask with its neighbours
        self._words: dict[str, tuple[str, int, int]] = {}

    def mask(self, text: str) -> str:
        """The text with tokens for what varies, other quotes as plain ones."""
        if text.isascii():
            text = text.replace('"', "'").replace("`", "'")
        else:
            text = text.translate(_QUOTES)
        if self._kept is not None:
            return self._mask_but_kept(text)
        return self._mask(text)

    def _mask_but_kept(self, text: str) -> str:
        hidden = substitute(self._kept, lambda kept: kept.translate(_HIDE), text)
        return self._mask(hidden).translate(_SHOW)

    def _mask(self, text: str) -> str:
        if ".py::" in text:  # names of tests may hold blanks
            return _MASK.sub(_token, text)
        words = text.split(" ")
        shown = list(map(self._alone.get, words))
        unknown, at = shown.count(None), 0
        while unknown:  # few: these alone are looked at
            at = shown.index(None, at)
            end = at + 1
            while end < len(shown) and shown[end] is None:
                end += 1
            unknown -= end - at
            if end == at + 1:
                shown[at] = self._masked(words[at])
            else:
                shown[at:end] = [self._mask_run(words[at:end])]
                words[at + 1 : end] = []
        return " ".join(cast(list[str], shown))

    def _mask_run(self, words: list[str]) -> str:
        """Words of which each may be one mask with the next."""
        if words[0][:1].isdigit():
            found = _MASK_OF_NUMBERS.match(together := " ".join(words))
            if found is not None and found.end() == len(together):
                return _token(found)
        shown, held, open_ = list[str](), "", 0
        for word in words:
            if word[:1].isdigit():
                before, after = _NUMBER | _CLOCK, _joins_after(word)
            else:
                _, before, after = self._words.get(word) or self._learn(word)
            if open_ & before:
                held = f"{held} {word}"
                open_ = after | (_CLOCK if after & _UNIT else 0)
                continue
            if held or open_:
                shown.append(self._masked(held))
            held, open_ = word, after or _HOLDS
        shown.append(self._masked(held))
        return " ".join(shown)

    def _masked(self, word: str) -> str:
        """A word, or several that are one mask."""
        if word[:1].isdigit():  # numbers seldom come again
            return "<n>" if _PLAIN_NUMBER.fullmatch(word) else _mask_number(word)
        known = self._words.get(word)
        if known is not None:
            return known[0]
        # addresses and paths seldom come again
        return _mask_word(word) if "/" in word else self._learn(word)[0]

    def _learn(self, word: str) -> tuple[str, int, int]:
        known = _mask_word(word), _joins_before(word), _joins_after(word)
        if len(word) < 100:
            if len(self._words) + len(self._alone) >= _WORDS:
                self._words.clear()
                self._alone.clear()
            if known[1] or known[2]:
                self._words[word] = known
            else:
                self._alone[word] = known[0]
        return known


def _mask_number(word: str) -> str:
    """What `_MASK` makes of a word that begins with a digit; most often it is one mask."""
    found = _MASK_OF_NUMBERS.match(word)
    if found is not None and found.end() == len(word):
        return _token(found)
    return _MASK.sub(_token, word)


def _mask_word(word: str) -> str:
    """The same of any other word."""
    if word[:1] == "/":
        if _WHOLE_PATH.fullmatch(word):
            return _mask_path(word)
    elif "://" in word and _WHOLE_URL.fullmatch(word):
        return _mask_url(word)
    return _MASK.sub(_token, word)


_WHOLE_PATH = re.compile(r"(?:/[\w.+@%=-]+){2,}/?")
_WHOLE_URL = re.compile(_MASKS["url"])
_WORDS = 20_000
_NUMBER, _UNIT, _CLOCK, _ALL = 1, 2, 4, 7
"""Why two words may be one mask: a number after a word, a unit or a time after a number."""
_HOLDS = 8
"""Nothing can follow, but there is a word to mask."""
_BEGINNINGS = frozenset(":=wWcCsSnuµmhkKMGTBb")
_BEGINS_UNIT = re.compile(rf"(?:{_TIMES}|{_SIZES})\b")
_BEGINS_NUMBER = re.compile(r"(?i)[\d:=]|with\b|code\b|status\b")
_NUMBER_WITHIN = re.compile(r"(?<!\w)\d")
_ENDS_BEFORE_NUMBER = re.compile(
    rf"(?i)(?<!\w)(?:exit|exited|with|code|(?:status|error)(?:_code)?|errno|http|signal|{_MONTHS})"
    r"[:=]*\Z"
)


def _joins_before(word: str) -> int:
    """What a word could go on with from the word before it."""
    if not word:
        return _ALL
    if word[0].isdigit():
        return _NUMBER | _CLOCK
    if word[0] not in _BEGINNINGS:
        return 0
    number = _NUMBER if _BEGINS_NUMBER.match(word) else 0
    return number | (_UNIT if _BEGINS_UNIT.match(word) else 0)


def _joins_after(word: str) -> int:
    """What the word after a word could go on with."""
    if not word:
        return _ALL
    if word[-1].isdigit():
        if not (word[0].isdigit() or _NUMBER_WITHIN.search(word)):
            return 0
        number = _NUMBER if "/" in word else 0  # HTTP/1.1
        return number | _UNIT | (_CLOCK if "-" in word or " " in word else 0)
    return _NUMBER if _ENDS_BEFORE_NUMBER.search(word) else 0


def _token(match: re.Match[str]) -> str:
    token = _TOKENS.get(match.lastgroup or "")
    if token is not None:
        return token
    if match.lastgroup == "keep":
        return match.group()
    if match.lastgroup == "path":
        return _mask_path(match.group())
    return _mask_url(match.group())


def _mask_url(url: str) -> str:
    path = url.split("://", 1)[1].partition("/")[2].partition("?")[0]
    return "<url>" + ("/" + _LONE_DIGITS.sub("<n>", path) if path else "")


def _mask_path(path: str) -> str:
    path = path.rstrip("/")
    return _mask_file(path[max(path.rfind("/"), path.rfind("\\")) + 1 :])


@lru_cache(maxsize=5000)
def _mask_file(name: str) -> str:
    if _RANDOM_NAME.fullmatch(name):
        return "<path>"
    return "<path>/" + _LONE_DIGITS.sub("<n>", name)
