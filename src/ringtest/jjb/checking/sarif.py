"""Findings as SARIF 2.1.0, which code hosts and editors show beside the lines."""

import hashlib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ringtest.jjb.checking.baseline import key_of
from ringtest.jjb.checking.rules import RULES
from ringtest.jjb.problems import Problem
from ringtest.language.places import Place

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def document(problems: Sequence[Problem], version: str) -> dict[str, Any]:
    """One run, with all rules and these results. version: of Ringtest."""
    driver = {
        "name": "ringtest jenkins check",
        "version": version,
        "rules": [
            {
                "id": rule.id,
                "shortDescription": {"text": rule.says},
                "defaultConfiguration": {"level": str(rule.severity)},
            }
            for rule in RULES.values()
        ],
    }
    numbers = {name: number for number, name in enumerate(RULES)}
    seen: Counter[str] = Counter()
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_result(problem, numbers, seen) for problem in problems],
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _result(problem: Problem, numbers: dict[str, int], seen: Counter[str]) -> dict[str, Any]:
    known = hashlib.sha256("\0".join(key_of(problem)).encode()).hexdigest()[:32]
    seen[known] += 1
    result: dict[str, Any] = {
        "ruleId": problem.rule,
        "level": str(problem.severity),
        "message": {"text": problem.message},
        "locations": [_location(problem.place)] if problem.place else [],
        "partialFingerprints": {"finding/v1": f"{known}:{seen[known]}"},
    }
    if problem.rule in numbers:
        result["ruleIndex"] = numbers[problem.rule]
    if problem.job:
        result["properties"] = {"job": problem.job}
    related = [
        {**_location(step.place), "message": {"text": step.what}}
        for step in problem.chain
        if step.place
    ]
    if related:
        result["relatedLocations"] = related
    return result


def _location(place: Place) -> dict[str, Any]:
    path = Path(place.file)
    uri = path.as_uri() if path.is_absolute() else quote(path.as_posix())
    region = {"startLine": place.line, "startColumn": place.column}
    return {"physicalLocation": {"artifactLocation": {"uri": uri}, "region": region}}
