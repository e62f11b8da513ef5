"""`--sweep`: one batch with several values of a parameter."""

import json
import re
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tests.acceptance.envelopes import themed_envelope
from tests.replay.commands import ask, documents_of, told
from tests.replay.small_batch import QUICK, SMALL
from worker.replay.sweep import make_variants, path_of, results_of, variants_to_fit
from worker.topics.fit import NoTopics


@pytest.mark.slow
def test_a_sweep_gives_what_single_runs_give(
    batch: Path,
    plain: dict[str, Any],
    inspected: tuple[subprocess.CompletedProcess[bytes], Path],
    tmp_path: Path,
) -> None:
    """Each value gives the document of a run with it, though neighbors are shared, and its own report and reasons."""
    own = len(plain["topics"])
    asked = json.loads(batch.read_text())["items"][5]["submissionId"]
    inspect = ("--report", tmp_path / "out.html", "--explain", asked)
    sweep = ask("--once", batch, "--set", "umap_n_neighbors=28", "--sweep", f"nr_topics=2,{own}", *inspect)
    assert sweep.returncode == 0, told(sweep)
    assert documents_of(sweep)[:1] == documents_of(inspected[0])
    found = re.search(r"(nr_topics +topics.*)\n.*\n((?: *\d+ .*\n){2})", told(sweep))
    assert found is not None
    assert "silhouette" in found.group(1)
    assert [row.split()[0] for row in found.group(2).splitlines()] == ["2", str(own)]
    names = [f"out.nr_topics={n}.html" for n in (2, own)]
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([*names, "out.html"])
    compared = (tmp_path / "out.html").read_text(encoding="utf-8")
    assert all(f'<a href="{quote(name)}">' in compared for name in names)
    assert "default-src 'none'" in compared
    assert "<script" not in compared
    assert re.search(rf'topics</th><td class="number">2</td><td class="number">{own}</td>', compared)
    for n, rest in zip((2, own), re.split(r"^nr_topics=\d+:$", told(sweep), flags=re.MULTILINE)[1:], strict=True):
        assert f"explain {asked}" in rest
        assert f"report: {tmp_path}/out.nr_topics={n}.html" in rest
        page = (tmp_path / f"out.nr_topics={n}.html").read_text(encoding="utf-8")
        assert f"<code>nr_topics</code></th><td>{n}</td><td>command line</td>" in page


def test_a_value_of_a_sweep_may_fail_by_the_contract() -> None:
    """A value that the batch is too small for has a failed document in its place."""
    variants = make_variants(themed_envelope(**SMALL), {}, "min_topic_size", [3000, 5, 40])
    batch, params = variants_to_fit(variants)
    assert batch is not None
    assert [one.min_cluster_size for one in params] == [5]
    results = results_of(variants, (NoTopics.NO_CLUSTERS,), (), datetime.now(UTC))
    first, second, third = (result.document for result in results)
    assert first["error"] == "Received 30 items, need at least 3000 (min_topic_size) for topic modeling"
    assert second["error"] == "BERTopic produced 0 topics"
    assert third["error"] == "Received 30 items, need at least 40 (min_topic_size) for topic modeling"


@pytest.mark.slow
def test_a_sweep_in_which_some_values_fail_has_its_reports(batch: Path, tmp_path: Path) -> None:
    """Only if no value gives topics is it said that there is nothing to report on."""
    nothing = "there are no topics to report or explain"
    report = tmp_path / "out.html"
    some = ask("--once", batch, "--sweep", "min_topic_size=5,3000", "--report", report)
    assert some.returncode == 1
    assert [path.name for path in tmp_path.iterdir()] == ["out.min_topic_size=5.html"]
    assert nothing not in told(some)
    none = ask("--once", batch, "--sweep", "min_topic_size=3000,4000", "--report", report, **QUICK)
    assert none.returncode == 1
    assert nothing in told(none)


def test_a_swept_value_may_hold_a_slash() -> None:
    """The file of a value is beside the one that was asked for, whatever the value holds."""
    assert path_of("a/out.html", "nr_topics", 20) == "a/out.nr_topics=20.html"
    assert path_of("a/out.html", "aspects", {"b/c": ["d"]}) == "a/out.aspects={'b_c': ['d']}.html"
