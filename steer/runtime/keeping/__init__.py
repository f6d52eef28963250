"""The keeper's parts. They import the standard library, ptyprocess, `record.cast` and `runtime.wire` only."""
