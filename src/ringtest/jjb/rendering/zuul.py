"""The triggers `zuul` and `zuul-post` stand for parameters."""

from ringtest.jjb.loading.values import Map, Seq, new_seq
from ringtest.jjb.problems import Failure

_LINK = "Zuul provided key to link builds with Gerrit"
_COMMON = (
    ("ZUUL_UUID", f"{_LINK} events"),
    ("UUID", f"{_LINK} events (deprecated use ZUUL_UUID instead)"),
    ("ZUUL_PIPELINE", "Zuul pipeline triggering this job"),
    ("ZUUL_URL", "URL of Zuul's git repos accessible to workers"),
    ("ZUUL_PROJECT", "Branch name of triggering project"),
)
_OF_CHANGES = (
    ("ZUUL_BRANCH", "Branch name of triggering change"),
    ("ZUUL_CHANGES", "List of dependent changes to merge"),
    ("ZUUL_REF", "Reference for the merged commit(s) to use"),
    ("ZUUL_COMMIT", "The commit SHA1 at the head of ZUUL_REF"),
    ("ZUUL_CHANGE_IDS", "List of included changes"),
    ("ZUUL_CHANGE", "ID of triggering change"),
    ("ZUUL_PATCHSET", "Patchset of triggering change"),
    ("ZUUL_VOTING", "Zuul considered this job voting or not"),
)
_OF_REFERENCES = (
    ("ZUUL_REF", "Name of updated reference triggering this job"),
    ("ZUUL_REFNAME", "Name of updated reference triggering this job"),
    ("ZUUL_OLDREV", "Old SHA at this reference"),
    ("ZUUL_NEWREV", "New SHA at this reference"),
    ("ZUUL_SHORT_NEWREV", "Shortened new SHA at this reference"),
)
_PARAMETERS = {"zuul": _COMMON + _OF_CHANGES, "zuul-post": _COMMON + _OF_REFERENCES}


def with_parameters(data: Map) -> Map:
    """The same job with parameters in place of these triggers. Raises Failure without a list."""
    triggers = data.get("triggers", [])
    if triggers is None:
        place = data.place_of_value("triggers")
        raise Failure("wrong-type", "triggers is a list, and here it is null", place)
    if not isinstance(triggers, list) or not any(name in triggers for name in _PARAMETERS):
        return data
    parameters = _copied(data.get("parameters"))
    left = _copied(triggers)
    for name, given in _PARAMETERS.items():
        while name in left:
            parameters.extend({"string": {"description": text, "name": key}} for key, text in given)
            left.remove(name)
    data["parameters"] = parameters
    data["triggers"] = left
    return data


def _copied(raw: object) -> Seq:
    made = new_seq()
    if isinstance(raw, list):
        made.extend(raw)
    return made
