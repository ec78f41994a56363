//! Rows, missing values, and the least and largest integers of a file, as the log states them: readers
//! leave out files by them.
//!
//! Of other numbers nothing is stated: some readers parse decimals to the last digit but one, and take a
//! column whose least and largest values are the same from here.

use std::fs::File;
use std::path::Path;

use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::file::statistics::Statistics;
use serde_json::{Map, Value, json};

use crate::LakeError;

/// What is known of one column.
#[derive(Debug, Default)]
struct Column {
    nulls: Option<u64>,
    range: Option<(i64, i64)>,
}

/// The statistics of a Parquet file, as JSON text.
pub(crate) fn stats_of(path: &Path) -> Result<String, LakeError> {
    let failed = |message: String| LakeError::Parquet {
        file: path.display().to_string(),
        action: "read",
        message,
    };
    let file = File::open(path).map_err(|error| failed(error.to_string()))?;
    let reader = SerializedFileReader::new(file).map_err(|error| failed(error.to_string()))?;
    let metadata = reader.metadata();
    let (mut least, mut largest, mut nulls) = (Map::new(), Map::new(), Map::new());
    for (index, column) in metadata.file_metadata().schema().get_fields().iter().enumerate() {
        let of_groups = metadata.row_groups().iter().map(|group| group.column(index).statistics());
        let found = of_groups.map(|found| found.map(Column::of)).collect::<Option<Vec<_>>>();
        let Some(found) = found else { continue };
        let name = column.name();
        if let Some(sum) = found.iter().map(|it| it.nulls).sum::<Option<u64>>() {
            nulls.insert(name.to_owned(), sum.into());
        }
        // Moments are integers too, but stated as text, which nothing needs: months are partitions.
        if column.get_basic_info().logical_type_ref().is_some() {
            continue;
        }
        // A group in which all are missing has no range.
        let ranges = || found.iter().filter_map(|it| it.range);
        if let (Some(min), Some(max)) =
            (ranges().map(|range| range.0).min(), ranges().map(|range| range.1).max())
        {
            least.insert(name.to_owned(), min.into());
            largest.insert(name.to_owned(), max.into());
        }
    }
    let rows = metadata.file_metadata().num_rows();
    let stats = json!({ "numRecords": rows, "minValues": least, "maxValues": largest,
        "nullCount": nulls });
    Ok(stats.to_string())
}

impl Column {
    fn of(statistics: &Statistics) -> Self {
        let range = match statistics {
            Statistics::Int64(values) => values.min_opt().copied().zip(values.max_opt().copied()),
            _ => None,
        };
        Self { nulls: statistics.null_count_opt(), range }
    }
}

/// The rows that statistics state.
pub(super) fn rows_in(stats: &str) -> Option<u64> {
    serde_json::from_str::<Value>(stats).ok()?["numRecords"].as_u64()
}
