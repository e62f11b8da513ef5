"""Read a model's folder into `Bert`, if everything in it is known; sentence-transformers loads every other model."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Literal

import torch
from safetensors import safe_open
from tokenizers import Tokenizer
from torch import Tensor

from worker.topics.words.bert import Bert, BertShape

# What `BertConfig` takes if a setting is missing, and the only value that `Bert` knows.
_BERT: Final = {
    "model_type": "bert",
    "hidden_act": "gelu",
    "position_embedding_type": "absolute",
    "is_decoder": False,
    "add_cross_attention": False,
    "chunk_size_feed_forward": 0,
    "quantization_config": None,
    "auto_map": None,
}
_TRANSFORMER: Final = {
    "do_lower_case": False,
    "transformer_task": "feature-extraction",
    "modality_config": {"text": {"method": "forward", "method_output_name": "last_hidden_state"}},
    "module_output_name": "token_embeddings",
}
_IN_PLACE: Final = {"module_input_name": "sentence_embedding", "module_output_name": "sentence_embedding"}
_DENSE: Final = {
    "bias": True,
    "activation_function": "torch.nn.modules.activation.Tanh",
    "use_residual": False,
    **_IN_PLACE,
}
_TOKENIZER: Final = {"truncation_side": "right", "padding_side": "right"}
_CHAINS: Final = (
    ("Transformer", "Pooling"),
    ("Transformer", "Pooling", "Normalize"),
    ("Transformer", "Pooling", "Dense"),
    ("Transformer", "Pooling", "Dense", "Normalize"),
)


class _Unknown(Exception):
    """The folder holds something that `Bert` does not know."""


def read_bert(folder: Path) -> Bert | None:
    """Read a model that sentence-transformers has saved; None if anything in the folder is missing or unknown."""
    try:
        return _read(folder)
    except (_Unknown, OSError, KeyError, ValueError, TypeError):
        return None


def _read(folder: Path) -> Bert:
    modules = json.loads((folder / "modules.json").read_text(encoding="utf-8"))
    chain = tuple(module["type"].rpartition(".")[2] for module in modules)
    _expect(chain in _CHAINS and all(module["type"].startswith("sentence_transformers.") for module in modules))
    _expect(_settings(folder / "config_sentence_transformers.json").get("default_prompt_name") is None)
    paths = {name: folder / module["path"] for name, module in zip(chain, modules, strict=True)}
    transformer, pooling = paths["Transformer"], _settings(paths["Pooling"] / "config.json")
    _expect(not (transformer / "adapter_config.json").exists())
    bert = _settings(transformer / "config.json")
    _expect_only(bert, _BERT)
    weights = _weights(transformer / "model.safetensors")
    if "Dense" in paths:
        dense = _settings(paths["Dense"] / "config.json")
        _expect_only(dense, _DENSE)
        _expect(set(dense) <= {"in_features", "out_features", *_DENSE})
        linear = _weights(paths["Dense"] / "model.safetensors")
        weights |= {f"dense.{part}": linear[f"linear.{part}"] for part in ("weight", "bias")}
    if "Normalize" in paths and (paths["Normalize"] / "config.json").exists():
        _expect_only(_settings(paths["Normalize"] / "config.json"), _IN_PLACE)
    shape = BertShape(
        n_layers=bert["num_hidden_layers"],
        n_heads=bert["num_attention_heads"],
        epsilon=bert["layer_norm_eps"],
        pooling=_pooling(pooling),
        dense="Dense" in paths,
        normalizes="Normalize" in paths,
    )
    return Bert(shape, weights, _tokenizer(transformer, bert["max_position_embeddings"]))


def _pooling(settings: Mapping[str, Any]) -> Literal["mean", "cls"]:
    """Give the way of pooling, by its name today or by the switches of earlier versions."""
    switches = [name for name, is_on in settings.items() if name.startswith("pooling_mode_") and is_on]
    mode = settings.get("pooling_mode", "+".join(switches))
    known: dict[str, Literal["mean", "cls"]] = {
        "mean": "mean",
        "cls": "cls",
        "pooling_mode_mean_tokens": "mean",
        "pooling_mode_cls_token": "cls",
    }
    return known[mode]


def _weights(path: Path) -> dict[str, Tensor]:
    """Map a file's weights into memory, by `BertModel`'s names."""
    with safe_open(path, framework="pt") as file:
        weights = {name.removeprefix("bert."): file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    _expect(all(weight.dtype in {torch.float32, torch.int64} for weight in weights.values()))
    return weights


def _tokenizer(folder: Path, n_places: int) -> Tokenizer:
    """Read the tokenizer, if the file says the same as the settings, by which transformers builds it anew."""
    text = (folder / "tokenizer.json").read_text(encoding="utf-8")
    built, settings = json.loads(text), _settings(folder / "tokenizer_config.json")
    _expect(settings["tokenizer_class"] in {"BertTokenizer", "BertTokenizerFast"})
    _expect_only(settings, _TOKENIZER)
    normalizer = {
        "type": "BertNormalizer",
        "clean_text": True,
        "handle_chinese_chars": settings.get("tokenize_chinese_chars", True),
        "strip_accents": settings.get("strip_accents"),
        "lowercase": settings.get("do_lower_case", True),
    }
    _expect(built["normalizer"] == normalizer and built["pre_tokenizer"] == {"type": "BertPreTokenizer"})
    template = [next(iter(part.values()))["id"] for part in built["post_processor"]["single"]]
    _expect(template == ["[CLS]", "A", "[SEP]"] and built["model"]["type"] == "WordPiece")
    names = {token["content"] for token in built["added_tokens"] if token["special"] and not token["normalized"]}
    _expect(names == {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"} and len(built["added_tokens"]) == len(names))
    _expect(len(settings.get("added_tokens_decoder", names)) == len(names))
    transformer = _settings(folder / "sentence_bert_config.json")
    _expect_only(transformer, _TRANSFORMER)
    longest = transformer.get("max_seq_length") or min(settings["model_max_length"], n_places)
    _expect(longest <= n_places and set(transformer) <= {"max_seq_length", *_TRANSFORMER})
    tokenizer = Tokenizer.from_str(text)
    tokenizer.no_padding()
    tokenizer.enable_truncation(longest)
    return tokenizer


def _settings(path: Path) -> dict[str, Any]:
    settings: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return settings


def _expect_only(settings: Mapping[str, Any], known: Mapping[str, Any]) -> None:
    _expect(all(settings.get(name, value) == value for name, value in known.items()))


def _expect(is_known: bool) -> None:
    if not is_known:
        raise _Unknown
