"""Kinds of jobs that are made of many options: Maven's, and those that find branches."""

from ringtest.jjb.components.projects import branches, maven

__all__ = ["branches", "maven"]
