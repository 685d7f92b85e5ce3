"""What each field of a settings class means: the text written below it."""

import ast
import inspect
import re
from itertools import pairwise
from typing import Any


def field_docs(kind: type[Any]) -> dict[str, str]:
    """Meaning by field name; a field without a text below it is left out."""
    tree = ast.parse(inspect.getsource(kind)).body[0]
    body = tree.body if isinstance(tree, ast.ClassDef) else []
    found = {}
    for field, text in pairwise(body):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
            said = text.value if isinstance(text, ast.Expr) else None
            words = said.value if isinstance(said, ast.Constant) else ""
            found[field.target.id] = re.sub(r"\s+", " ", str(words)).strip()
    return {name: words for name, words in found.items() if words}
