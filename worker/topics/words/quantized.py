"""Linear layers in 8-bit integers, for the vectors of keywords on CPUs that multiply such integers.

Every row has its own scale, so that a text's vector does not depend on the texts beside it. Sums of integers are the
same in whatever order they are added.
"""

from typing import Final

import torch
from torch import Tensor

from worker.topics.graph.threads import one_thread
from worker.topics.words.bert import Bert, Linear

_LARGEST: Final = 127.0
_PART_ROWS: Final = 64
# So that a row of zeros has a scale.
_SMALLEST: Final = 1e-12


def has_int8() -> bool:
    """Tell whether this CPU multiplies 8-bit integers (VNNI); others are slower with them, or cut sums off."""
    capabilities = torch.cpu.get_capabilities()
    return bool(capabilities.get("avx512_vnni", False) or capabilities.get("avx_vnni", False))


def quantized(model: Bert) -> Bert:
    """Give the same model with its layers in 8-bit integers; word vectors and the dense layer stay as they are."""
    with one_thread():
        return model.with_layers(int8_linear)


def int8_linear(weight: Tensor, bias: Tensor) -> Linear:
    """Turn a linear layer, (w, d) and (w,) float32, into one that multiplies 8-bit integers.

    Rows are scaled to their largest value, those of the input when they come (dynamic quantization: Jacob et al. 2018,
    arXiv 1712.05877, symmetric).
    """
    columns, column_scales = torch.empty(weight.shape[::-1], dtype=torch.int8), torch.empty(len(weight))
    # A part at a time: the copies of whole layers would stay with the process, 200 MB of LaBSE's.
    for start in range(0, len(weight), _PART_ROWS):
        part = slice(start, start + _PART_ROWS)
        whole, scales = _rounded(weight[part])
        columns[:, part], column_scales[part] = whole.t(), scales.squeeze(-1)

    def forward(values: Tensor) -> Tensor:
        rows, row_scales = _rounded(values.reshape(-1, values.shape[-1]))
        products = torch._int_mm(rows, columns).to(torch.float32).mul_(row_scales).mul_(column_scales).add_(bias)
        return products.view(*values.shape[:-1], -1)

    return forward


def _rounded(rows: Tensor) -> tuple[Tensor, Tensor]:
    """Round rows to integers of at most 127: (n, d) int8, and what one is worth in each, (n, 1)."""
    scales = rows.abs().amax(dim=-1, keepdim=True).clamp_(min=_SMALLEST).div_(_LARGEST)
    return (rows / scales).round_().to(torch.int8), scales
