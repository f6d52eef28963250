"""A second opinion by a language model on whether an agent drifts: asked rarely, off unless the user wants it."""
