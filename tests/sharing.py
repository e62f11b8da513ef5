"""Which tests one process of pytest-xdist runs together: those that share a worker, a model or a costly result.

pytest-xdist has marks for this (`xdist_group`), which its newest version, 3.8, does not see with pytest 9.2.
"""

from typing import Final

from xdist.scheduler import LoadScopeScheduling

# Of each group, the beginnings of its tests' ids.
GROUPS: Final = (
    (
        "tests/acceptance/test_contract.py",
        "tests/acceptance/test_continuity.py",
        "tests/integration/test_lives.py",
        "tests/integration/test_python_client.py",
        "tests/integration/test_nest.py::test_the_example_against_a_real_worker",
    ),
    (
        "tests/topics/test_bert.py",
        "tests/topics/test_embedding.py",
        "tests/topics/test_encoders.py",
        "tests/topics/test_extensions.py",
        "tests/topics/test_trust.py",
        "tests/deployment/test_image.py",
    ),
    ("tests/cli/test_analyses.py",),
    ("tests/docs/test_shell_blocks.py",),
    ("tests/acceptance/test_models.py",),
    (
        "tests/replay/test_assessment.py",
        "tests/replay/test_advice.py",
        "tests/replay/test_map.py",
        "tests/replay/test_report_values.py",
    ),
    ("tests/replay/test_continuity.py",),
    ("tests/replay/test_inspection.py", "tests/replay/test_sweep.py", "tests/replay/test_comparison.py"),
    ("tests/replay/test_report_page.py", "tests/replay/test_report_map.py"),
    ("tests/topics/test_keeping.py",),
    ("tests/topics/test_layout.py",),
    ("tests/topics/test_tuning.py",),
)


class SharingScheduling(LoadScopeScheduling):
    """Hands out groups, the largest first, then every other test by itself."""

    def _split_scope(self, nodeid: str) -> str:
        """Name what the test is handed out with."""
        return next((group[0] for group in GROUPS if nodeid.startswith(group)), nodeid)
