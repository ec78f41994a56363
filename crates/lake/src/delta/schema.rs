//! The schema of the table as the log states it, from the schema of its Parquet files.

use std::fs::File;
use std::path::Path;

use parquet::basic::{LogicalType, TimeUnit, Type as PhysicalType};
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::schema::types::Type;
use serde_json::{Value, json};

use crate::LakeError;

/// A moment without a zone, which readers have to know as a feature.
const WITHOUT_ZONE: &str = "timestamp_ntz";

/// The schema of a Parquet file, as JSON text, with the column of the partitions behind all others.
pub(crate) fn schema_of(path: &Path) -> Result<String, LakeError> {
    let failed = |message: String| LakeError::Parquet {
        file: path.display().to_string(),
        action: "read",
        message,
    };
    let file = File::open(path).map_err(|error| failed(error.to_string()))?;
    let reader = SerializedFileReader::new(file).map_err(|error| failed(error.to_string()))?;
    let schema = reader.metadata().file_metadata().schema();
    let field = |name: &str, kind: &str, nullable: bool| -> Value {
        json!({ "name": name, "type": kind, "nullable": nullable, "metadata": {} })
    };
    let mut fields: Vec<Value> = Vec::new();
    for column in schema.get_fields() {
        let kind = word(column).ok_or_else(|| {
            failed(format!("its column {} has a type that Delta Lake does not have", column.name()))
        })?;
        fields.push(field(column.name(), kind, column.is_optional()));
    }
    fields.push(field("month", "string", false));
    Ok(json!({ "type": "struct", "fields": fields }).to_string())
}

/// The type of a column in the words of Delta Lake.
fn word(column: &Type) -> Option<&'static str> {
    let Type::PrimitiveType { physical_type, .. } = column else { return None };
    Some(match (physical_type, column.get_basic_info().logical_type_ref()) {
        (PhysicalType::BOOLEAN, None) => "boolean",
        (PhysicalType::INT32, None) => "integer",
        (PhysicalType::INT32, Some(LogicalType::Date)) => "date",
        (PhysicalType::INT64, None) => "long",
        (PhysicalType::INT64, Some(LogicalType::Timestamp(kind))) => {
            match (&kind.unit, kind.is_adjusted_to_u_t_c) {
                (TimeUnit::MICROS, true) => "timestamp",
                (TimeUnit::MICROS, false) => WITHOUT_ZONE,
                _ => return None,
            }
        }
        (PhysicalType::FLOAT, None) => "float",
        (PhysicalType::DOUBLE, None) => "double",
        (PhysicalType::BYTE_ARRAY, Some(LogicalType::String)) => "string",
        _ => return None,
    })
}

/// Whether readers need more than the first version of the protocol.
pub(super) fn needs_features(schema: &str) -> bool {
    let schema: Value = serde_json::from_str(schema).unwrap_or_default();
    let fields = schema["fields"].as_array();
    fields.is_some_and(|fields| fields.iter().any(|field| field["type"] == WITHOUT_ZONE))
}
