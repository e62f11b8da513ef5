"""Parquet, by pyarrow, which is an extra: it weighs more than the rest of the worker without torch."""

import io

from worker.tables.table import Table, UnreadableTable


def read_parquet(raw: bytes, name: str) -> Table:
    """Read the bytes of a Parquet file.

    Raises:
        UnreadableTable: pyarrow is not installed, or cannot read the file.
    """
    try:
        from pyarrow import ArrowException, parquet
    except ImportError:
        raise UnreadableTable(
            f"{name}: Parquet needs pyarrow, which is not installed: pip install 'topic-model-worker[files]', or save "
            "the table as CSV"
        ) from None
    try:
        read = parquet.read_table(io.BytesIO(raw)).to_pydict()
    except (ArrowException, OSError, ValueError) as error:
        raise UnreadableTable(f"{name} is no Parquet file that pyarrow reads ({type(error).__name__})") from None
    columns = {key: [_cell(value) for value in cells] for key, cells in read.items()}
    n_rows = max(map(len, columns.values()), default=0)
    return Table(name, columns, [f"row {number}" for number in range(1, n_rows + 1)])


def _cell(value: object) -> object:
    return (value.strip() or None) if isinstance(value, str) else value
