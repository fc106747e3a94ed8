"""Acts of office, written in the transaction of the act and never changed."""
