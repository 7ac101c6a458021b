"""The roof: where ports meet adapters, and the only place that knows every room."""
