"""The command line: one module per group of verbs. Heavy imports happen inside the verbs that need them."""
