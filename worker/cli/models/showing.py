"""`models show`: a version's topics, its size, and where it comes from."""

from typing import Any, Final

from worker.cli.models.output import Output, count, size_text, time_text
from worker.cli.models.reading import ReadVersion, active_entry, lineage, read_version
from worker.exit_codes import ExitCode
from worker.lifecycle.task import job_id_in
from worker.models.model import KeptTopic
from worker.replay.terminal import details_line
from worker.store.activation import Activation
from worker.store.store import ModelStore

_MOST_ANCESTORS: Final = 10
_MOST_ENTRIES: Final = 5
_N_KEYWORDS_SHOWN: Final = 5


def show(store: ModelStore, output: Output, tenant: str, version: str | None) -> ExitCode:
    """Print what a version holds; the active one if none is named.

    Raises:
        VersionMissing: there is no such tenant or version.
        StoreCorrupt: a file was changed.
        BrokenModel: the files are no model that this worker reads.
    """
    read = read_version(store, tenant, version or active_entry(store, tenant).version)
    entries = store.activations(tenant)
    ancestors = lineage(store, read.config, _MOST_ANCESTORS)
    _tell(output, read, entries, ancestors)
    output.give(_document(read, entries, ancestors))
    return ExitCode.COMPLETED


def _tell(output: Output, read: ReadVersion, entries: list[Activation], ancestors: list[str]) -> None:
    config, model = read.config, read.model
    is_active = bool(entries) and entries[0].version == config.version
    output.say(f"{config.tenant} {config.version}{' (active)' if is_active else ''}, {size_text(config.n_bytes)}")
    output.say(
        f"{count(model.seen, 'document')} seen, {model.fitted:,} in the last fit; made from: "
        f"{', '.join(ancestors) or 'no other version'}"
    )
    output.say(f"embeddings of {model.dimension} numbers; keywords ranked with: {model.encoder}")
    output.say(f"parameters: {details_line(model.parameters)}")
    total = max(1, sum(topic.n for topic in model.topics))
    rows = [
        (topic.number, f"{topic.n:,}", f"{topic.n / total:.1%}", topic.born[:10], topic.last_seen[:10], _named(topic))
        for topic in model.topics
    ]
    output.table(("topic", "documents", "share", "born", "last seen", "keywords"), rows, numbers=3)
    for old, into in sorted(model.redirects.items()):
        output.say(f"topic {old} became part of {into}")
    if model.rebuild_advised:
        output.say("many documents came since the last fit: a rebuild finds finer topics (type topic-model.rebuild)")
    log = [
        (entry.seq, entry.version, time_text(entry.at), job_id_in(entry.job_id) or "by hand")
        for entry in entries[:_MOST_ENTRIES]
    ]
    output.say("")
    output.table(("activation", "version", "since (UTC)", "job"), log, numbers=1)


def _named(topic: KeptTopic) -> str:
    keywords = ", ".join(topic.keywords[:_N_KEYWORDS_SHOWN])
    label = f"{topic.label}: " if topic.label else ""
    return f"{label}{keywords}{' (retired)' if topic.retired else ''}"


def _document(read: ReadVersion, entries: list[Activation], ancestors: list[str]) -> dict[str, Any]:
    config, model = read.config, read.model
    return {
        "tenant": config.tenant,
        "version": config.version,
        "active": bool(entries) and entries[0].version == config.version,
        "bytes": config.n_bytes,
        "documents": model.seen,
        "fitted": model.fitted,
        "madeFrom": ancestors,
        "embeddingModel": model.embedding_model,
        "dimension": model.dimension,
        "encoder": model.encoder,
        "parameters": dict(model.parameters),
        "rebuildAdvised": model.rebuild_advised,
        "redirects": {str(old): into for old, into in sorted(model.redirects.items())},
        "topics": [
            {
                "topicIndex": topic.number,
                "documents": topic.n,
                "rawLabel": topic.raw_label,
                "label": topic.label,
                "keywords": list(topic.keywords),
                "born": topic.born,
                "lastSeen": topic.last_seen,
                "retired": topic.retired,
            }
            for topic in model.topics
        ],
        "activations": [
            {
                "seq": entry.seq,
                "version": entry.version,
                "activatedAt": entry.at,
                "jobId": job_id_in(entry.job_id) or None,
            }
            for entry in entries
        ],
    }
