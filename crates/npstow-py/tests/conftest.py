"""What the tests share."""

import gc
import os

import pytest


@pytest.fixture
def no_new_files():
    """Files that are open before a test are those that are open behind it."""
    gc.collect()
    before = set(os.listdir("/dev/fd"))
    yield
    gc.collect()
    # One more is the listing itself, under whatever number.
    assert len(os.listdir("/dev/fd")) <= len(before)
