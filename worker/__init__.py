"""A BullMQ worker that turns batches of student comments into topics."""
