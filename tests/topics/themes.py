"""A small made-up corpus with known themes: each has its own words and its own direction."""

import numpy as np

from worker.topics.fit import FloatArray
from worker.topics.words.encoders import unit

N_DIMENSIONS = 768
THEMES = {
    "grading": "grade fair rubric score points marks curve lenient harsh transcript",
    "punctuality": "late early punctual tardy absent schedule minutes waiting clock dismissal",
    "laboratory": "lab experiment beaker microscope report equipment safety goggles titration sample",
    "explaining": "explain clear confusing example diagram analogy understand concept step illustrate",
    "online": "zoom internet signal recording upload portal webcam muted laggy module",
    "humour": "funny jokes laugh lively humor entertaining stories smile witty cheerful",
}


def themed_corpus(
    n_per_theme: int, n_themes: int = len(THEMES), *, noise: float = 0.05, seed: int = 0
) -> tuple[list[str], FloatArray, list[int]]:
    """Make comments of six words of one theme each.

    Returns:
        texts (n,), embeddings (n, 768) float32 L2-normalized, theme of each (n,).
    """
    rng = np.random.default_rng(seed)
    centers = rng.normal(size=(n_themes, N_DIMENSIONS))
    centers /= np.linalg.norm(centers, axis=1, keepdims=True)
    texts, vectors, themes = [], [], []
    for theme, words in enumerate(list(THEMES.values())[:n_themes]):
        for _ in range(n_per_theme):
            texts.append(" ".join(rng.choice(words.split(), size=6, replace=False)))
            vectors.append(centers[theme] + noise * rng.normal(size=N_DIMENSIONS))
            themes.append(theme)
    return texts, unit(np.array(vectors)), themes
