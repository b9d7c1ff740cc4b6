"""The contact centre behind a city's one public-service number.

A call's way through the code, from the trunk to its work order:

1.  A carrier's INVITE reaches Asterisk. `asterisk-config/extensions.conf.j2`, rendered by
    `asterisk/render.py`, dials emergency numbers itself, begins the recording and hands every other
    call to us: Stasis.
2.  `asterisk/link.py` reads ARI's events; `asterisk/decode.py` makes facts of them
    (`calls/events.py`), here `CallArrived`.
3.  `runtime.py`, the single writer, gives each fact to `calls/centre.py`: `step` turns state,
    event, plan and time into new state, commands and order records. It does no I/O.
4.  `calls/arrival.py`: `numberplan/callers.py` reads who calls, `numberplan/decide.py` what the
    plan says: queue, forward, announce, reject. The plan is YAML, read by `numberplan/loader.py`.
5.  `calls/destination.py` leads the call to a queue, a menu (`calls/menu.py`), a voice box
    (`calls/voice_mail.py`), a partner or a prompt, `calls/call.py` through its phases;
    `calls/queueing.py` says who is next, `calls/distribution.py` whom the caller is offered to;
    `calls/operator.py` knows what operators are doing; `calls/talk/` says who hears whom and
    brings others in, by key (`calls/features.py`) or API, `calls/supervision.py` a team leader;
    `calls/survey.py` asks what the caller thought of it, by key or in their own words
    (`calls/comment.py`); `calls/protection.py` keeps callers out. Operators call people too:
    `calls/outbound.py`.
6.  `store/journal.py` keeps event and records in one commit; only then `asterisk/switch.py` carries
    out the commands (`calls/commands.py`).
7.  `store/projector.py` takes the records from the journal to the order store (`store/orders.py`),
    where `callcenter orders`, the web API (`web/`) and later the departments find the work order.
    `recordings/` adds what was said; `privacy/` erases in time who it was.
8.  `attacks/bans.py` says from which addresses Asterisk takes nothing for a while, because of what
    they tried.
9.  `alarms.py` notes when a part of the service fails, `trunk_watch.py` by which trunks no call
    gets out. `web/` shows the wallboard, from `calls/figures.py`. `calls/shifts.py` tells what
    operators do, `calls/waits.py` how long callers waited; `analytics/report.py` adds both up.

Without us the same dialplan does what the plan says (its context fallback): for calls that come
while no controller is there, for callers whose dead man's switch `asterisk/guard.py` no longer
renews, and for a call on which the core raises. `calls/native.py` keeps their orders,
`asterisk/native_queue.py` brings those who wait back.

`app.py` puts the pieces together, `recovery.py` reads the state back after a restart,
`supervisor.py` starts Asterisk and this program and keeps both running; on a machine of their own
systemd does (`units.py`). By `watchdog.py` either sees that this program is frozen. `backup/` keeps
all that cannot be made again in one encrypted file. `simulator/` calls us as a citizen would.
"""
