"""What waits for moderators, a contribution in its context, and acts on one or many."""
