"""What `--help` says around the flags."""

from typing import Final

DESCRIPTION: Final = "Turn batches of student comments into topics."
EPILOG: Final = """\
examples:
  python -m worker                              take jobs from the queue topic-model
  python -m worker --once job.json              run one batch; the result goes to stdout
  python -m worker --once job.json.gz > out.json
  python -m worker --once comments.csv          embed a table of comments and run it; see train --help
  make_job | python -m worker --once -          the batch comes from stdin
  python -m worker --once job.json --report out.html
  python -m worker --once job.json --set min_topic_size=10 --set nr_topics=30
  python -m worker --once job.json --sweep min_topic_size=5,10,15,20
  python -m worker --once job.json --stability 5
  python -m worker --once job.json --explain 3f2b...c1
  python -m worker --once --job 7d1e...--topic-model --report out.html
  python -m worker --once job.json --save-bertopic model
  python -m worker --once --job 7d1e...--topic-model --save-job bug.json.gz --redact
  python -m worker --compare before.json after.json
  python -m worker train comments.csv           topics of a table, without a queue; also predict, evaluate,
                                                monitor, tune
  python -m worker cancel 7d1e...--topic-model  remove a job that waits, stop one that runs
  python -m worker models list                  kept models; python -m worker models --help
  python -m worker --warm-up                    load the model, run a made-up batch, exit
  python -m worker --schema                     print the JSON Schema of request and result
  python -m worker --schema asyncapi            the same within an AsyncAPI 3 document
  python -m worker --version

--once reads a batch envelope, a RunPod request {"input": envelope}, or a BullMQ job dump
{"name", "data", "opts"}, gzipped or not, and tells them apart by their shape; or a table (.csv, .jsonl,
.parquet), whose comments it embeds. Only the result
document is written to stdout: indented on a terminal, else on one line; with --sweep one
document per value, in the order given. Progress, topics, metrics, tables and explanations go to stderr.

exit codes:
  0    completed (consuming: stopped as asked)
  1    failed by the contract; the failed document is on stdout
  2    unreadable input, bad usage or a bad setting
  3    infrastructure error: model, device, compute process or Redis
  130  interrupted by Ctrl-C

Settings come from the environment: REDIS_URL, DEVICE, KEYWORD_ENCODER and others, each
explained in .env.example.
"""
