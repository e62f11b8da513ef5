"""A model of LaBSE's shape and random weights: for time alone, since its vectors mean nothing."""

import shutil
from pathlib import Path
from typing import Final

N_WORDS: Final = 501_153
N_DIMENSIONS: Final = 768
FOLDER: Final = Path("build") / "labse-shape"


def labse_shape() -> Path:
    """Give the model's folder; made once, 1.9 GB, in half a minute."""
    if not (FOLDER / "modules.json").exists():
        shutil.rmtree(FOLDER, ignore_errors=True)
        _make(FOLDER)
    return FOLDER


def _make(folder: Path) -> None:
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Dense, Normalize, Pooling, Transformer
    from transformers import BertConfig, BertModel, BertTokenizerFast, set_seed

    set_seed(0)
    bert = folder.with_name(folder.name + "-bert")
    bert.mkdir(parents=True, exist_ok=True)
    # Letters, so that any text has tokens, one for each letter: more of them than LaBSE's own words would be.
    letters = [chr(i) for i in range(97, 123)]
    known = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *letters, *("##" + letter for letter in letters)]
    pairs = [a + b for a in letters for b in letters]
    known += [*pairs, *("##" + pair for pair in pairs)]
    words = known + [f"[unused{i}]" for i in range(N_WORDS - len(known))]
    (bert / "vocab.txt").write_text("\n".join(words), encoding="utf-8")
    config = BertConfig(vocab_size=N_WORDS, hidden_size=N_DIMENSIONS, num_hidden_layers=12, num_attention_heads=12)
    BertModel(config).save_pretrained(bert)
    BertTokenizerFast(vocab_file=str(bert / "vocab.txt"), model_max_length=256).save_pretrained(bert)
    modules = [Transformer(str(bert)), Pooling(N_DIMENSIONS, pooling_mode="cls")]
    modules += [Dense(N_DIMENSIONS, N_DIMENSIONS), Normalize()]
    SentenceTransformer(modules=modules, device="cpu").save(str(folder))
    shutil.rmtree(bert)
