"""These tests import torch: they are collected where they are asked for, with `-m parity`, and
nowhere else.
"""

from __future__ import annotations

from pathlib import Path

import pytest

HERE = Path(__file__).parent


def pytest_ignore_collect(config: pytest.Config) -> bool | None:
    """Whether to leave this folder alone; None is no opinion."""
    asked = "parity" in config.option.markexpr.replace("not parity", "")
    return None if asked else True


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.parent == HERE:
            item.add_marker(pytest.mark.parity)
