"""GitHub's workflows and Dependabot by their schemas, and compared with the project that they check."""

import re
import tomllib

from tests.deployment.files import PROJECT, check, pip_tool, read_yaml

WORKFLOWS = PROJECT / ".github" / "workflows"
WORKFLOW = WORKFLOWS / "ci.yml"
RELEASE = WORKFLOWS / "release.yml"
NIGHTLY = WORKFLOWS / "nightly.yml"
ALL = (WORKFLOW, RELEASE, NIGHTLY)
DEPENDABOT = PROJECT / ".github" / "dependabot.yml"
# owner/action@commit # the version that the commit is
PINNED = re.compile(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")
# What attesting needs, beside reading.
MAY_WRITE = {"packages", "id-token", "attestations"}


def test_files_fit_github_schemas() -> None:
    """Workflows and Dependabot's file are valid, and each job has a time limit."""
    checker = pip_tool("check-jsonschema")
    assert sorted(ALL) == sorted(WORKFLOWS.iterdir())
    for schema in ("vendor.github-workflows", "custom.github-workflows-require-timeout"):
        check(checker, "--builtin-schema", schema, *map(str, ALL))
    check(checker, "--builtin-schema", "vendor.dependabot", str(DEPENDABOT))


def test_actions_are_pinned_by_commit() -> None:
    """Each action is named by a commit with its version, and one version has one commit in all workflows."""
    texts = [workflow.read_text(encoding="utf-8") for workflow in ALL]
    used = [line.strip() for text in texts for line in re.findall(r"uses: (.+)", text)]
    assert used
    assert not [action for action in used if not PINNED.fullmatch(action)]
    names = {action.partition("@")[0] for action in used}
    assert len(set(used)) == len(names)


def test_workflows_may_write_nothing_but_attestations() -> None:
    """The token can only read; jobs of a release may write packages and attestations, and nothing else."""
    for workflow in ALL:
        assert read_yaml(workflow)["permissions"] == {"contents": "read"}
    for workflow in (WORKFLOW, NIGHTLY):
        assert not [job for job in read_yaml(workflow)["jobs"].values() if "permissions" in job]
    for job in read_yaml(RELEASE)["jobs"].values():
        assert {scope for scope, access in job["permissions"].items() if access != "read"} <= MAY_WRITE


def test_image_and_client_are_attested() -> None:
    """The release pushes images with SBOM and provenance, and attests each image and the client's tarball."""
    jobs = read_yaml(RELEASE)["jobs"]
    steps = {
        name: {step.get("uses", "").partition("@")[0]: step for step in job["steps"]} for name, job in jobs.items()
    }
    build = steps["image"]["docker/build-push-action"]["with"]
    assert (build["push"], build["sbom"], build["provenance"]) == (True, True, "mode=max")
    assert steps["image"]["actions/attest-build-provenance"]["with"]["push-to-registry"] is True
    assert "tgz" in steps["client"]["actions/attest-build-provenance"]["with"]["subject-path"]


def test_dependencies_are_audited_and_listed() -> None:
    """The workflow asks for known vulnerabilities of Python and Node packages, and writes a CycloneDX SBOM."""
    commands = " ".join(step.get("run", "") for step in read_yaml(WORKFLOW)["jobs"]["audit"]["steps"])
    for tool in ("pip-audit==", "npm audit", "cyclonedx-py environment"):
        assert tool in commands, tool


def test_every_python_of_the_package_is_tested() -> None:
    """The matrix holds each minor version that requires-python allows, and no other."""
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    bounds = re.fullmatch(r">=3\.(\d+),<3\.(\d+)", project["requires-python"])
    assert bounds is not None
    wanted = [f"3.{minor}" for minor in range(int(bounds[1]), int(bounds[2]))]
    assert read_yaml(WORKFLOW)["jobs"]["test"]["strategy"]["matrix"]["python"] == wanted


def test_make_targets_of_the_workflows_exist() -> None:
    """What the workflows call, the Makefile has."""
    targets = set(re.findall(r"^([\w-]+):", (PROJECT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    called = set(re.findall(r"run: make ([\w-]+)", WORKFLOW.read_text(encoding="utf-8")))
    assert {"lint", "test"} <= called
    nightly = read_yaml(NIGHTLY)["jobs"]["nightly"]["strategy"]["matrix"]["target"]
    assert nightly == ["soak", "coverage"]
    assert called | set(nightly) <= targets


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
