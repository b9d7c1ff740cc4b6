"""The commands beside the server's own: check, route, orders, call and the rest."""

from __future__ import annotations

import typer

from callcenter import blocklist
from callcenter.analytics import cli as analytics
from callcenter.attacks import cli as attacks
from callcenter.backup import cli as backup
from callcenter.numberplan import cli as numberplan
from callcenter.orders import cli as orders
from callcenter.privacy import cli as privacy
from callcenter.recordings import cli as recordings
from callcenter.simulator import cli as simulator
from callcenter.staff import cli as staff
from callcenter.staff.audit import audit


def add_commands(app: typer.Typer) -> None:
    """Each from its package, in the order in which help lists them."""
    app.command()(numberplan.check)
    app.command()(numberplan.route)
    app.command()(numberplan.schema)
    app.add_typer(orders.app, name="orders")
    app.command(name="report")(analytics.report)
    app.add_typer(recordings.app, name="recordings")
    app.add_typer(privacy.app, name="retention")
    app.add_typer(blocklist.app, name="block")
    app.add_typer(attacks.app, name="ban")
    app.add_typer(staff.pin_app, name="pin")
    app.add_typer(staff.seat_app, name="seat")
    app.add_typer(staff.token_app, name="token")
    app.command()(audit)
    app.command()(backup.backup)
    app.command()(backup.restore)
    app.command()(simulator.call)
    app.command()(simulator.outside)
