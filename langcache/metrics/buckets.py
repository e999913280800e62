"""Upper edges of latency histograms, in seconds: a hit and a call are four orders of magnitude apart."""

__all__ = ["CALL_S", "HIT_S"]

HIT_S = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0)
CALL_S = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0)
