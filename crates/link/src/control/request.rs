//! A request's text to what it asks for, and the result to its text.

use serde_json::{Map, Value as Json};
use wavekeep_recorder::writer::{Access, Control, Value};

use super::Surface;

/// Where the DataWriter is in the tree of a SMuRF server.
pub const DEFAULT_PREFIX: &str = "AMCc.SmurfProcessor.FileWriter";

/// Arguments of Rogue's methods that say how hardware is read and written. A DataWriter has none:
/// they change nothing.
const OF_HARDWARE: [&str; 5] = ["read", "check", "write", "verify", "index"];

/// What a request asks for, by a name of the surface.
#[derive(Debug, Clone, PartialEq)]
pub enum Operation {
    /// The value of a variable.
    Get(&'static str),
    /// Another value for it.
    Set(&'static str, Value),
    /// A command.
    Command(&'static str),
    /// Nothing: there is no such path.
    NoSuchPath,
}

impl Operation {
    /// What a request asks for.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn parse(text: &[u8], prefix: &str) -> Result<Self, String> {
        let Json::Object(request) = serde_json::from_slice(text)
            .map_err(|error| format!("the request is no JSON: {error}"))?
        else {
            return Err("the request is not a JSON object".to_owned());
        };
        let word = |key: &str| {
            let found = request.get(key).ok_or_else(|| format!("the request has no {key:?}"))?;
            found.as_str().ok_or_else(|| format!("{key:?} is no text"))
        };
        let path = word("path")?;
        let below = path.strip_prefix(prefix).and_then(|rest| rest.strip_prefix('.'));
        let control = below.and_then(|name| Control::ALL.iter().find(|known| known.name == name));
        let Some(control) = control else { return Ok(Self::NoSuchPath) };
        let nothing = (Vec::new(), Map::new());
        let args = match request.get("args") {
            None | Some(Json::Null) => &nothing.0,
            Some(Json::Array(args)) => args,
            Some(_) => return Err("\"args\" is no list".to_owned()),
        };
        let kwargs = match request.get("kwargs") {
            None | Some(Json::Null) => &nothing.1,
            Some(Json::Object(kwargs)) => kwargs,
            Some(_) => return Err("\"kwargs\" is no object".to_owned()),
        };
        Self::of(control, word("attr")?, args, kwargs)
    }

    fn of(
        control: &'static Control,
        attr: &str,
        args: &[Json],
        kwargs: &Map<String, Json>,
    ) -> Result<Self, String> {
        let name = control.name;
        let is_command = control.access == Access::Command;
        let known = |takes: &[&str]| {
            let known = |key: &&String| {
                OF_HARDWARE.contains(&key.as_str()) || takes.contains(&key.as_str())
            };
            match kwargs.keys().find(|key| !known(key)) {
                Some(key) => Err(format!("{name}.{attr} has no argument {key:?}")),
                None => Ok(()),
            }
        };
        match (attr, is_command) {
            ("getDisp" | "valueDisp" | "value" | "get", false) => {
                known(&[])?;
                Ok(Self::Get(name))
            }
            ("setDisp" | "set", false) => {
                known(&["value", "sValue"])?;
                let by_name = || kwargs.get("value").or_else(|| kwargs.get("sValue"));
                let value = args.first().or_else(by_name);
                let value = value.ok_or_else(|| format!("{name}.{attr} wants a value"))?;
                Ok(Self::Set(name, value_of(name, value)?))
            }
            // Commands of Rogue take an argument; these make nothing of it.
            ("__call__", true) => {
                known(&["arg"])?;
                Ok(Self::Command(name))
            }
            (_, true) => {
                Err(format!("{name} is a command: its attribute is __call__, found {attr:?}"))
            }
            (_, false) => Err(format!(
                "{name} is a variable: its attributes are getDisp, setDisp, valueDisp, value, get \
                 and set, found {attr:?}"
            )),
        }
    }

    /// Does what is asked for; the result as Python prints it.
    ///
    /// # Errors
    /// What the surface gives.
    pub(super) fn run(self, surface: &mut dyn Surface) -> Result<String, String> {
        let none = |()| "None".to_owned();
        match self {
            Self::Get(name) => Ok(printed(&surface.get(name)?)),
            Self::Set(name, value) => surface.set(name, value).map(none),
            Self::Command(name) => surface.command(name).map(none),
            Self::NoSuchPath => Ok(none(())),
        }
    }
}

/// A value of JSON as one of the surface. Numbers are often sent as floats.
fn value_of(name: &str, json: &Json) -> Result<Value, String> {
    let value = match json {
        Json::Bool(flag) => Some(Value::Flag(*flag)),
        Json::Number(number) => number.as_u64().map(Value::Number).or_else(|| {
            let float = number.as_f64()?;
            let is_whole = float.fract() == 0.0 && (0.0..=(1u64 << 53) as f64).contains(&float);
            Some(if is_whole { Value::Number(float as u64) } else { Value::Real(float) })
        }),
        Json::String(text) => Some(Value::Text(text.clone())),
        _ => None,
    };
    let kind = match json {
        Json::Null => "null",
        Json::Array(_) => "a list",
        _ => "an object",
    };
    value.ok_or_else(|| {
        format!("{name} cannot be {kind}: a text, a number, true or false was expected")
    })
}

/// As `str` of Python prints it.
fn printed(value: &Value) -> String {
    match value {
        Value::Flag(true) => "True".to_owned(),
        Value::Flag(false) => "False".to_owned(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use wavekeep_recorder::writer::DataWriter;

    use super::*;

    fn asked(
        writer: &mut DataWriter,
        name: &str,
        attr: &str,
        args: &str,
    ) -> Result<String, String> {
        let text = format!(
            r#"{{"path": "{DEFAULT_PREFIX}.{name}", "attr": "{attr}", "args": {args}, "kwargs": {{}}}}"#
        );
        Operation::parse(text.as_bytes(), DEFAULT_PREFIX)?.run(writer)
    }

    #[test]
    fn results_are_printed_as_python_prints_them() {
        let mut writer = DataWriter::new();
        let mut ask =
            |name: &str, attr: &str, args: &str| asked(&mut writer, name, attr, args).unwrap();
        assert_eq!(ask("IsOpen", "getDisp", "[]"), "False");
        assert_eq!(ask("DropErrors", "set", "[true]"), "None");
        assert_eq!(ask("DropErrors", "value", "[]"), "True");
        assert_eq!(ask("DropErrors", "setDisp", r#"["False"]"#), "None");
        assert_eq!(ask("DropErrors", "valueDisp", "[]"), "False");
        assert_eq!(ask("MaxFileSize", "setDisp", r#"["1000000000"]"#), "None");
        assert_eq!(ask("MaxFileSize", "get", "[]"), "1000000000");
        assert_eq!(ask("MaxFileSize", "set", "[2e9]"), "None");
        assert_eq!(ask("MaxFileSize", "get", "[]"), "2000000000");
        assert_eq!(ask("DataFile", "setDisp", r#"["/data/\u00b5.dat"]"#), "None");
        assert_eq!(ask("DataFile", "getDisp", "[true]"), "/data/\u{b5}.dat");
        assert_eq!(ask("Bandwidth", "get", "[]"), "0.0");
        assert_eq!(ask("Close", "__call__", "[]"), "None");
    }

    #[test]
    fn every_name_of_the_surface_can_be_asked_for() {
        let mut writer = DataWriter::new();
        for control in Control::ALL {
            let (attr, other) = match control.access {
                Access::Command => ("__call__", "getDisp"),
                _ => ("getDisp", "__call__"),
            };
            let text =
                format!(r#"{{"path": "{DEFAULT_PREFIX}.{}", "attr": "{attr}"}}"#, control.name);
            Operation::parse(text.as_bytes(), DEFAULT_PREFIX).unwrap();
            assert!(asked(&mut writer, control.name, other, "[]").is_err(), "{}", control.name);
        }
    }

    #[test]
    fn arguments_come_by_place_or_by_name() {
        let parsed = |kwargs: &str| {
            let text = format!(r#"{{"path": "w.MaxFileSize", "attr": "set", "kwargs": {kwargs}}}"#);
            Operation::parse(text.as_bytes(), "w")
        };
        let set = Operation::Set("MaxFileSize", Value::Number(7));
        assert_eq!(parsed(r#"{"value": 7, "write": true, "index": -1}"#), Ok(set));
        assert!(
            parsed(r#"{"value": 7, "force": 1}"#).unwrap_err().contains("no argument \"force\"")
        );
        assert!(parsed("{}").unwrap_err().contains("wants a value"));
    }

    #[test]
    fn a_path_that_there_is_not_gives_none() {
        let mut writer = DataWriter::new();
        for path in [
            "",
            "AMCc",
            "AMCc.SmurfProcessor.FileWriter",
            "AMCc.SmurfProcessor.FileWriter.",
            "AMCc.SmurfProcessor.FileWriterDataFile",
            "Other.DataFile",
            "AMCc.SmurfProcessor.FileWriter.DataFile.x",
        ] {
            let text = serde_json::json!({ "path": path, "attr": "getDisp" }).to_string();
            let operation = Operation::parse(text.as_bytes(), DEFAULT_PREFIX).unwrap();
            assert_eq!(operation.run(&mut writer), Ok("None".to_owned()), "{path}");
        }
    }

    #[test]
    fn what_is_no_request_is_refused_with_words() {
        let deep = "[".repeat(100_000);
        let cases: [(&[u8], &str); 10] = [
            (b"", "no JSON"),
            (b"\xff\xfe", "no JSON"),
            (deep.as_bytes(), "no JSON: recursion limit"),
            (b"[]", "not a JSON object"),
            (b"{}", "no \"path\""),
            (br#"{"path": 1}"#, "\"path\" is no text"),
            (br#"{"path": "w.IsOpen"}"#, "no \"attr\""),
            (br#"{"path": "w.IsOpen", "attr": "get", "args": 5}"#, "\"args\" is no list"),
            (br#"{"path": "w.IsOpen", "attr": "get", "kwargs": []}"#, "\"kwargs\" is no object"),
            (br#"{"path": "w.DataFile", "attr": "set", "args": [[1]]}"#, "cannot be a list"),
        ];
        for (text, expected) in cases {
            let error = Operation::parse(text, "w").unwrap_err();
            assert!(error.contains(expected), "{error}");
        }
    }

    #[test]
    fn values_of_other_types_are_refused() {
        let mut writer = DataWriter::new();
        for (name, args) in [
            ("DataFile", "[5]"),
            ("MaxFileSize", "[-1]"),
            ("MaxFileSize", "[1.5]"),
            ("MaxFileSize", "[true]"),
            ("MaxFileSize", r#"["many"]"#),
            ("DropErrors", "[1]"),
            ("IsOpen", "[true]"),
            ("Bandwidth", "[1]"),
        ] {
            assert!(asked(&mut writer, name, "set", args).is_err(), "{name} {args}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_answered(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Operation::parse(&bytes, "w");
        }

        #[test]
        fn any_text_is_a_data_file(text in any::<String>()) {
            let request = serde_json::json!({ "path": "w.DataFile", "attr": "set", "args": [text] });
            let operation = Operation::parse(request.to_string().as_bytes(), "w");
            prop_assert_eq!(operation, Ok(Operation::Set("DataFile", Value::Text(text))));
        }
    }
}
