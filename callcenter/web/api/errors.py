"""What goes wrong, always in one form: a code for programs, a sentence that says what to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails


class Mistake(BaseModel):
    """One field that is wrong."""

    field: str
    code: str
    message: str


class Both(BaseModel):
    """A field that two people changed."""

    yours: object
    theirs: object


class Problem(BaseModel):
    """Why a request was not carried out."""

    model_config = ConfigDict(frozen=True)

    code: str = Field(description="For programs; stays the same.")
    message: str = Field(description="For people: what is wrong and what to do instead.")
    field: str | None = Field(None, description="The field that is wrong, if it is one.")
    errors: tuple[Mistake, ...] | None = Field(None, description="All fields that are wrong.")
    version: int | None = Field(None, description="On a conflict: the version that stands.")
    conflicts: dict[str, Both] | None = Field(
        None, description="On a conflict: both values of each field that differs."
    )


class ProblemError(Exception):
    """Raised by a handler; becomes the answer."""

    def __init__(
        self, status: int, problem: Problem, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(problem.message)
        self.status = status
        self.problem = problem
        self.headers = dict(headers or {})


def refuse(status: int, code: str, message: str, field: str | None = None) -> ProblemError:
    """The usual error."""
    return ProblemError(status, Problem(code=code, message=message, field=field))


def from_mistakes(mistakes: Sequence[Mistake]) -> ProblemError:
    """422 with every mistake; the first one speaks for all."""
    first = mistakes[0]
    problem = Problem(
        code=first.code,
        message=first.message,
        field=first.field,
        errors=tuple(mistakes) if len(mistakes) > 1 else None,
    )
    return ProblemError(422, problem)


def from_validation(error: ValidationError, kind: type[BaseModel]) -> ProblemError:
    """422 from what pydantic found."""
    return from_mistakes([_mistake(details, kind) for details in error.errors()])


def _mistake(details: ErrorDetails, kind: type[BaseModel]) -> Mistake:
    name = ".".join(str(part) for part in details["loc"])
    given = details["input"]
    match details["type"]:
        case "missing":
            code, message = "missing", f"缺少“{name}”，请补上。"
        case "extra_forbidden":
            known = "、".join(kind.model_fields) or "（不需要任何内容）"
            code, message = "unknown_field", f"没有“{name}”这一项，可用的有：{known}。"
        case "enum" | "literal_error":
            wanted = str(details.get("ctx", {}).get("expected", "")).replace("'", "")
            code = "not_one_of"
            message = f"“{name}”不能是“{given}”，只能是：{wanted}。"
        case "string_type":
            code, message = "wrong_type", f"“{name}”应为文字，请加上引号。"
        case "bool_type" | "bool_parsing":
            code, message = "wrong_type", f"“{name}”只能是 true 或 false。"
        case _:
            code, message = "wrong_value", f"“{name}”不能是“{given}”：{details['msg']}。"
    return Mistake(field=name, code=code, message=message)
