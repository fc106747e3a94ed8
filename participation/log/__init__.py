"""The public log of a contest: batches, signed checkpoints, the close, receipts, and cutting the link to people."""
