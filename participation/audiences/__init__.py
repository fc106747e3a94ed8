"""Who may take part or act, and under which name."""
