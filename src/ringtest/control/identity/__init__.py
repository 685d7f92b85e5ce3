"""Identity: who sent this request? Basic, HMAC signature or session, in one SQL statement.

States: a session is open until it expires, is closed, or its user changes the password.
Events out: none. Events in: none.
"""
