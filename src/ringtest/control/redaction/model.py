"""The rules of a server's own; what replaces secrets is `ringtest.language.redaction`. Pure."""

from ringtest.control.kernel.errors import BadRequest
from ringtest.language.secret_rules import PatternError, compiled


def read_rules(text: str) -> tuple[tuple[str, str], ...]:
    r"""The setting `redact`: a line `kind: pattern` for each rule of one's own.

    >>> read_rules("lab ticket: LAB-[0-9]{6}")
    (('lab ticket', 'LAB-[0-9]{6}'),)
    """
    rules = []
    for line in filter(None, map(str.strip, text.splitlines())):
        kind, colon, pattern = line.partition(":")
        if not colon or not kind.strip() or not pattern.strip():
            raise BadRequest(f"RINGTEST_REDACT: expected kind: pattern, got {line[:80]!r}")
        try:
            compiled(pattern.strip())
        except PatternError as error:
            raise BadRequest(str(error)) from None
        rules.append((kind.strip(), pattern.strip()))
    return tuple(rules)
