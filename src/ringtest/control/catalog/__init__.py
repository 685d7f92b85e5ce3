"""Catalog: products, their topics, the components of a topic and the components' files.

States: active, inactive, archived. A component is published when it becomes active.
Events out: component.published. Events in: none.
"""
