"""Evidence: what failing cases said, packed together by result, and read again case by case.

States: texts of a result are packed; those stored before lie in failure rows until they are.
Events out: none. Events in: none.
"""
