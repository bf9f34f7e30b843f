drop table refusal_batches;
