"""`models export`: a version for other programs."""

from pathlib import Path

from worker.cli.models.output import Output
from worker.cli.models.reading import active_entry, read_version
from worker.exit_codes import ExitCode
from worker.models.model import KeptModel
from worker.replay.files import UnwritableFile, make_folder
from worker.store.store import ModelStore
from worker.topics.bertopic.vector_model import ExportedTopic


def export_bertopic(store: ModelStore, output: Output, tenant: str, version: str | None, folder: str) -> ExitCode:
    """Write a folder that `BERTopic.load` reads.

    Raises:
        VersionMissing: there is no such tenant or version.
        StoreCorrupt: a file was changed.
        BrokenModel: the files are no model that this worker reads.
        UnwritableFile: the folder cannot be written.
    """
    make_folder(folder)
    version = version or active_entry(store, tenant).version
    model = read_version(store, tenant, version).model
    # Imported only here: it imports torch.
    from worker.topics.bertopic.export import save_vectors

    try:
        save_vectors(_topics(model), model.baseline_outliers, model.dimension, Path(folder))
    except OSError as error:
        raise UnwritableFile(f"cannot write {folder}: {error.strerror or error}") from None
    without = [topic.number for topic in model.topics if not topic.can_be_assigned]
    if without:
        output.say(f"topics without a vector, to which BERTopic gives nothing: {', '.join(map(str, without))}")
    output.say(f"BERTopic model of {tenant} {version} saved: {folder}")
    output.give({"tenant": tenant, "version": version, "folder": folder, "topicsWithoutVector": without})
    return ExitCode.COMPLETED


def _topics(model: KeptModel) -> list[ExportedTopic]:
    return [
        ExportedTopic(
            number=topic.number,
            size=topic.n,
            name=topic.label or topic.raw_label,
            words=tuple((word, topic.terms.get(word, 0) / topic.n_described) for word in topic.keywords),
            vector=topic.mean if topic.can_be_assigned else None,
        )
        for topic in model.topics
    ]
