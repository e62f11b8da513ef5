"""BERT run by torch alone gives the vectors of sentence-transformers, and leaves to it what it does not know."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.small_model import make_model
from worker.topics.words.bert import Bert
from worker.topics.words.bert_folder import read_bert
from worker.topics.words.loading import load_model

TEXTS = ["kind", "", "ang galing niya magturo 😀 é 你好", "word " * 600, "THE lecture\twas  long", *["late again"] * 40]


@pytest.fixture(scope="module")
def dense_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a model with all the parts of LaBSE."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.base.modules import Dense, Normalize
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer

    folder = tmp_path_factory.mktemp("dense")
    make_model(folder / "plain", 32)
    parts = [Transformer(str(folder / "plain")), Pooling(32, pooling_mode="cls"), Dense(32, 16), Normalize()]
    SentenceTransformer(modules=parts, device="cpu").save(str(folder / "dense"))
    return folder / "dense"


def _compare(folder: str) -> None:
    from sentence_transformers import SentenceTransformer

    ours, theirs = load_model(folder, "cpu"), SentenceTransformer(folder, device="cpu")
    assert isinstance(ours, Bert)
    assert ours.tokenizer(TEXTS)["input_ids"] == theirs.tokenizer(TEXTS, truncation=True)["input_ids"]
    assert ours.get_embedding_dimension() == theirs.get_embedding_dimension()
    for texts, normalize in ((TEXTS, False), (["late again"] * 32, True)):
        own = ours.encode(texts, batch_size=32, normalize_embeddings=normalize)
        expected = theirs.encode(texts, batch_size=32, normalize_embeddings=normalize, show_progress_bar=False)
        assert own.dtype == np.float32
        np.testing.assert_allclose(own, expected, rtol=0, atol=1e-6)


@pytest.mark.slow
def test_a_real_model_gives_the_same_vectors(real_model: str) -> None:
    """Of short and long texts, alone and padded."""
    _compare(real_model)


@pytest.mark.slow
def test_a_model_of_labses_parts_gives_the_same_vectors(dense_model: Path) -> None:
    """The first token's vector, through the dense layer, scaled to length one."""
    _compare(str(dense_model))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("file", "change"),
    [
        ("config.json", {"model_type": "xlm-roberta"}),
        ("config.json", {"hidden_act": "relu"}),
        ("config.json", {"position_embedding_type": "relative_key"}),
        ("config_sentence_transformers.json", {"default_prompt_name": "query"}),
        ("sentence_bert_config.json", {"do_lower_case": True}),
        ("sentence_bert_config.json", {"something": "new"}),
        ("sentence_bert_config.json", {"max_seq_length": 10_000}),
        ("tokenizer_config.json", {"do_lower_case": False}),
        ("tokenizer_config.json", {"truncation_side": "left"}),
        ("tokenizer.json", {"pre_tokenizer": {"type": "Whitespace"}}),
        ("1_Pooling/config.json", {"pooling_mode": "max"}),
        ("2_Dense/config.json", {"activation_function": "torch.nn.modules.linear.Identity"}),
        ("2_Dense/config.json", {"use_residual": True}),
        ("3_Normalize/config.json", {"module_input_name": "token_embeddings"}),
    ],
)
def test_what_is_not_known_is_left_to_sentence_transformers(
    dense_model: Path, tmp_path: Path, file: str, change: dict[str, Any]
) -> None:
    """One setting that would change the vectors is enough; without it the same folder is read."""
    folder = tmp_path / "model"
    shutil.copytree(dense_model, folder)
    assert read_bert(folder) is not None
    settings = json.loads((folder / file).read_text(encoding="utf-8"))
    (folder / file).write_text(json.dumps(settings | change), encoding="utf-8")
    assert read_bert(folder) is None


@pytest.mark.slow
@pytest.mark.parametrize("file", ["modules.json", "model.safetensors", "tokenizer.json", "2_Dense/model.safetensors"])
def test_a_folder_with_a_file_less_is_left_too(dense_model: Path, tmp_path: Path, file: str) -> None:
    """It may hold the file in another format."""
    folder = tmp_path / "model"
    shutil.copytree(dense_model, folder)
    (folder / file).unlink()
    assert read_bert(folder) is None
