"""What a cache does, as other people's monitoring sees it: Prometheus and OpenTelemetry, each an extra of its own."""
