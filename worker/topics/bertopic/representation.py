"""BERTopic's sub-model for the words of topics: hands the batch to the keyword ranking."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

from worker.topics.bertopic.parts import BaseRepresentation, BERTopic
from worker.topics.fit import FloatArray
from worker.topics.words.encoders import KeywordEncoder
from worker.topics.words.keywords import Keyword, Ranking, rank_keywords
from worker.topics.words.vocabulary import Vocabulary

if TYPE_CHECKING:
    import pandas as pd

RankedWords = list[tuple[str, float]]


class KeywordRanking(BaseRepresentation):  # type: ignore[misc]
    """Ranks each topic's n-grams; takes KeyBERTInspired's place.

    KeyBERTInspired embeds documents anew; this uses the embeddings that were given, each looked up by
    its document's own id. After the fit, `keywords_` by topic, the `ranking_` that they come from and `n_candidates_`.
    """

    def __init__(
        self, encoder: KeywordEncoder, vocabulary: Vocabulary, texts: Sequence[str], embeddings: FloatArray
    ) -> None:
        """Take the batch: its vocabulary, texts, and (n, d) float32 L2-normalized embeddings."""
        self.encoder = encoder
        self.vocabulary = vocabulary
        self.texts = texts
        self.embeddings = embeddings
        self.keywords_: dict[int, list[Keyword]] = {}
        self.ranking_: Ranking | None = None
        self.n_candidates_ = 0

    def extract_topics(
        self,
        topic_model: BERTopic,
        documents: "pd.DataFrame",
        c_tf_idf: sparse.csr_matrix,
        topics: Mapping[str, RankedWords],
    ) -> dict[int, RankedWords]:
        """Rank the keywords of every topic; BERTopic calls it.

        Args:
            topic_model: not needed.
            documents: with the columns ID (row of the batch) and Topic.
            c_tf_idf: a row for each topic, by rising number, the outliers' first if there are any.
            topics: BERTopic's own words, kept for the outliers alone.
        """
        labels = np.full(len(self.texts), -1, dtype=np.int64)
        labels[documents["ID"].to_numpy()] = documents["Topic"].to_numpy()
        numbers = sorted(int(topic) for topic in topics)
        weights = c_tf_idf[[row for row, topic in enumerate(numbers) if topic >= 0]]
        ranking = rank_keywords(self.vocabulary, self.texts, self.embeddings, self.encoder, labels, weights)
        self.ranking_, self.n_candidates_ = ranking, len(ranking.names)
        self.keywords_ = {topic: ranking.keywords(topic) for topic in range(len(ranking.columns))}
        ranked: dict[int, RankedWords] = {
            topic: [(word.term, word.score) for word in words] or [("", 0.0)] for topic, words in self.keywords_.items()
        }
        return {int(topic): words for topic, words in topics.items() if int(topic) < 0} | ranked
