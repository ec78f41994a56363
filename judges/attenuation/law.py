"""Compares attenuation laws with scipy: regression, Student's t, prediction bounds.

Standard input: a list of laws as JSON, each with its `points` of scaled distance and peak, the `law`, and `lines`:
scaled distance, peak of the mean line, of K95 and of the prediction.
"""

import json
import sys

import numpy
from scipy import stats

cases = json.load(sys.stdin)
for case in cases:
    law = case["law"]
    x, y = numpy.log10(numpy.array(case["points"])).T
    n = len(x)
    fit = stats.linregress(x, y)
    close = numpy.testing.assert_allclose
    close(law["beta"], -fit.slope, rtol=1e-9, atol=1e-12)
    close(law["k"], 10**fit.intercept, rtol=1e-9)
    close(law["beta_standard_error"], fit.stderr, rtol=1e-7, atol=1e-9)
    close(law["r_squared"], fit.rvalue**2, rtol=1e-9, atol=1e-12)
    s = numpy.sqrt(numpy.sum((y - fit.intercept - fit.slope * x) ** 2) / (n - 2))
    close(law["standard_error"], s, rtol=1e-9, atol=1e-12)
    close(law["k95"], 10 ** (fit.intercept + 1.645 * s), rtol=1e-9)
    t = stats.t.ppf(0.95, n - 2)
    close(law["t95"], t, rtol=1e-10)
    spread = numpy.sum((x - x.mean()) ** 2)
    for distance, mean, k95, prediction in case["lines"]:
        at = numpy.log10(distance)
        on = fit.intercept + fit.slope * at
        close(mean, 10**on, rtol=1e-9)
        close(k95, 10 ** (on + 1.645 * s), rtol=1e-9)
        close(prediction, 10 ** (on + t * s * numpy.sqrt(1 + 1 / n + (at - x.mean()) ** 2 / spread)), rtol=1e-8)
print("compared", len(cases), "laws")
