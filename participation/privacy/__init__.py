"""What a person left here, in one place: Meine Beteiligung, disclosure, erasure."""
