"""Labs: remote CIs, which test in partners' labs, and feeders, which bring components.

States: active, inactive, archived. A lab is connected while its agent spoke within 45 s.
Events out: lab.seen. Events in: none.
"""
