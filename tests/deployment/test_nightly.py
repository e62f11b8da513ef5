"""The nightly workflow by its schema, and against the Makefile and the workflow of every push."""

import re

from tests.deployment.files import PROJECT, check, pip_tool, read_yaml

WORKFLOWS = PROJECT / ".github" / "workflows"
NIGHTLY = WORKFLOWS / "nightly.yml"


def test_it_fits_github_s_schema() -> None:
    """It is valid, and its job has a time limit."""
    checker = pip_tool("check-jsonschema")
    check(checker, "--builtin-schema", "vendor.github-workflows", str(NIGHTLY))
    check(checker, "--builtin-schema", "custom.github-workflows-require-timeout", str(NIGHTLY))


def test_its_actions_are_pinned_by_commit_and_may_write_nothing() -> None:
    """Each action is named by the commit of a release, and the workflow's token can only read."""
    used = re.findall(r"uses: (.+)", NIGHTLY.read_text(encoding="utf-8"))
    assert used
    assert all(re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", action) for action in used), used
    assert read_yaml(NIGHTLY)["permissions"] == {"contents": "read"}


def test_its_make_targets_exist() -> None:
    """It runs the long forms and measures coverage, both as the Makefile does."""
    makefile = (PROJECT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([\w-]+):", makefile, re.MULTILINE))
    called = read_yaml(NIGHTLY)["jobs"]["nightly"]["strategy"]["matrix"]["target"]
    assert called == ["soak", "coverage"]
    assert set(called) <= targets
