"""Which memory each array gets: liveness, dead code, sharing, donation, views."""
