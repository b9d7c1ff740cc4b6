"""script/bootstrap: everything the project needs on a bare Debian, by the standard library alone.

`__main__` says what is done in which order; `apt` installs Debian packages, `asterisk_root` makes
an Asterisk where Debian ships none, `python_env` and `web_ui` fill `.venv` and build the pages.
Nothing outside the standard library is imported here: there is none yet.
"""
