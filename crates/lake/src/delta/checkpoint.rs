//! Checkpoints: all of the table at a version, as one Parquet file, so that readers need not read the
//! commits before it.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow_array::builder::{
    ArrayBuilder, BooleanBuilder, Int32Builder, Int64Builder, ListBuilder, MapBuilder,
    StringBuilder, StructBuilder, make_builder,
};
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{DataType, Field, Fields, Schema};
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use serde_json::{Value, json};

use super::action::{Add, Remove};
use super::{LOG, Log, checkpoint_key};
use crate::LakeError;
use crate::month::Month;
use crate::part::Part;
use crate::store::{Store, When};

/// Where readers look for the last checkpoint.
const LAST: &str = "events/_delta_log/_last_checkpoint";

/// The version of a checkpoint by its key.
pub(super) fn version_of(key: &str) -> Option<u64> {
    let name = key.strip_prefix(LOG)?.strip_prefix('/')?.strip_suffix(".checkpoint.parquet")?;
    name.parse().ok()
}

/// Writes the checkpoint of a version, and then that it is there.
pub(super) fn write(
    store: &dyn Store,
    log: &Log,
    version: u64,
    parts: &BTreeMap<Month, Part>,
) -> Result<(), LakeError> {
    let key = checkpoint_key(version);
    let mut actions =
        vec![json!({ "protocol": log.protocol() }), json!({ "metaData": log.meta_data() })];
    actions.extend(parts.iter().map(|(month, part)| json!({ "add": Add::of(*month, part) })));
    actions.extend(log.removed.iter().map(|removed| json!({ "remove": Remove::of(removed) })));
    let failed = |message: String| LakeError::Parquet {
        file: store.shown(&key),
        action: "written",
        message,
    };
    let content = parquet(&actions).map_err(|error| failed(error.to_string()))?;
    let bytes = content.len();
    store.put(&key, content, When::Always)?;
    let last = json!({ "version": version, "size": actions.len(), "sizeInBytes": bytes });
    store.put(LAST, last.to_string().into_bytes(), When::Always)?;
    Ok(())
}

/// The actions as a Parquet file, one row each.
fn parquet(actions: &[Value]) -> parquet::errors::Result<Vec<u8>> {
    let schema = Arc::new(Schema::new(columns()));
    let arrays: Option<Vec<ArrayRef>> = schema
        .fields()
        .iter()
        .map(|field| {
            let mut builder = make_builder(field.data_type(), actions.len());
            for action in actions {
                append(&mut builder, field.data_type(), &action[field.name()])?;
            }
            Some(builder.finish())
        })
        .collect();
    let arrays = arrays.ok_or_else(|| {
        ParquetError::General("a column of a type that no checkpoint has".to_owned())
    })?;
    let batch = RecordBatch::try_new(Arc::clone(&schema), arrays)?;
    let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
    let mut writer = ArrowWriter::try_new(Vec::new(), schema, Some(properties))?;
    writer.write(&batch)?;
    writer.into_inner()
}

/// Appends a value of JSON to a column; what is not there is null.
fn append(to: &mut Box<dyn ArrayBuilder>, kind: &DataType, value: &Value) -> Option<()> {
    type Any = Box<dyn ArrayBuilder>;
    let to = to.as_any_mut();
    match kind {
        DataType::Utf8 => to.downcast_mut::<StringBuilder>()?.append_option(value.as_str()),
        DataType::Int64 => to.downcast_mut::<Int64Builder>()?.append_option(value.as_i64()),
        DataType::Int32 => {
            let value = value.as_i64().and_then(|value| i32::try_from(value).ok());
            to.downcast_mut::<Int32Builder>()?.append_option(value);
        }
        DataType::Boolean => to.downcast_mut::<BooleanBuilder>()?.append_option(value.as_bool()),
        DataType::List(element) => {
            let list = to.downcast_mut::<ListBuilder<Any>>()?;
            for value in value.as_array().into_iter().flatten() {
                append(list.values(), element.data_type(), value)?;
            }
            list.append(value.is_array());
        }
        DataType::Map(_, _) => {
            let map = to.downcast_mut::<MapBuilder<Any, Any>>()?;
            for (key, value) in value.as_object().into_iter().flatten() {
                append(map.keys(), &DataType::Utf8, &key.as_str().into())?;
                append(map.values(), &DataType::Utf8, value)?;
            }
            map.append(value.is_object()).ok()?;
        }
        DataType::Struct(fields) => {
            let group = to.downcast_mut::<StructBuilder>()?;
            for (field, builder) in fields.iter().zip(group.field_builders_mut()) {
                append(builder, field.data_type(), &value[field.name()])?;
            }
            group.append(value.is_object());
        }
        _ => return None,
    }
    Some(())
}

fn columns() -> Vec<Field> {
    let texts = DataType::List(Arc::new(Field::new("element", DataType::Utf8, true)));
    let field = |name: &str, kind: &DataType| Field::new(name, kind.clone(), true);
    let (text, long, flag) = (DataType::Utf8, DataType::Int64, DataType::Boolean);
    let group = |name: &str, fields: Vec<Field>| {
        Field::new(name, DataType::Struct(Fields::from(fields)), true)
    };
    vec![
        group(
            "protocol",
            vec![
                field("minReaderVersion", &DataType::Int32),
                field("minWriterVersion", &DataType::Int32),
                field("readerFeatures", &texts),
                field("writerFeatures", &texts),
            ],
        ),
        group(
            "metaData",
            vec![
                field("id", &text),
                field("name", &text),
                group("format", vec![field("provider", &text), field("options", &map())]),
                field("schemaString", &text),
                field("partitionColumns", &texts),
                field("configuration", &map()),
                field("createdTime", &long),
            ],
        ),
        group(
            "add",
            vec![
                field("path", &text),
                field("partitionValues", &map()),
                field("size", &long),
                field("modificationTime", &long),
                field("dataChange", &flag),
                field("stats", &text),
                field("tags", &map()),
            ],
        ),
        group(
            "remove",
            vec![
                field("path", &text),
                field("deletionTimestamp", &long),
                field("dataChange", &flag),
                field("extendedFileMetadata", &flag),
                field("partitionValues", &map()),
                field("size", &long),
            ],
        ),
    ]
}

/// Text by text.
fn map() -> DataType {
    let entries = Fields::from(vec![
        Field::new("key", DataType::Utf8, false),
        Field::new("value", DataType::Utf8, true),
    ]);
    DataType::Map(Arc::new(Field::new("key_value", DataType::Struct(entries), false)), false)
}
