"""The parts of BERTopic that the engine uses, imported without what they do not need.

`import bertopic` also imports umap-learn with numba, and transformers for representations by language
models: two thirds of its time in a cold process, for nothing that runs here. Both are
optional to BERTopic, so for the moment of the import they count as not installed. A process that
wants BERTopic's own text generation beside this engine imports transformers first.
"""

from worker.topics.bertopic.imports import not_installed

with not_installed("umap", "transformers"):
    from bertopic import BERTopic
    from bertopic._bertopic import TopicMapper
    from bertopic.cluster import BaseCluster
    from bertopic.dimensionality import BaseDimensionalityReduction
    from bertopic.representation import BaseRepresentation
    from bertopic.vectorizers import ClassTfidfTransformer

__all__ = [
    "BERTopic",
    "BaseCluster",
    "BaseDimensionalityReduction",
    "BaseRepresentation",
    "ClassTfidfTransformer",
    "TopicMapper",
]
