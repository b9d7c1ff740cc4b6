"""/healthz: whether each part works, for people and for what watches over the server."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class Part(BaseModel):
    """One thing that the service stands on."""

    model_config = ConfigDict(frozen=True)

    name: str = Field(description="asterisk, journal, store, plan, …")
    ok: bool
    needed: bool = Field(
        description="Without it no call is served as it should be: the answer is then 503."
    )
    text: str = Field(description="What is the matter, in English; short when all is well.")
    since: float | None = Field(None, description="Since when, in seconds since 1970 UTC.")


class Health(BaseModel):
    """How the service is."""

    model_config = ConfigDict(frozen=True)

    parts: tuple[Part, ...]

    @property
    def serving(self) -> bool:
        """Whether everything that is needed works."""
        return all(part.ok for part in self.parts if part.needed)

    @property
    def status(self) -> str:
        """`ok`, `degraded` (calls are served, something is wrong) or `failing`."""
        if not self.serving:
            return "failing"
        return "ok" if all(part.ok for part in self.parts) else "degraded"


class HealthAnswer(BaseModel):
    """The body of /healthz."""

    status: str = Field(description="ok, degraded or failing.")
    parts: tuple[Part, ...]


def answer(health: Health) -> tuple[int, HealthAnswer]:
    """HTTP status and body."""
    body = HealthAnswer(status=health.status, parts=health.parts)
    return (200 if health.serving else 503), body
