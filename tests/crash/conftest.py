"""What the tests of one runner share."""

import pytest

from tests.crash.drafts import Drafts


@pytest.fixture(scope="session")
def drafts() -> Drafts:
    """What clients had answered before the process was killed, or something else broke."""
    return Drafts()
