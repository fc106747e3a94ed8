"""When something is public and open, and the door that every gated write passes."""
