"""What the operator enters into a work order, and what may be entered (R40, R47, R50).

A person sends an `EntryPatch`: only the fields to change. `apply` puts it over the entry so far and
gives the new `OrderEntry`, or every error of it at once.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

CATEGORY_LENGTH = 100
"""Characters at most."""
CONTENT_LENGTH = 5000
"""Characters at most."""


class RequestType(StrEnum):
    """What the citizen wants (R47)."""

    ENQUIRY = "enquiry"
    SUGGESTION = "suggestion"
    APPEAL = "appeal"
    COMPLAINT = "complaint"
    REPORT = "report"


REQUEST_TYPE_TITLES = {
    RequestType.ENQUIRY: "咨询",
    RequestType.SUGGESTION: "建议",
    RequestType.APPEAL: "诉求",
    RequestType.COMPLAINT: "投诉",
    RequestType.REPORT: "举报",
}


class RefusalReason(StrEnum):
    """Why a matter is outside the platform's scope (R50)."""

    OUTSIDE_JURISDICTION = "outside_jurisdiction"
    MILITARY = "military"
    EMERGENCY = "emergency"
    LEGAL_PROCEEDINGS = "legal_proceedings"
    SECRECY_OR_PRIVACY = "secrecy_or_privacy"
    UNLAWFUL = "unlawful"
    NOT_SPECIFIC = "not_specific"


REFUSAL_REASON_TITLES = {
    RefusalReason.OUTSIDE_JURISDICTION: "非本市行政管辖权范围内的事项",
    RefusalReason.MILITARY: "军队、武警管辖的事项",
    RefusalReason.EMERGENCY: "110、119、120、12395等紧急报警事项",
    RefusalReason.LEGAL_PROCEEDINGS: "已进入诉讼、仲裁、复议、信访等程序的事项",
    RefusalReason.SECRECY_OR_PRIVACY: "涉及国家机密、商业秘密、个人隐私的事项",
    RefusalReason.UNLAWFUL: "违反法律法规和社会公德的事项",
    RefusalReason.NOT_SPECIFIC: "反映的内容不具体、无法办理和答复的事项",
}


@dataclass(frozen=True, slots=True)
class OrderEntry:
    """What has been entered so far; everything may still be missing."""

    type: RequestType | None = None
    category: str | None = None
    content: str | None = None
    answered_on_spot: bool | None = None
    """The operator answered the matter during the call (R40)."""
    refusal: RefusalReason | None = None
    """Why the matter was refused; the caller was told."""


ENTRY_FIELDS = tuple(field.name for field in fields(OrderEntry))


class EntryPatch(BaseModel):
    """The fields to change: `null` empties one, an absent one stays as it is."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    type: RequestType | None = None
    category: str | None = Field(None, description=f"At most {CATEGORY_LENGTH} characters.")
    content: str | None = Field(None, description=f"At most {CONTENT_LENGTH} characters.")
    answered_on_spot: bool | None = None
    refusal: RefusalReason | None = None


@dataclass(frozen=True, slots=True)
class EntryError:
    """Why a field cannot be as it was sent."""

    field: str
    code: str
    sentence: str
    """Chinese: what is wrong and what to do instead."""


class EntryRefusedError(ValueError):
    """An entry broke the rules; `errors` names every field that did."""

    def __init__(self, errors: tuple[EntryError, ...]) -> None:
        super().__init__("；".join(error.sentence for error in errors))
        self.errors = errors


def apply(patch: EntryPatch, entry: OrderEntry) -> OrderEntry:
    """The entry with the patch's fields put over it; raises `EntryRefusedError`."""
    chosen = {
        name: getattr(patch if name in patch.model_fields_set else entry, name)
        for name in ENTRY_FIELDS
    }
    for name in ("category", "content"):
        if chosen[name] is not None:
            chosen[name] = chosen[name].strip() or None
    new = OrderEntry(**chosen)
    errors = tuple(_errors(new))
    if errors:
        raise EntryRefusedError(errors)
    return new


def _errors(entry: OrderEntry) -> list[EntryError]:
    found = []
    limits = (("category", "类别", CATEGORY_LENGTH), ("content", "内容", CONTENT_LENGTH))
    for name, title, limit in limits:
        text: str | None = getattr(entry, name)
        if text is None:
            continue
        if len(text) > limit:
            sentence = f"{title}有 {len(text)} 个字，最多 {limit} 个字，请精简后再保存。"
            found.append(EntryError(name, "too_long", sentence))
        if any(ord(letter) < 32 and letter not in "\n\t" for letter in text):
            sentence = f"{title}里有看不见的控制字符，请删去后再保存。"
            found.append(EntryError(name, "control_character", sentence))
    if entry.answered_on_spot and entry.refusal is not None:
        sentence = "已当场答复的不能同时填不予受理的理由，请去掉其中一项。"
        found.append(EntryError("refusal", "refused_and_answered", sentence))
    return found
