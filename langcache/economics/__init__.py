"""What calls cost and hits save.

`forecast` is imported here and now, unlike the rest: it is named as its module is, and a late import would let
whoever comes first decide which of the two the name means.
"""

from langcache.economics.forecast import Forecast, Scenario, forecast, load

__all__ = ["Forecast", "Scenario", "forecast", "load"]
