"""Home, static pages and error pages."""
