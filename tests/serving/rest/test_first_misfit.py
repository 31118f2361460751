from hypothesis import given
from hypothesis import strategies as st

from serving.rest.first_misfit import first_misfit


@given(st.lists(st.booleans(), min_size=1).filter(lambda items: not all(items)))
def test_is_the_first_that_does_not_fit(items):
    assert first_misfit(items, all) == items.index(False)
