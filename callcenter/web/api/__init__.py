"""The staff API: one table of endpoints makes the routes and OpenAPI's description."""

from __future__ import annotations

from callcenter.web.api.alarms import ALARMS
from callcenter.web.api.audit import AUDIT
from callcenter.web.api.bans import BANS
from callcenter.web.api.blocklist import BLOCKLIST
from callcenter.web.api.callbacks import CALLBACKS
from callcenter.web.api.endpoint import AnyEndpoint
from callcenter.web.api.identity import IDENTITY
from callcenter.web.api.operators import OPERATORS
from callcenter.web.api.orders import ORDERS
from callcenter.web.api.outbound import OUTBOUND
from callcenter.web.api.plan import PLAN
from callcenter.web.api.recordings import RECORDINGS
from callcenter.web.api.reports import REPORTS
from callcenter.web.api.supervision import SUPERVISION
from callcenter.web.api.voice_mail import VOICE_MAIL

PREFIX = "/api/v1"

ENDPOINTS: tuple[AnyEndpoint, ...] = (
    *IDENTITY,
    *OPERATORS,
    *SUPERVISION,
    *CALLBACKS,
    *ORDERS,
    *PLAN,
    *RECORDINGS,
    *REPORTS,
    *AUDIT,
    *ALARMS,
    *BLOCKLIST,
    *BANS,
    *OUTBOUND,
    *VOICE_MAIL,
)
"""All of them; each path is behind `PREFIX`."""

__all__ = ["ENDPOINTS", "PREFIX"]
