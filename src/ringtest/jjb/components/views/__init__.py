"""Views: lists of jobs and what is made of lists, dashboards, pipelines.

A view's options and how values become text are told by the words for components; what a view
holds of its own, such as columns and filters of jobs, has a module each.
"""

from ringtest.jjb.components.views import dashboard, lists, pipelines

__all__ = ["dashboard", "lists", "pipelines"]
