"""The lists of the queue, and the page of a contribution."""
