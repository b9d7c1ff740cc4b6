"""How fast a call is connected: Asterisk's own app_queue and this controller, one beside the other.

    python -m bench

sipp is the carrier and the seats. Both sides run on the same Asterisk with the same modules,
telephones and trunk; only the dialplan differs, and that one side has the controller. What is
measured is what a caller notices: the time from the INVITE to the first packet of the seat's voice,
read from the packets themselves (`capture.py`, `calls.py`). A seat speaks 20 ms at a time, like any
telephone: what is lost before the two are connected makes the time longer by as much. The sides
take turns (`compare.py`), each run with a server and data of its own, so that the machine's bad
moments hit both alike.
"""
