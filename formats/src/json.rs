//! A JSON document as a tree that borrows from its text, bounded in depth and number of values.
//!
//! Unlike `serde_json::Value` it refuses an object that names a member twice: two readers would
//! see two different notices.

use std::borrow::Cow;
use std::cell::Cell;
use std::fmt;

use entremise_core::rejection::{Code, Rejection};
use serde::de::{DeserializeSeed, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Number, Value};

use crate::limits;

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Json<'a> {
    Null,
    Bool(bool),
    Number(Number),
    Text(Cow<'a, str>),
    List(Vec<Json<'a>>),
    Object(Vec<(Cow<'a, str>, Json<'a>)>),
}

impl<'a> Json<'a> {
    /// A member of an object; None when there is none or this is no object.
    pub fn get(&self, name: &str) -> Option<&Json<'a>> {
        match self {
            Json::Object(members) => {
                members.iter().find(|(key, _)| key == name).map(|(_, value)| value)
            }
            _ => None,
        }
    }

    pub fn text(&self) -> Option<&str> {
        match self {
            Json::Text(text) => Some(text),
            _ => None,
        }
    }

    /// A whole number, also where it is written `5.0`, as JSON Schema counts them.
    pub fn integer(&self) -> Option<i128> {
        let Json::Number(number) = self else {
            return None;
        };
        if let Some(number) = number.as_i128() {
            return Some(number);
        }
        let number = number.as_f64()?;
        (number.fract() == 0.0 && number.abs() < 1e18).then_some(number as i128)
    }

    /// The same value as others know it.
    pub fn to_value(&self) -> Value {
        match self {
            Json::Null => Value::Null,
            Json::Bool(bool) => Value::Bool(*bool),
            Json::Number(number) => Value::Number(number.clone()),
            Json::Text(text) => Value::String(text.to_string()),
            Json::List(values) => values.iter().map(Json::to_value).collect(),
            Json::Object(members) => {
                let members =
                    members.iter().map(|(name, value)| (name.to_string(), value.to_value()));
                Value::Object(members.collect())
            }
        }
    }
}

/// The document, which must be the whole text.
pub(crate) fn parse(text: &str) -> Result<Json<'_>, Rejection> {
    let (json, used) = parse_first(text)?;
    if text[used..].trim_ascii().is_empty() {
        return Ok(json);
    }
    Err(Rejection::new(
        Code::Malformed,
        format!("byte {used}"),
        "something follows the JSON document",
    ))
}

/// The first document of the text, and where it ends.
pub(crate) fn parse_first(text: &str) -> Result<(Json<'_>, usize), Rejection> {
    let bounds = Bounds { values: Cell::new(0), broken: Cell::new(None) };
    let mut reader = serde_json::Deserializer::from_str(text);
    match (Node { bounds: &bounds, depth: 0 }).deserialize(&mut reader) {
        Ok(json) => {
            let rest = reader.into_iter::<serde::de::IgnoredAny>();
            Ok((json, rest.byte_offset()))
        }
        Err(error) => {
            let at = format!("line {}, column {}", error.line(), error.column());
            let (code, how) = bounds
                .broken
                .get()
                .unwrap_or((Code::Malformed, "the JSON is not well-formed here"));
            Err(Rejection::new(code, at, how))
        }
    }
}

/// What one document may use up, and which bound it broke.
struct Bounds {
    values: Cell<usize>,
    broken: Cell<Option<(Code, &'static str)>>,
}

impl Bounds {
    fn break_off<E: Error>(&self, code: Code, how: &'static str) -> E {
        self.broken.set(Some((code, how)));
        E::custom(how)
    }
}

#[derive(Clone, Copy)]
struct Node<'b> {
    bounds: &'b Bounds,
    depth: usize,
}

impl<'b> Node<'b> {
    fn inner<E: Error>(self) -> Result<Self, E> {
        if self.depth == limits::JSON_DEPTH {
            return Err(self.bounds.break_off(Code::TooLarge, "the JSON is nested too deeply"));
        }
        Ok(Self { depth: self.depth + 1, ..self })
    }
}

impl<'de, 'b> DeserializeSeed<'de> for Node<'b> {
    type Value = Json<'de>;

    fn deserialize<D: serde::Deserializer<'de>>(self, reader: D) -> Result<Json<'de>, D::Error> {
        let values = self.bounds.values.get() + 1;
        if values > limits::JSON_VALUES {
            return Err(self.bounds.break_off(Code::TooLarge, "the JSON holds too many values"));
        }
        self.bounds.values.set(values);
        reader.deserialize_any(self)
    }
}

impl<'de, 'b> Visitor<'de> for Node<'b> {
    type Value = Json<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Json<'de>, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json<'de>, E> {
        Ok(Json::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Json<'de>, E> {
        Ok(Json::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Json<'de>, E> {
        Ok(Json::Number(value.into()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Json<'de>, E> {
        let number = Number::from_f64(value);
        number.map(Json::Number).ok_or_else(|| E::custom("the number is too large"))
    }

    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Json<'de>, E> {
        Ok(Json::Text(Cow::Borrowed(value)))
    }

    fn visit_str<E>(self, value: &str) -> Result<Json<'de>, E> {
        Ok(Json::Text(Cow::Owned(value.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Json<'de>, A::Error> {
        let inner = self.inner()?;
        let mut values = Vec::new();
        while let Some(value) = list.next_element_seed(inner)? {
            values.push(value);
        }
        Ok(Json::List(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Json<'de>, A::Error> {
        let inner = self.inner()?;
        let mut members: Vec<(Cow<'de, str>, Json<'de>)> = Vec::new();
        while let Some(Name(name)) = map.next_key()? {
            members.push((name, map.next_value_seed(inner)?));
        }
        if names_twice(&members) {
            return Err(self.bounds.break_off(Code::Malformed, "an object names a member twice"));
        }
        Ok(Json::Object(members))
    }
}

fn names_twice(members: &[(Cow<'_, str>, Json<'_>)]) -> bool {
    let mut names: Vec<&str> = members.iter().map(|(name, _)| name.as_ref()).collect();
    names.sort_unstable();
    names.windows(2).any(|pair| pair[0] == pair[1])
}

/// A member's name, borrowed where it holds no escape.
struct Name<'a>(Cow<'a, str>);

impl<'de> serde::Deserialize<'de> for Name<'de> {
    fn deserialize<D: serde::Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        struct Text;
        impl<'de> Visitor<'de> for Text {
            type Value = Name<'de>;
            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a member's name")
            }
            fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Name<'de>, E> {
                Ok(Name(Cow::Borrowed(value)))
            }
            fn visit_str<E>(self, value: &str) -> Result<Name<'de>, E> {
                Ok(Name(Cow::Owned(value.to_owned())))
            }
        }
        reader.deserialize_str(Text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_comes_out_as_it_went_in() {
        let text = r#"{"a":[1,-2,3.5,null,true],"é\n":{"b":"x"}}"#;
        let expected: Value = serde_json::from_str(text).unwrap();
        assert_eq!(parse(text).unwrap().to_value(), expected);
    }

    #[test]
    fn bounds_are_kept_and_named() {
        let deep = "[".repeat(100_000);
        assert_eq!(parse(&deep).unwrap_err().code, Code::TooLarge);
        let wide = format!("[{}0]", "0,".repeat(limits::JSON_VALUES));
        assert_eq!(parse(&wide).unwrap_err().code, Code::TooLarge);
        assert_eq!(parse(r#"{"ip":"a","ip":"b"}"#).unwrap_err().code, Code::Malformed);
        assert_eq!(parse("{} {}").unwrap_err().code, Code::Malformed);
        assert_eq!(parse("{\"a\":").unwrap_err().code, Code::Malformed);
        assert_eq!(parse("").unwrap_err().code, Code::Malformed);
    }

    #[test]
    fn the_first_of_several_documents_ends_where_it_ends() {
        let (json, used) = parse_first("{\"a\":1}\n{\"b\":2}").unwrap();
        assert_eq!((json.get("a").and_then(Json::integer), used), (Some(1), 7));
    }
}
