"""A sentence-transformers model of BERT's shape, run by torch alone.

The packages sentence-transformers and transformers take two seconds of CPU to be imported. The forward pass of BERT
(Devlin et al. 2019) takes a page, and the operations and their order are those of transformers' `BertModel`, so that
the vectors are the same.
"""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn import functional

from worker.topics.fit import FloatArray
from worker.topics.graph.threads import one_thread

# Numbers of float32 that torch computes at a time on a CPU with AVX-512: two of its vectors.
_VECTOR = 32
# The dense layer always multiplies so many rows, if a vector must not depend on their number.
_DENSE_ROWS = 32
# From the tokens' vectors, (b, t, d), and which of them are texts' own, (b, 1, 1, t), to new vectors.
_Layer = Callable[[Tensor, Tensor | None], Tensor]
# From vectors, (..., d), to others, (..., w).
Linear = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class BertShape:
    """What a model's settings say.

    Attributes:
        n_layers: of the encoder.
        n_heads: of each layer's attention.
        epsilon: of each layer norm.
        pooling: a text's vector is the mean of its tokens' vectors, or the first token's.
        dense: whether a dense layer with tanh comes next.
        normalizes: whether vectors are scaled to length one at the end.
    """

    n_layers: int
    n_heads: int
    epsilon: float
    pooling: Literal["mean", "cls"]
    dense: bool
    normalizes: bool


class Bert:
    """Texts to vectors on the CPU; has those methods of `SentenceTransformer` that the encoder calls."""

    def __init__(
        self,
        shape: BertShape,
        weights: Mapping[str, Tensor],
        tokenizer: Tokenizer,
        linear: Callable[[Tensor, Tensor], Linear] | None = None,
    ) -> None:
        """Take the model.

        Args:
            shape: its settings.
            weights: float32, by the names of `BertModel`; those of the dense layer are `dense.weight` and `dense.bias`.
            tokenizer: cuts off texts that are too long, and does not pad.
            linear: makes a linear layer of its weight and bias, whose rows do not depend on one another; None for
                torch's own, whose do in their last bits.

        Raises:
            KeyError: a weight is missing.
        """
        self._shape = shape
        self._weights = weights
        self._tokenizer = tokenizer
        self._linear = linear or _float_linear
        self._are_rows_apart = linear is not None
        self._layers = [self._layer(f"encoder.layer.{number}") for number in range(shape.n_layers)]
        self._dimension = len(weights["dense.weight" if shape.dense else "embeddings.LayerNorm.weight"])

    def with_layers(self, linear: Callable[[Tensor, Tensor], Linear]) -> "Bert":
        """Give the same model with linear layers of another kind."""
        return Bert(self._shape, self._weights, self._tokenizer, linear)

    @property
    def rows_apart(self) -> bool:
        """Whether a text has the same vector, to the last bit, in a batch of any size."""
        # Torch computes the last values of an array, if these fill no vector of the CPU, with another error function.
        layers = [f"encoder.layer.{number}" for number in range(self._shape.n_layers)]
        widths = [len(self._weights[f"{layer}.intermediate.dense.weight"]) for layer in layers]
        return self._are_rows_apart and all(width % _VECTOR == 0 for width in widths)

    def get_embedding_dimension(self) -> int:
        """How many numbers a vector has."""
        return self._dimension

    def tokenizer(self, texts: Sequence[str], *, truncation: bool = True) -> dict[str, list[list[int]]]:
        """Give the numbers of each text's tokens; as many as the model takes, whatever `truncation` says."""
        return {"input_ids": [encoding.ids for encoding in self._tokenizer.encode_batch(list(texts))]}

    def encode(
        self,
        texts: Sequence[str],
        *,
        batch_size: int = 32,
        show_progress_bar: bool = False,
        normalize_embeddings: bool = False,
    ) -> FloatArray:
        """Encode texts in batches, the longest first.

        Args:
            texts: (n,), in any order.
            batch_size: how many are encoded at once.
            show_progress_bar: none is ever shown.
            normalize_embeddings: whether vectors are scaled to length one, also if the model does not.

        Returns:
            (n, d) float32.
        """
        # The order of sentence-transformers, and its sort: the place in a batch can change the last bit of a vector.
        order = np.argsort([-len(text) for text in texts])
        vectors = np.empty((len(texts), self._dimension), dtype=np.float32)
        with torch.inference_mode():
            for start in range(0, len(texts), batch_size):
                rows = order[start : start + batch_size]
                encoded = self._vectors(self.tokenizer([texts[row] for row in rows])["input_ids"])
                if normalize_embeddings:
                    encoded = functional.normalize(encoded, p=2, dim=-1)
                vectors[rows] = encoded.numpy()
        return vectors

    def encode_batches(self, batches: Sequence[Sequence[str]]) -> list[FloatArray]:
        """Encode each batch as `encode` would alone, on as many threads as torch has: (b, d) float32 for each."""
        n_threads = min(torch.get_num_threads(), len(batches))
        # A batch a thread: two threads in a single layer wait for each other more than they multiply.
        with one_thread():
            if n_threads < 2:
                return [self._encoded(batch) for batch in batches]
            with ThreadPoolExecutor(n_threads, "keywords") as threads:
                return list(threads.map(self._encoded, batches))

    def _encoded(self, batch: Sequence[str]) -> FloatArray:
        return self.encode(batch, batch_size=len(batch))

    def _vectors(self, token_ids: list[list[int]]) -> Tensor:
        longest = max(len(ids) for ids in token_ids)
        padded = torch.tensor([ids + [0] * (longest - len(ids)) for ids in token_ids])
        mask = torch.tensor([[1] * len(ids) + [0] * (longest - len(ids)) for ids in token_ids])
        tokens = self._tokens(padded, None if bool(mask.all()) else mask[:, None, None, :].bool())
        vectors = _mean(tokens, mask) if self._shape.pooling == "mean" else tokens[:, 0]
        if self._shape.dense:
            vectors = self._dense(vectors)
        return functional.normalize(vectors, p=2, dim=-1) if self._shape.normalizes else vectors

    def _dense(self, vectors: Tensor) -> Tensor:
        weight, bias = self._weights["dense.weight"], self._weights["dense.bias"]
        if not self.rows_apart:
            return torch.tanh(functional.linear(vectors, weight, bias))
        blocks = [vectors[start : start + _DENSE_ROWS] for start in range(0, len(vectors), _DENSE_ROWS)]
        filled = [functional.pad(block, (0, 0, 0, _DENSE_ROWS - len(block))) for block in blocks]
        return torch.cat([torch.tanh(functional.linear(block, weight, bias)) for block in filled])[: len(vectors)]

    def _tokens(self, padded: Tensor, attended: Tensor | None) -> Tensor:
        words, kinds, places = (
            self._weights[f"embeddings.{name}_embeddings.weight"] for name in ("word", "token_type", "position")
        )
        hidden = functional.embedding(padded, words) + kinds[0] + places[: padded.shape[1]]
        hidden = self._norm(hidden, "embeddings.LayerNorm")
        for layer in self._layers:
            hidden = layer(hidden, attended)
        return hidden

    def _layer(self, name: str) -> _Layer:
        query, key, value, attention_out, widened, narrowed = (
            self._linear(self._weights[f"{name}.{part}.weight"], self._weights[f"{name}.{part}.bias"])
            for part in (
                "attention.self.query",
                "attention.self.key",
                "attention.self.value",
                "attention.output.dense",
                "intermediate.dense",
                "output.dense",
            )
        )
        n_heads = self._shape.n_heads

        def forward(hidden: Tensor, attended: Tensor | None) -> Tensor:
            by_head = (*hidden.shape[:-1], n_heads, -1)
            asks, tells, says = (own(hidden).view(by_head).transpose(1, 2) for own in (query, key, value))
            # As `BertModel` scales: divided by the root of a head's width.
            scale = asks.shape[-1] ** -0.5
            mixed = functional.scaled_dot_product_attention(asks, tells, says, attn_mask=attended, scale=scale)
            mixed = mixed.transpose(1, 2).reshape(hidden.shape)
            hidden = self._norm(attention_out(mixed) + hidden, f"{name}.attention.output.LayerNorm")
            wide = functional.gelu(widened(hidden))
            return self._norm(narrowed(wide) + hidden, f"{name}.output.LayerNorm")

        return forward

    def _norm(self, hidden: Tensor, name: str) -> Tensor:
        weight, bias = self._weights[f"{name}.weight"], self._weights[f"{name}.bias"]
        return functional.layer_norm(hidden, weight.shape, weight, bias, self._shape.epsilon)


def _float_linear(weight: Tensor, bias: Tensor) -> Linear:
    return lambda values: functional.linear(values, weight, bias)


def _mean(tokens: Tensor, mask: Tensor) -> Tensor:
    counted = mask.unsqueeze(-1).to(tokens.dtype)
    return (tokens * counted).sum(dim=1) / counted.sum(dim=1).clamp(min=1e-9)
