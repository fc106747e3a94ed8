"""Archives of released contests: made in the background, checked, and there for everybody to download."""
