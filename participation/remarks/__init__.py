"""What officials keep for one another: ready-made reasons of an office, notes and open tasks on contributions."""
