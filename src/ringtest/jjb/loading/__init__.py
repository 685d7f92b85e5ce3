"""YAML with places: files, tags, includes, anchors and merges, bounded.

`sources` finds and reads files, `composer` turns libyaml's events into `values`: dicts and
lists that know where they stand, and objects for tags whose files are read when a job needs
them. Files that libyaml refuses are read once more by PyYAML's own parser, as the original
does; no tag runs code.
"""
