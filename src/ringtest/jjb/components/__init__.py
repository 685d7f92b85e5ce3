"""Components of jobs, one package or module per kind: `builders`, `publishers`, `scm`, …

A component is a row: its name, its element, and what its options become.

    builder("tox", "jenkins.plugins.shiningpanda.builders.ToxBuilder",
        option("ini", "tox.ini", "toxIni"),         # option, default, element if not camel case
        option("recreate", False),
        given("toxenv-pattern", text("toxenv-pattern")),
    )

`parts` has the words for one value, `shapes` those for structure, for lists and for rules by a
plugin's version; `kinds` puts rows into the `registry`. What no word says is a function with
the same signature, and may stand wherever a part may. A row tells which options it reads, for
the reference, the fixtures and the checks; a function says so with `reads`. Modules beside the
packages hold what components of several kinds share, by noun.

The package of a kind is imported when a job first asks for that kind. What stands in no row is
rendered by the installed library.
"""
