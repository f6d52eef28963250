"""The terminal emulator behind one small port, and what belongs to terminals: keys, pastes, replies, status."""
