"""The fleet's state as a pure fold over events: `receive(event) -> effects`, `view() -> FleetView`."""
