"""What every room stands on: configuration, clock, database, forms, markup, mail. Knows no room."""
