"""The wire: how requests are read and answers written, the same way in every room.

Knows Litestar and the kernel; knows no room and no database.
"""
