"""Playbooks as steps: what each task did is told while they run, without holding them up.

`plugins` are files for the lab's own Ansible, which needs nothing of ours installed: a callback
writes one JSON line per task, an action notes the commits that `git` tasks check out. `playbook`
makes the command, `told` reads the lines as they come, `files` names them as DCI does, `cases`
makes tests of tasks called `test_…`, `hooks` are the files that partners have around their runs.
"""
