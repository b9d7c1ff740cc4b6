"""The only code that knows Asterisk.

`render` writes its configuration from asterisk-config/ and the plan, `process` runs it, `ari` and
`switch` control calls, `ami` tells which softphones are there, and `queue_log` reads the records
of the calls that Asterisk handled by itself.
"""
