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
    Object(Members<'a>),
}

impl<'a> Json<'a> {
    /// A member of an object; None when there is none or this is no object.
    #[inline]
    pub fn get(&self, name: &str) -> Option<&Json<'a>> {
        match self {
            Json::Object(members) => members.get(name),
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

/// The members of an object, in the order of the text.
///
/// A report is asked for some eighty names and has some twenty, so most answers are no: the marks
/// give nearly all of these without a look at the members.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Members<'a> {
    list: Vec<(Cow<'a, str>, Json<'a>)>,
    /// The [`mark`]s of all names. No wider: it would make every value larger.
    marks: u64,
}

impl<'a> Members<'a> {
    /// The members of one object; None when two of them have the same name.
    fn new(list: Vec<(Cow<'a, str>, Json<'a>)>) -> Option<Self> {
        // Looking through the earlier names is fastest, but not in a hostile object of thousands.
        let few = list.len() <= 64;
        if !few && names_twice(&list) {
            return None;
        }
        let mut marks = 0;
        for (index, (name, _)) in list.iter().enumerate() {
            let mark = mark(name);
            let seen = marks & mark != 0;
            if few && seen && list[..index].iter().any(|(earlier, _)| earlier == name) {
                return None;
            }
            marks |= mark;
        }
        Some(Self { list, marks })
    }

    #[inline]
    pub fn get(&self, name: &str) -> Option<&Json<'a>> {
        self.get_marked(name, mark(name))
    }

    /// The same where the name's mark is known already.
    #[inline]
    pub fn get_marked(&self, name: &str, mark: u64) -> Option<&Json<'a>> {
        if self.marks & mark == 0 {
            return None;
        }
        self.list.iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    pub fn iter(&self) -> std::slice::Iter<'_, (Cow<'a, str>, Json<'a>)> {
        self.list.iter()
    }
}

/// One bit of 64 for a name. Different names seldom share one, and it does not matter if they do.
pub(crate) const fn mark(name: &str) -> u64 {
    let bytes = name.as_bytes();
    let length = bytes.len();
    if length == 0 {
        return 1;
    }
    let (first, middle, last) = (bytes[0], bytes[length / 2], bytes[length - 1]);
    let mixed = length + 51 * first as usize + 53 * middle as usize + 13 * last as usize;
    1 << (mixed % 64)
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
    let mut json = Json::Null;
    match (Node { bounds: &bounds, depth: 0, place: &mut json }).deserialize(&mut reader) {
        Ok(()) => {
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

/// Reads one value to the place where it stays: handing values up from call to call took a tenth
/// of the time.
struct Node<'p, 'de> {
    bounds: &'p Bounds,
    depth: usize,
    /// Null until the value is read.
    place: &'p mut Json<'de>,
}

impl<'de> Node<'_, 'de> {
    fn put<E>(self, value: Json<'de>) -> Result<(), E> {
        *self.place = value;
        Ok(())
    }

    /// The depth of what is in this value.
    fn inner_depth<E: Error>(&self) -> Result<usize, E> {
        if self.depth == limits::JSON_DEPTH {
            return Err(self.bounds.break_off(Code::TooLarge, "the JSON is nested too deeply"));
        }
        Ok(self.depth + 1)
    }
}

impl<'de> DeserializeSeed<'de> for Node<'_, 'de> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, reader: D) -> Result<(), D::Error> {
        let values = self.bounds.values.get() + 1;
        if values > limits::JSON_VALUES {
            return Err(self.bounds.break_off(Code::TooLarge, "the JSON holds too many values"));
        }
        self.bounds.values.set(values);
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node<'_, 'de> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        self.put(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<(), E> {
        self.put(Json::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<(), E> {
        self.put(Json::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<(), E> {
        self.put(Json::Number(value.into()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<(), E> {
        match Number::from_f64(value) {
            Some(number) => self.put(Json::Number(number)),
            None => Err(E::custom("the number is too large")),
        }
    }

    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<(), E> {
        self.put(Json::Text(Cow::Borrowed(value)))
    }

    fn visit_str<E>(self, value: &str) -> Result<(), E> {
        self.put(Json::Text(Cow::Owned(value.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let depth = self.inner_depth()?;
        let mut values = Vec::new();
        loop {
            let mut value = Json::Null;
            let place = &mut value;
            if list.next_element_seed(Node { bounds: self.bounds, depth, place })?.is_none() {
                break;
            }
            values.push(value);
        }
        self.put(Json::List(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let depth = self.inner_depth()?;
        // A report has some twenty members; an object within it has a few.
        let room = if self.depth == 0 { 24 } else { 4 };
        let mut members: Vec<(Cow<'de, str>, Json<'de>)> = Vec::with_capacity(room);
        while let Some(Name(name)) = map.next_key()? {
            members.push((name, Json::Null));
            let (_, place) = members.last_mut().expect("one was just added");
            map.next_value_seed(Node { bounds: self.bounds, depth, place })?;
        }
        match Members::new(members) {
            Some(members) => self.put(Json::Object(members)),
            None => Err(self.bounds.break_off(Code::Malformed, "an object names a member twice")),
        }
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
    fn a_name_given_twice_is_found_among_few_and_among_many() {
        for count in [1, 2, 20, 63, 64, 65, 5000] {
            let names: Vec<String> = (0..count).map(|number| format!("\"m{number}\":0")).collect();
            let (first, all) = (&names[0], names.join(","));
            assert!(parse(&format!("{{{all}}}")).is_ok(), "{count}");
            let twice = parse(&format!("{{{all},{first}}}")).unwrap_err();
            assert_eq!(twice.code, Code::Malformed, "{count}");
        }
    }

    #[test]
    fn names_that_share_a_mark_stay_apart() {
        // First, middle and last byte and the length are the same, and so is the mark.
        assert_eq!(mark("abcde"), mark("axcye"));
        let json = parse(r#"{"abcde":1,"":2,"axcye":3}"#).unwrap();
        let number = |name: &str| json.get(name).and_then(Json::integer);
        assert_eq!((number("abcde"), number(""), number("axcye")), (Some(1), Some(2), Some(3)));
        assert_eq!(number("azcze"), None);
    }

    #[test]
    fn the_first_of_several_documents_ends_where_it_ends() {
        let (json, used) = parse_first("{\"a\":1}\n{\"b\":2}").unwrap();
        assert_eq!((json.get("a").and_then(Json::integer), used), (Some(1), 7));
    }
}
