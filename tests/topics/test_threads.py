"""Work that is done block by block, on one thread or on several."""

import pytest
import torch

from worker.topics.graph.threads import over_blocks


@pytest.mark.parametrize("n_threads", [1, 2, 5])
def test_blocks_are_in_order_and_each_has_one_thread(n_threads: int) -> None:
    """However many threads there are; afterwards torch has as many as before."""
    before = torch.get_num_threads()
    torch.set_num_threads(n_threads)
    try:
        seen = over_blocks(lambda rows: (rows.start, rows.stop, torch.get_num_threads()), 10, 4)
        assert seen == [(0, 4, 1), (4, 8, 1), (8, 10, 1)]
        assert torch.get_num_threads() == n_threads
    finally:
        torch.set_num_threads(before)


def test_an_error_in_a_block_is_raised() -> None:
    """It fails the job, as it would without threads."""

    def fail(rows: slice) -> None:
        if rows.start:
            raise ValueError("the second block")

    with pytest.raises(ValueError, match="the second block"):
        over_blocks(fail, 10, 4)
