"""Views: read-only questions that cross rooms; today the health of a product.

States: none; it writes nothing.
Events out: none. Events in: none.
"""
