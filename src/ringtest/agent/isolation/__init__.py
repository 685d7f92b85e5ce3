"""How a run is kept apart from its machine: none, venv, bubblewrap, podman, ssh; and its limits.

`sandbox` is what every kind is, with a file for each; `limits` and `cgroups` bound what commands
may take; `cleanup` looks at what is left; `held` is what stays for people to look at.
"""
