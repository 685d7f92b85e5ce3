"""Operations: what those who run the server look at: is it ready, how is it, who forgot what.

Health and measures of this process and its database; old keys and notes are forgotten.
States: none.
Events out: none. Events in: none.
"""
