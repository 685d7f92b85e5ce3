"""Matrix files: products × architectures × a tree of tests, and ordered rules that set variables.

The `jobs.yaml` of libvirt CI. `reading` has its parts with their places, `cells` multiplies
them, `rules` gives each cell its variables and remembers who set them, `projects` writes what
the engine renders, `checking` finds rules that do nothing. Conditions are
`language.expressions`: nothing in a file is executed.
"""
