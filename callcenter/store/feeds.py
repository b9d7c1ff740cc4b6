"""The journal, as the projectors read it: each kind of its records."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from callcenter.analytics.record import StateChange
from callcenter.calls.audit import AuditRecord
from callcenter.orders.outbound import OutboundRecord
from callcenter.orders.record import OrderRecord
from callcenter.store.journal import Journal


@dataclass(frozen=True, slots=True)
class OrderFeed:
    """Order records; of those that come together only each call's last one is filed."""

    journal: Journal

    @property
    def changed(self) -> asyncio.Event:
        """Set whenever order records were added."""
        return self.journal.changed

    async def after(self, seq: int, limit: int) -> list[tuple[int, OrderRecord]]:
        """At most `limit` of them behind `seq`."""
        return await self.journal.orders_after(seq, limit)

    async def latest_after(self, seq: int, limit: int) -> list[tuple[int, OrderRecord]]:
        """Of those, each call's last one."""
        return await self.journal.latest_orders_after(seq, limit)


@dataclass(frozen=True, slots=True)
class StateFeed:
    """Operators' changes, each of which is filed."""

    journal: Journal

    @property
    def changed(self) -> asyncio.Event:
        """Set whenever changes were added."""
        return self.journal.states_added

    async def after(self, seq: int, limit: int) -> list[tuple[int, StateChange]]:
        """At most `limit` of them behind `seq`."""
        return await self.journal.states_after(seq, limit)

    latest_after = after


@dataclass(frozen=True, slots=True)
class AuditFeed:
    """Rows of the audit, each of which is filed."""

    journal: Journal

    @property
    def changed(self) -> asyncio.Event:
        """Set whenever rows were added."""
        return self.journal.audit_added

    async def after(self, seq: int, limit: int) -> list[tuple[int, AuditRecord]]:
        """At most `limit` of them behind `seq`."""
        return await self.journal.audit_after(seq, limit)

    latest_after = after


@dataclass(frozen=True, slots=True)
class OutboundFeed:
    """What came of calls that operators made."""

    journal: Journal

    @property
    def changed(self) -> asyncio.Event:
        """Set whenever records were added."""
        return self.journal.outbound_added

    async def after(self, seq: int, limit: int) -> list[tuple[int, OutboundRecord]]:
        """At most `limit` of them behind `seq`."""
        return await self.journal.outbound_after(seq, limit)

    latest_after = after
