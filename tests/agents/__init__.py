"""steer with the agents' real command-line programs; only the model behind them is scripted."""
