# xarray has types, but for the keywords that its functions hand on to an engine.
from collections.abc import Mapping

from xarray.core.dataarray import DataArray as DataArray
from xarray.core.dataset import Dataset as Dataset
from xarray.core.datatree import DataTree as DataTree

def open_dataset(
    filename_or_obj: object,
    *,
    engine: str | None = None,
    chunks: int | Mapping[str, int] | None = None,
    **keywords: object,
) -> Dataset: ...
def open_datatree(
    filename_or_obj: object,
    *,
    engine: str | None = None,
    chunks: int | Mapping[str, int] | None = None,
    **keywords: object,
) -> DataTree: ...
