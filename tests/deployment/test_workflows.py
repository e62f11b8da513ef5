"""GitHub's workflows and Dependabot by their schemas, and against the project that they check."""

import re
import tomllib

from tests.deployment.files import PROJECT, check, pip_tool, read_yaml

WORKFLOW = PROJECT / ".github" / "workflows" / "ci.yml"
DEPENDABOT = PROJECT / ".github" / "dependabot.yml"


def test_files_fit_github_schemas() -> None:
    """Workflow and Dependabot's file are valid, and each job has a time limit."""
    checker = pip_tool("check-jsonschema")
    check(checker, "--builtin-schema", "vendor.github-workflows", str(WORKFLOW))
    check(checker, "--builtin-schema", "custom.github-workflows-require-timeout", str(WORKFLOW))
    check(checker, "--builtin-schema", "vendor.dependabot", str(DEPENDABOT))


def test_actions_are_pinned_and_may_write_nothing() -> None:
    """Each action is named by its full version, and the workflow's token can only read."""
    used = re.findall(r"uses: (\S+)", WORKFLOW.read_text(encoding="utf-8"))
    assert used
    assert all(re.fullmatch(r"[\w-]+/[\w-]+@v\d+\.\d+\.\d+", action) for action in used)
    assert read_yaml(WORKFLOW)["permissions"] == {"contents": "read"}


def test_every_python_of_the_package_is_tested() -> None:
    """The matrix holds each minor version that requires-python allows, and no other."""
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    bounds = re.fullmatch(r">=3\.(\d+),<3\.(\d+)", project["requires-python"])
    assert bounds is not None
    wanted = [f"3.{minor}" for minor in range(int(bounds[1]), int(bounds[2]))]
    assert read_yaml(WORKFLOW)["jobs"]["test"]["strategy"]["matrix"]["python"] == wanted


def test_make_targets_of_the_workflow_exist() -> None:
    """What the workflow calls, the Makefile has."""
    targets = set(re.findall(r"^([\w-]+):", (PROJECT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    called = set(re.findall(r"run: make ([\w-]+)", WORKFLOW.read_text(encoding="utf-8")))
    assert called == {"lint", "test"}
    assert called <= targets


def test_dependabot_looks_where_something_is_pinned() -> None:
    """Each folder that Dependabot watches is there."""
    for update in read_yaml(DEPENDABOT)["updates"]:
        for folder in update.get("directories", [update.get("directory")]):
            assert (PROJECT / folder.lstrip("/")).is_dir(), folder


def test_the_changelog_has_the_version_in_preparation() -> None:
    """The package's version is in the changelog, as released or as what Unreleased becomes."""
    version = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    text = (PROJECT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"## [{version}]" in text or f"To become {version}" in text
