//! The header's text, as `json.dumps(header, sort_keys=True)` gives it.

use super::ArrayInfo;
use crate::json::print::{separate, string};

/// Arrays may come in any order; the text has them by name. `metadata` is a JSON text.
pub(crate) fn print(arrays: &[ArrayInfo], metadata: &str) -> String {
    let mut by_name: Vec<&ArrayInfo> = arrays.iter().collect();
    by_name.sort_by(|a, b| a.name.cmp(&b.name));

    let mut out = String::from("{\"arrays\": {");
    for (index, info) in by_name.into_iter().enumerate() {
        separate(&mut out, index);
        string(&mut out, &info.name);
        out.push_str(": {\"dtype\": ");
        string(&mut out, &info.dtype.to_string());
        out.push_str(&format!(
            ", \"offset\": {}, \"order\": \"{}\", \"shape\": [",
            info.offset, info.order
        ));
        for (axis, length) in info.shape.iter().enumerate() {
            separate(&mut out, axis);
            out.push_str(&length.to_string());
        }
        out.push_str("]}");
    }
    out.push_str("}, \"metadata\": ");
    out.push_str(metadata);
    out.push_str(", \"version\": 1}");
    out
}
