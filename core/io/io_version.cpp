// Placeholder removed once the first wrapper lands.
