"""Identity: who sent this request? Password, signature, session, token or single sign-on.

States: a session is open until it expires, is closed, or its user changes the password.
Events out: none. Events in: none.
"""
