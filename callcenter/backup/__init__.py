"""Backup and restore: all that cannot be made again, in one encrypted file.

`make.py` copies it while the server runs, `restore.py` puts it into an empty data folder;
`sealed.py` is the encryption between, `members.py` what is in the file. `note.py` keeps what came
of the last try, and `watch.py` has the running server tell it.
"""
