"""What the page shows: the topics of the example batch, by a worker that runs."""

import asyncio
import gzip
import json
import os

from topic_model_client import Batch, InfrastructureFailure, Item, TopicModelClient, WaitTimeout

redis_url = os.environ.get("REDIS_URL", "redis://localhost:6379")


async def topics_of(batch: Batch, pipeline_id: str) -> list[str]:
    async with TopicModelClient(redis_url, prefix="faculytics:bull") as topic_model:
        enqueued = await topic_model.enqueue(batch, pipeline_id, "run-1")
        print(enqueued.job_id, "was there already" if enqueued.reused else "is new")
        try:
            result = await topic_model.await_result(pipeline_id, timeout_s=600)
        except WaitTimeout:
            print("it goes on:", await topic_model.progress(enqueued.job_id))
            raise
        except InfrastructureFailure as failure:
            print("the last attempt has failed:", failure)
            raise
    if result["status"] == "completed":
        return [topic["rawLabel"] for topic in result["topics"]]
    # The data is at fault: no retry helps.
    raise ValueError(result["error"] if result["status"] == "failed" else result["reason"])


def example() -> Batch:
    with gzip.open("examples/batch.json.gz", "rt", encoding="utf-8") as file:
        envelope = json.load(file)
    return Batch([Item(item["submissionId"], item["text"], item["embedding"]) for item in envelope["items"]])


if __name__ == "__main__":
    print(*asyncio.run(topics_of(example(), "pipeline-7")), sep="\n")
