"""pysmurf, loaded once for all the processes that read with it apart."""

from standard_readers import pysmurf

pysmurf()
