"""Catalog: products, their topics and the components of a topic.

States: active, inactive, archived. A component is published when it becomes active.
Events out: component.published. Events in: none.
"""
