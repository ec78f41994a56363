//! Rows, missing values, and the least and largest numbers of a file, as the log states them: readers
//! leave out files by them.

use std::fs::File;
use std::path::Path;

use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::file::statistics::Statistics;
use serde_json::{Map, Number, Value, json};

use crate::LakeError;

/// What is known of one column.
#[derive(Debug, Default)]
struct Column {
    nulls: Option<u64>,
    range: Option<(Number, Number)>,
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
        let Some(found) = of_groups.map(|found| found.map(Column::of)).collect::<Option<Vec<_>>>()
        else {
            continue;
        };
        let name = column.name();
        if let Some(sum) = found.iter().map(|it| it.nulls).sum::<Option<u64>>() {
            nulls.insert(name.to_owned(), sum.into());
        }
        // Moments are stated as text, which nothing needs: months are partitions.
        if column.get_basic_info().logical_type_ref().is_some() {
            continue;
        }
        // A group in which all are missing has no range, and none that is larger than others' either.
        let ranges: Vec<_> = found.iter().filter_map(|it| it.range.as_ref()).collect();
        if ranges.is_empty() {
            continue;
        }
        let less = |one: &&Number, other: &&Number| compare(one, other);
        if let (Some(min), Some(max)) = (
            ranges.iter().map(|range| &range.0).min_by(less),
            ranges.iter().map(|range| &range.1).max_by(less),
        ) {
            least.insert(name.to_owned(), Value::Number(min.clone()));
            largest.insert(name.to_owned(), Value::Number(max.clone()));
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
            Statistics::Int64(values) => {
                let both = values.min_opt().zip(values.max_opt());
                both.map(|(min, max)| (Number::from(*min), Number::from(*max)))
            }
            Statistics::Double(values) => {
                let both = values.min_opt().zip(values.max_opt());
                both.and_then(|(min, max)| Number::from_f64(*min).zip(Number::from_f64(*max)))
            }
            _ => None,
        };
        Self { nulls: statistics.null_count_opt(), range }
    }
}

fn compare(one: &Number, other: &Number) -> std::cmp::Ordering {
    match (one.as_i64(), other.as_i64()) {
        (Some(one), Some(other)) => one.cmp(&other),
        _ => one.as_f64().unwrap_or(0.0).total_cmp(&other.as_f64().unwrap_or(0.0)),
    }
}

/// The rows that statistics state.
pub(super) fn rows_in(stats: &str) -> Option<u64> {
    serde_json::from_str::<Value>(stats).ok()?["numRecords"].as_u64()
}
