"""dialplan/surveys.yaml: what is asked after a talk, and each mistake at its place."""

from __future__ import annotations

import pytest

from callcenter.numberplan.model import Comment, Unanswered
from tests.numberplan.edits import loaded, place_of_caret
from tests.plans import SURVEYS, WITH_COMMENT, small_plan, survey_texts, surveying

FILE = "dialplan/surveys.yaml"

MISTAKES = {
    "an unknown prompt": (
        "prompt: ask_solved",
        "prompt: ‸ask_sloved",
        "there is no prompt 'ask_sloved'; did you mean 'ask_solved'?",
    ),
    "no thanks": (
        "thanks: thanks",
        "thanks: ‸thank",
        "there is no prompt 'thank'; did you mean 'thanks'?",
    ),
    "an unknown word before a question": (
        "wrong_key: wrong_key",
        "wrong_key: ‸wrong",
        "there is no prompt 'wrong'; did you mean 'wrong_key'?",
    ),
    "a key that listens again": (
        "{'1': 已解答, '2': 未解答}",
        "{‸'*': 已解答}",
        "surveys.satisfaction.questions.solved.keys.*: '*' does not fit; write one digit",
    ),
    "no key": (
        "keys: {'1': 已解答, '2': 未解答}",
        "keys: ‸{}",
        "surveys.satisfaction.questions.solved.keys: `key: value` lines does not fit; "
        "write at least one item",
    ),
    "too often": (
        "repeats: 1",
        "repeats: ‸10",
        "surveys.satisfaction.repeats: '10' is out of range; write at most 9",
    ),
    "what follows": (
        "repeats: 1",
        "unanswered: ‸stop",
        "surveys.satisfaction.unanswered: 'stop' is not known; write one of: end, next",
    ),
}


MISTAKES |= {
    "neither keys nor a comment": (
        "      solved: {title: 解答, prompt: ask_solved, keys: {'1': 已解答, '2': 未解答}}",
        "      solved: ‸{title: 解答, prompt: ask_solved}",
        "surveys.satisfaction.questions.solved: `key: value` lines does not fit; "
        "write one of `keys: {…}` and `comment: {…}`",
    ),
    "keys and a comment": (
        "      solved: {title: 解答,",
        "      solved: ‸{comment: {}, title: 解答,",
        "surveys.satisfaction.questions.solved: `key: value` lines does not fit; "
        "write one of `keys: {…}` and `comment: {…}`",
    ),
    "a comment that goes on for ever": (
        "keys: {'1': 已解答, '2': 未解答}",
        "comment: {longest_seconds: ‸3600}",
        "surveys.satisfaction.questions.solved.comment.longest_seconds: '3600' is out of range; "
        "write at most 300.0",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_told_at_its_place(mistake: str) -> None:
    old, new, message = MISTAKES[mistake]
    assert old in SURVEYS
    texts = survey_texts(SURVEYS.replace(old, new))
    told = [str(error) for error in loaded(texts).errors]
    assert told == [f"{place_of_caret(texts)}: {message}"]


def test_a_queue_names_a_survey_that_is_there() -> None:
    texts = survey_texts(SURVEYS.replace("satisfaction:", "other:"))
    (error,) = loaded(texts).errors
    assert str(error).startswith("dialplan/queues.yaml:9:13: there is no survey 'satisfaction'")
    del texts[FILE]
    (error,) = loaded(texts).errors
    assert "there is no survey 'satisfaction'" in str(error)


def test_a_plan_without_the_file_asks_nothing() -> None:
    assert small_plan().surveys == {}
    assert small_plan().queues["hotline"].survey is None


def test_what_is_asked_and_how() -> None:
    survey = surveying().surveys["satisfaction"]
    assert [question.name for question in survey.questions] == ["service", "solved"]
    assert survey.questions[0].keys == {"5": "非常满意", "1": "不满意"}
    assert (survey.repeats, survey.unanswered) == (1, Unanswered.NEXT)
    assert surveying().queues["hotline"].survey == "satisfaction"


def test_a_question_that_is_answered_by_speaking() -> None:
    comment = surveying(WITH_COMMENT).surveys["satisfaction"].questions[-1]
    assert (comment.name, comment.keys) == ("comment", {})
    assert comment.comment == Comment(longest_seconds=40, silence_seconds=4, least_seconds=1)
