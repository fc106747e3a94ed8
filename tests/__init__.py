"""What proves that it works: one folder for each room, the house rules, and the words they share."""
