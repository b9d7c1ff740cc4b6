"""Called numbers in any spelling."""

from __future__ import annotations

from urllib.parse import unquote

from hypothesis import given
from hypothesis import strategies as st

from tests.plans import small_plan

SEPARATORS = str.maketrans("", "", " -.()\u00a0")
CALLED = st.from_regex(r"\A *\+?(86|0519)?(12345|12319|87209900|999)[-;%. 0-9]{0,4}\Z") | st.text()


@given(CALLED)
def test_a_number_is_found_by_what_is_left_of_it_without_parameters_and_separators(
    called: str,
) -> None:
    user = unquote(called.strip().partition(";")[0])
    table = small_plan().directory.table
    found = small_plan().directory.find(called)
    assert found == (table.get(user) or table.get(user.translate(SEPARATORS)))
