"""The replay screen. `screen`, `pane` and `area` import Textual; everything else is plain Python."""
