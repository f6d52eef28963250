"""What steer knows of agents: how to start one, how to give it a task, which keys it takes."""
