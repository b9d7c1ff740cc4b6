"""Recordings of calls: from Asterisk's spool to the archive, its room, and what is heard of it."""
